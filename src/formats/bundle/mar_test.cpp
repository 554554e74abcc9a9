#include "formats/bundle/internal/mar.h"

#include <gtest/gtest.h>

#include "formats/bundle/bundle.h"

namespace slipway::bundle {
namespace {

class Files final : public formats::FileSet {
 public:
  Files(std::initializer_list<std::pair<std::string, std::string>> all) {
    for (const auto& [name, content] : all) {
      files_.push_back({name, content.size()});
      contents_.push_back(content);
    }
  }
  const std::vector<File>& files() const override { return files_; }
  Result<std::string> read(size_t file) const override { return contents_[file]; }
  Result<std::string> read_start(size_t file, size_t bytes_max) const override {
    return contents_[file].substr(0, bytes_max);
  }
  std::optional<std::string_view> stored(size_t file) const override { return contents_[file]; }

 private:
  std::vector<File> files_;
  std::vector<std::string> contents_;
};

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
