// Bundles: what pack_model writes is read again and answers the same. tests/e2e/test_bundle.py
// packs all fixtures.
#include "cli/packing.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "cli/model_file.h"
#include "cli/sample_answers.h"
#include "formats/bundle/slip.h"

namespace slipway::cli {
namespace {

namespace fs = std::filesystem;

class PackingTest : public testing::Test {
 protected:
  PackingTest() : folder_(fs::path(testing::TempDir()) / fs::path("packing_" + name())) {
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  ~PackingTest() override { fs::remove_all(folder_); }

  static std::string name() {
    return testing::UnitTest::GetInstance()->current_test_info()->name();
  }
  std::string write(const std::string& name, const std::string& bytes) {
    const fs::path path = folder_ / name;
    fs::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << bytes;
    return path;
  }

  const fs::path folder_;
};

/// y = 2 a + b, and an text column that says which way.
constexpr const char* kPmml = R"(<?xml version="1.0"?>
<PMML version="4.4" xmlns="http://www.dmg.org/PMML-4_4"><Header/>
<DataDictionary>
<DataField name="a" optype="continuous" dataType="double"/>
<DataField name="b" optype="categorical" dataType="string"><Value value="x"/><Value value="y, z"/></DataField>
<DataField name="t" optype="continuous" dataType="double"/></DataDictionary>
<RegressionModel functionName="regression"><MiningSchema><MiningField name="a"/><MiningField name="b"/>
<MiningField name="t" usageType="target"/></MiningSchema>
<RegressionTable intercept="1"><NumericPredictor name="a" coefficient="2"/>
<CategoricalPredictor name="b" value="y, z" coefficient="0.5"/></RegressionTable></RegressionModel></PMML>
)";

Result<ModelFile> read(const std::string& path) { return read_model_file(path, "", 1 << 30); }

TEST_F(PackingTest, ABundleAnswersAsItsModel) {
  const std::string model = write("score.pmml", kPmml);
  const auto packed = pack_model(model, {});
  ASSERT_TRUE(packed.ok()) << packed.status().to_string();
  EXPECT_EQ(packed->name, "score");
  EXPECT_GT(packed->sample_rows, 5U);
  const std::string path = write("score.slip", packed->bytes);
  const auto file = read(path);
  ASSERT_TRUE(file.ok()) << file.status().to_string();
  ASSERT_TRUE(file->report.status().ok()) << file->report.status().to_string();
  const auto loaded = compile_model(*file, path);
  ASSERT_TRUE(loaded.ok());
  EXPECT_TRUE(check_answers(path, *file, **loaded).ok());
  EXPECT_EQ(pack_model(model, {})->bytes, packed->bytes);
}

TEST_F(PackingTest, DataGiveRangesAndSamples) {
  const std::string model = write("score.pmml", kPmml);
  PackRequest request;
  std::istringstream rows("a,b,t\n1,x,0\n-2.5,\"y, z\",0\n,x,0\n");
  request.open_rows = [&](const Signature& signature) {
    return rows::open_csv_rows(rows, {}, signature, {});
  };
  request.details = R"({"metrics": {"r2": 0.5}, "seed": 3})";
  const auto packed = pack_model(model, request);
  ASSERT_TRUE(packed.ok()) << packed.status().to_string();
  const auto files = formats::open_tar(packed->bytes, Limits());
  ASSERT_TRUE(files.ok());
  const std::string manifest = *(*files)->read(*(*files)->find("slipway.json"));
  EXPECT_NE(manifest.find(R"("missing": 1, "min": -2.5, "max": 1.0)"), std::string::npos)
      << manifest;
  EXPECT_NE(manifest.find(R"("categories": ["x", "y, z"])"), std::string::npos) << manifest;
  EXPECT_NE(manifest.find(R"("metrics": {"r2":0.5})"), std::string::npos) << manifest;
  const std::string samples = *(*files)->read(*(*files)->find("expected.csv"));
  EXPECT_NE(samples.find("-2.5,\"y, z\",-3.5\n"), std::string::npos) << samples;
  const std::string card = *(*files)->read(*(*files)->find("MODEL_CARD.md"));
  EXPECT_NE(card.find("| r2 | 0.5 |"), std::string::npos) << card;
}

TEST_F(PackingTest, WhatIsWrongIsSaid) {
  const std::string model = write("score.pmml", kPmml);
  PackRequest request;
  request.details = R"({"model": "x"})";
  EXPECT_NE(pack_model(model, request).status().message().find("\"model\""), std::string::npos);
  request.details = "[";
  EXPECT_FALSE(pack_model(model, request).ok());
  request.details = "";
  request.name = "a/b";
  EXPECT_FALSE(pack_model(model, request).ok());
  request.name = "";
  std::istringstream rows("a,b\n");
  request.open_rows = [&](const Signature& signature) {
    return rows::open_csv_rows(rows, {}, signature, {});
  };
  EXPECT_FALSE(pack_model(model, request).ok());
  const auto packed = pack_model(model, {});
  ASSERT_TRUE(packed.ok());
  const auto again = pack_model(write("score.slip", packed->bytes), {});
  EXPECT_EQ(again.status().code(), StatusCode::kAlreadyExists) << again.status().to_string();
}

TEST_F(PackingTest, AFolderIsPackedWhole) {
  write("folder/readme.txt", "notes");
  write("folder/inner/score.pmml", kPmml);
  const auto packed = pack_model(folder_ / "folder", {});
  ASSERT_TRUE(packed.ok()) << packed.status().to_string();
  EXPECT_EQ(packed->name, "folder");
  const auto file = read(write("folder.slip", packed->bytes));
  ASSERT_TRUE(file.ok()) << file.status().to_string();
  EXPECT_NE(file->report.graph, nullptr);
}

TEST_F(PackingTest, ARequiredSignatureIsLookedFor) {
  const auto pair = make_ed25519_pair();
  const std::string pub = write("own.pub", pair->public_pem);
  const auto keys = read_public_keys({pub});
  ASSERT_TRUE(keys.ok());
  const std::string model = write("score.pmml", kPmml);
  EXPECT_NE(check_signature(read(model)->report, *keys).message().find(".slip"), std::string::npos);
  const std::string bytes = pack_model(model, {})->bytes;
  const std::string path = write("score.slip", bytes);
  EXPECT_NE(check_signature(read(path)->report, *keys).message().find("has none"),
            std::string::npos);
  const auto foreign = parse_private_key(make_ed25519_pair()->private_pem);
  write("score.slip", *bundle::sign_slip(bytes, *foreign));
  EXPECT_NE(check_signature(read(path)->report, *keys).message().find("none of the required"),
            std::string::npos);
  write("score.slip", *bundle::sign_slip(bytes, *parse_private_key(pair->private_pem)));
  EXPECT_TRUE(check_signature(read(path)->report, *keys).ok());
}

}  // namespace
}  // namespace slipway::cli
