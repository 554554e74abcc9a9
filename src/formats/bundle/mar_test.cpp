#include "formats/bundle/internal/mar.h"

#include <gtest/gtest.h>

#include "formats/bundle/bundle.h"
#include "formats/bundle/files_test.h"

namespace slipway::bundle {
namespace {

TEST(Mar, TheManifestSaysNameVersionAndFile) {
  const auto manifest = parse_manifest(
      R"({"createdOn": "x", "model": {"modelName": "iris", "modelVersion": 1.5,
          "serializedFile": "iris.pkl", "handler": "h.py", "modelFile": null}})");
  ASSERT_TRUE(manifest.ok()) << manifest.status().message();
  EXPECT_EQ(manifest->model_name, "iris");
  EXPECT_EQ(manifest->model_version, "1.5");
  EXPECT_EQ(manifest->serialized_file, "iris.pkl");
  EXPECT_EQ(manifest->model_file, "");
}

TEST(Mar, AManifestThatIsNoneIsRefused) {
  const std::string deep(5000, '[');
  for (const std::string& wrong :
       {std::string("{}"), std::string("[]"), std::string("{\"model\": 3}"), std::string("{"),
        std::string(R"({"model": {"modelName": ["a"]}})"),
        std::string(R"({"model": {"modelName": "../a"}})"),
        std::string(R"({"model": {"modelName": "a\nb"}})"), deep,
        R"({"model": {"modelName": ")" + std::string(300, 'a') + "\"}}"}) {
    EXPECT_EQ(parse_manifest(wrong).status().code(), StatusCode::kInvalidArgument)
        << wrong.substr(0, 60);
  }
}

TEST(Mar, WhatIsHeldInPlaceOfAModelIsNamed) {
  Manifest manifest;
  manifest.serialized_file = "model.pt";
  manifest.handler = "image_classifier";
  const Files old = {{"model.pt", std::string("\x80\x02\x8a\x0al\xfc\x9c\x46\xf9 j", 11)}};
  EXPECT_NE(not_read(old, manifest).message().find("eager"), std::string::npos);
  const Files library = {{"model.pt",
                          "\x7f"
                          "ELF..."}};
  EXPECT_NE(not_read(library, manifest).message().find("compiled"), std::string::npos);
  EXPECT_NE(not_read(Files({}), manifest).message().find("is not in it"), std::string::npos);
  EXPECT_NE(not_read(old, manifest).message().find("image_classifier"), std::string::npos);
}

TEST(Mar, InATarArchiveEverythingLiesInOneFolder) {
  const std::string manifest = R"({"model": {"modelName": "a", "serializedFile": "m.pkl"}})";
  const Files files = {{"x/y/MAR-INF/MANIFEST.json", "{}"}, {"a/MAR-INF/MANIFEST.json", manifest}};
  const auto place = find_manifest(files);
  ASSERT_EQ(place, 1U);
  EXPECT_EQ(read_manifest(files, *place)->serialized_file, "a/m.pkl");
  EXPECT_FALSE(find_manifest(Files({{"xMAR-INF/MANIFEST.json", "{}"}})).has_value());
}

TEST(Mar, AFileWithoutAManifestHasNoIdentity) {
  EXPECT_EQ(identify_archive(std::string("no archive"), {}).status().code(), StatusCode::kNotFound);
}

}  // namespace
}  // namespace slipway::bundle
