#include "lifecycle/model_names.h"

#include <gtest/gtest.h>

#include <vector>

namespace slipway::lifecycle {
namespace {

/// The chosen file's name, or the error.
std::string chosen(const std::vector<std::string>& names, const std::string& models = "") {
  const auto place = choose_model("iris/1", names, [&](const std::string& path) {
    return models.find("<" + path + ">") != std::string::npos;
  });
  return place.ok() ? names[*place] : place.status().message();
}

TEST(ModelNamesTest, EndingsOfModelsAndOfCompressionAreNoPartOfTheName) {
  bool is_model = false;
  EXPECT_EQ(model_name("wine.v2.pkl.gz", is_model), "wine.v2");
  EXPECT_TRUE(is_model);
  EXPECT_EQ(model_name("data.csv.gz", is_model), "data.csv");
  EXPECT_FALSE(is_model);
  EXPECT_EQ(model_name("a.json", is_model), "a.json");
  EXPECT_EQ(model_name(".onnx", is_model), ".onnx");
}

TEST(ModelNamesTest, EndingsThatModelsShareWithOthersNeedTheContent) {
  for (const char* name : {"iris.json", "iris.txt", "iris.xml"}) {
    EXPECT_TRUE(needs_content(name));
    EXPECT_EQ(name_by_content(name), "iris");
  }
  EXPECT_FALSE(needs_content("iris.joblib"));
  EXPECT_FALSE(needs_content(".json"));
  EXPECT_EQ(name_by_content("iris.joblib.gz"), "iris");
  EXPECT_EQ(name_by_content("iris.model.json"), "iris");
}

TEST(ModelNamesTest, WhatStandsBesideAModelIsNone) {
  EXPECT_EQ(chosen({"expected.csv", "house.json"}), "house.json");
  EXPECT_EQ(chosen({"house.txt", "house.txt.expected.csv", "house.txt.samples.json",
                    "house.txt.slipway.yaml"}),
            "house.txt");
  EXPECT_EQ(chosen({"expected.csv"}), "iris/1 holds no model file");
}

TEST(ModelNamesTest, AmongOthersTheContentDecides) {
  EXPECT_EQ(chosen({"features.json", "house.json", "notes.txt"}, "<iris/1/house.json>"),
            "house.json");
  EXPECT_EQ(chosen({"a.json", "model.json"}, "<iris/1/a.json><iris/1/model.json>"), "model.json");
  EXPECT_EQ(chosen({"a.json", "b.json", "c"}, "<iris/1/a.json><iris/1/b.json>"),
            "iris/1 holds several files (a.json, b.json); name the model's model.joblib or "
            "model.pkl");
  EXPECT_EQ(chosen({"a.json", "c"}),
            "iris/1 holds several files (a.json, c); name the model's model.joblib or model.pkl");
}

TEST(ModelNamesTest, AModelsEndingComesBeforeContent) {
  EXPECT_EQ(chosen({"a.json", "b.onnx"}, "<iris/1/a.json>"), "b.onnx");
  EXPECT_EQ(chosen({"a.onnx", "model.pkl"}), "model.pkl");
  EXPECT_EQ(chosen({"only"}), "only");
}

}  // namespace
}  // namespace slipway::lifecycle
