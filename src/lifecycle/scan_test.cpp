#include "lifecycle/scan.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "lifecycle/file_stamp.h"

namespace slipway::lifecycle {
namespace {

namespace fs = std::filesystem;
using serving::ModelSource;

class ScanTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ =
        fs::temp_directory_path() / (std::string("slipway_scan_") +
                                     testing::UnitTest::GetInstance()->current_test_info()->name());
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::string file(const std::string& name, const std::string& text = "model") {
    const fs::path path = folder_ / name;
    fs::create_directories(path.parent_path());
    std::ofstream(path) << text;
    fs::last_write_time(path, fs::file_time_type::clock::now() - std::chrono::hours(1));
    return path.string();
  }
  Scan scan(std::vector<std::string> paths, const std::string& name = "") {
    Settling settling({std::chrono::milliseconds(500), true});
    settling.begin(clock_.now(), clock_.wall_now(), {});
    return Scanner({std::move(paths), name, {}, {}}, settling, nullptr).scan();
  }
  static std::string text_of(const Scan& scan) {
    std::string text;
    for (const ModelSource& model : scan.models) {
      text += model.name + (model.optional ? "?" : "") + (model.required ? "!" : "") + "[";
      for (const auto& version : model.versions) {
        text += std::to_string(version.version) + "=" + fs::path(version.path).filename().string() +
                (version.problem.ok() ? "" : "#") + " ";
      }
      text += "] ";
    }
    return text;
  }

  SystemClock clock_;
  fs::path folder_;
};

TEST_F(ScanTest, ArchivesNameThemselvesAndTheirVersions) {
  file("x.mar", "iris 1.0");
  file("y.mar", "iris 2.0");
  file("z.mar", "iris 2.0");
  file("w.mar", "wine 1.5");
  file("broken.mar", "");
  Settling settling({std::chrono::milliseconds(500), true});
  settling.begin(clock_.now(), clock_.wall_now(), {});
  ScanRequest request{{folder_.string()}, "", {}, {}};
  request.identify = [](const std::string& path) -> std::optional<ArchiveNames> {
    std::ifstream text(path);
    ArchiveNames names;
    if (!(text >> names.name >> names.version)) return std::nullopt;
    return names;
  };
  const Scan found = Scanner(request, settling, nullptr).scan();
  EXPECT_EQ(text_of(found), "broken[1=broken.mar ] wine[1005000=w.mar ] iris[1=x.mar 2=y.mar ] ");
  ASSERT_EQ(found.errors.size(), 1U);
  EXPECT_NE(found.errors[0].message().find("version 2.0 of model \"iris\""), std::string::npos);
  EXPECT_EQ(found.models[2].labels[1].first, "2.0");
}

TEST_F(ScanTest, NamesModelsAfterTheirFilesWithoutEndings) {
  file("iris.joblib");
  file("wine.v2.pkl.gz");
  file(".hidden.joblib");
  file("README.md");
  fs::create_directories(folder_ / "sub.joblib");
  EXPECT_EQ(text_of(scan({folder_.string()})),
            "README.md?[1=README.md ] iris[1=iris.joblib ] wine.v2[1=wine.v2.pkl.gz ] ");
}

TEST_F(ScanTest, FoldersOfNumbersAreVersionsOfAModel) {
  file("iris/1/model.joblib");
  file("iris/10/anything");
  file("iris/02/model.joblib");
  file("iris/notes/model.joblib");
  file("other/x.joblib");
  file("wine.joblib");
  EXPECT_EQ(text_of(scan({folder_.string()})),
            "iris[1=model.joblib 10=anything ] wine[1=wine.joblib ] ");
  EXPECT_EQ(text_of(scan({(folder_ / "iris/").string()})), "iris[1=model.joblib 10=anything ] ");
}

TEST_F(ScanTest, AVersionHoldsOneModelFile) {
  file("iris/1/a.joblib");
  file("iris/1/notes.txt");
  file("iris/2/a.joblib");
  file("iris/2/model.pkl");
  file("iris/3/a.joblib");
  file("iris/3/b.joblib");
  file("iris/4/.hidden");
  for (const char* folder : {"iris/3", "iris/4"}) {
    fs::last_write_time(folder_ / folder, fs::file_time_type::clock::now() - std::chrono::hours(1));
  }
  const Scan found = scan({folder_.string()});
  EXPECT_EQ(text_of(found), "iris[1=a.joblib 2=model.pkl 3=3# 4=4# ] ");
  EXPECT_NE(found.models[0].versions[2].problem.message().find("a.joblib, b.joblib"),
            std::string::npos);
}

TEST_F(ScanTest, ModelsOfEveryLibraryAreKnownByTheirEndings) {
  for (const char* name : {"a.onnx", "b.pmml", "c.cbm", "d.ubj", "e.xgb", "f.lgb", "g.skops"}) {
    file(name);
  }
  EXPECT_EQ(text_of(scan({folder_.string()})),
            "a[1=a.onnx ] b[1=b.pmml ] c[1=c.cbm ] d[1=d.ubj ] e[1=e.xgb ] f[1=f.lgb ] "
            "g[1=g.skops ] ");
  file("house/1/house.onnx");
  file("house/1/house.onnx.expected.csv");
  EXPECT_EQ(text_of(scan({(folder_ / "house").string()})), "house[1=house.onnx ] ");
}

TEST_F(ScanTest, ContentTellsAModelWhereTheNameMayBeOfAnything) {
  int looks = 0;
  const auto is_model = [&](const std::string& path) {
    ++looks;
    std::ifstream in(path);
    std::string text;
    return std::getline(in, text) && text == "booster";
  };
  file("house.json", "booster");
  file("notes.json", "notes");
  file("rank.txt", "booster");
  file("rank.txt.expected.csv");
  file("iris/1/expected.csv");
  file("iris/1/m.json", "booster");
  file("iris/2/a.json", "notes");
  file("iris/2/b.json", "booster");
  Settling settling({std::chrono::milliseconds(500), true});
  Scanner scanner({{folder_.string()}, "", {}, is_model}, settling, nullptr);
  const auto round = [&] {
    settling.begin(clock_.now(), clock_.wall_now(), {});
    return text_of(scanner.scan());
  };
  const std::string expected =
      "house[1=house.json ] iris[1=m.json 2=b.json ] notes.json?[1=notes.json ] rank[1=rank.txt ] ";
  EXPECT_EQ(round(), expected);
  EXPECT_EQ(looks, 5);  // not at iris/1/m.json, the only one there
  EXPECT_EQ(round(), expected);
  EXPECT_EQ(looks, 5);
  // Half written it is still the model that it was, and does not change its name.
  std::ofstream(folder_ / "house.json") << "boo";
  EXPECT_EQ(round(), expected);
  EXPECT_EQ(looks, 5);
  file("house.json", "no longer a model");
  EXPECT_NE(round().find("house.json?[1=house.json ] "), std::string::npos);
}

TEST_F(ScanTest, AFileThatIsGivenByItsNameIsAModel) {
  EXPECT_EQ(text_of(scan({file("house.json")})), "house[1=house.json ] ");
  EXPECT_EQ(text_of(scan({file("rank.txt")})), "rank[1=rank.txt ] ");
}

TEST_F(ScanTest, AnMlflowFolderIsOneModelWhereverAFileMayBe) {
  file("plain/MLmodel");
  file("plain/model.pkl");
  file("iris/1/MLmodel");
  file("iris/1/model.pkl");
  file("iris/2/model/MLmodel");
  file("iris/2/model/model.pkl");
  file("iris/3/model.joblib");
  EXPECT_EQ(text_of(scan({folder_.string()})),
            "iris[1=1 2=model 3=model.joblib ] plain[1=plain ] ");
  EXPECT_EQ(text_of(scan({(folder_ / "plain").string()})), "plain[1=plain ] ");
}

TEST_F(ScanTest, AnMlflowFoldersStampChangesWithAnyFileInIt) {
  file("plain/MLmodel");
  file("plain/data/model.pkl");
  const auto before = stamp_model((folder_ / "plain").string()).value();
  EXPECT_TRUE(stamp_model((folder_ / "plain").string()).value().same_content(before));
  file("plain/data/model.pkl", "other");
  EXPECT_FALSE(stamp_model((folder_ / "plain").string()).value().same_content(before));
}

TEST_F(ScanTest, AFolderThatHasJustBeenMadeIsNoErrorYet) {
  file("iris/1/model.joblib");
  fs::create_directories(folder_ / "iris/2");
  const Scan found = scan({folder_.string()});
  ASSERT_EQ(found.models[0].versions.size(), 2U);
  EXPECT_TRUE(found.models[0].versions[1].problem.ok());
  EXPECT_FALSE(found.models[0].versions[1].complete);
}

TEST_F(ScanTest, TheSecondFileOfANameIsAnErrorUnlessItIsNoModel) {
  file("iris");
  file("iris.joblib");
  file("iris.pkl");
  const Scan found = scan({folder_.string()});
  EXPECT_EQ(text_of(found), "iris[1=iris.joblib ] ");
  ASSERT_EQ(found.errors.size(), 1U);
  EXPECT_NE(found.errors[0].message().find("iris.pkl: the name \"iris\" is already taken by"),
            std::string::npos);
}

TEST_F(ScanTest, AGivenNameNeedsASingleModel) {
  const std::string path = file("iris.joblib");
  EXPECT_EQ(text_of(scan({path}, "flowers")), "flowers[1=iris.joblib ] ");
  const std::string other = file("wine.joblib");
  EXPECT_EQ(scan({path, other}, "flowers").broken.code(), StatusCode::kInvalidArgument);
}

TEST_F(ScanTest, WhatIsNotThereIsToldAndKeepsItsName) {
  const Scan missing = scan({(folder_ / "iris.joblib").string()});
  ASSERT_EQ(missing.models.size(), 1U);
  EXPECT_EQ(missing.models[0].problem.code(), StatusCode::kNotFound);
  EXPECT_FALSE(missing.unreadable);
}

TEST_F(ScanTest, AListNamesModelsWithPolicyAndLabels) {
  file("a/1/model.joblib");
  file("a/2/model.joblib");
  file("b.joblib");
  const std::string list = file("models.yaml", R"(models:
  - {name: first, path: a, versions: all, labels: {stable: 1}}
  - {name: second, path: b.joblib, required: false}
)");
  const Scan found = scan({list});
  EXPECT_EQ(text_of(found), "first![1=model.joblib 2=model.joblib ] second[1=b.joblib ] ");
  EXPECT_EQ(found.models[0].policy.kind, serving::VersionPolicy::Kind::kAll);
  EXPECT_EQ(found.models[0].labels.size(), 1U);
  EXPECT_EQ(scan({file("broken.yaml", "models: 5")}).broken.code(), StatusCode::kInvalidArgument);
}

TEST_F(ScanTest, ABrokenNewListLeavesTheOldOneInForce) {
  file("b.joblib");
  const std::string list = file("models.yaml", "models: [{name: second, path: b.joblib}]");
  Settling settling({std::chrono::milliseconds(500), true});
  Scanner scanner({{list}, "", {}, {}}, settling, nullptr);
  settling.begin(clock_.now(), clock_.wall_now(), {});
  EXPECT_EQ(text_of(scanner.scan()), "second![1=b.joblib ] ");
  file("models.yaml", "models: nonsense");
  settling.begin(clock_.now(), clock_.wall_now(), {});
  const Scan after = scanner.scan();
  EXPECT_EQ(text_of(after), "second![1=b.joblib ] ");
  EXPECT_EQ(after.errors.size(), 1U);
  EXPECT_TRUE(after.broken.ok());
}

}  // namespace
}  // namespace slipway::lifecycle
