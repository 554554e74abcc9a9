#include "serving/model_set.h"

#include <gtest/gtest.h>

#include "serving/models_test.h"
#include "serving/serving_metrics.h"

namespace slipway::serving {
namespace {

class ModelSetTest : public testing::Test {
 protected:
  std::shared_ptr<const ServedModel> model(const std::string& name,
                                           const std::string& version = "1") {
    return make_served_model(name, version, name + ".joblib", loaded_model(iris_executable()),
                             metrics_);
  }
  ServingMetrics metrics_{1};
};

TEST_F(ModelSetTest, FindsByNameAndVersion) {
  const ModelSet set({model("wine"), model("iris")}, {}, {});
  EXPECT_EQ((*set.find("iris"))->name, "iris");
  EXPECT_EQ((*set.find("wine", "1"))->name, "wine");
  EXPECT_EQ(set.find("iris", "2").status().message(),
            "model \"iris\" has no version \"2\"; it has: 1");
  EXPECT_EQ(set.find("irs").status().code(), StatusCode::kNotFound);
  EXPECT_EQ(set.find("irs").status().message(), "there is no model \"irs\"; served: iris, wine");
}

TEST_F(ModelSetTest, OneModelIsTheDefaultAndSeveralHaveNone) {
  const ModelSet one({model("iris")}, {{"iris", "1", "iris.joblib", {}}}, {});
  EXPECT_EQ((*one.default_model())->name, "iris");
  const ModelSet two({model("iris"), model("wine")}, {}, {});
  EXPECT_EQ(two.default_model().status().code(), StatusCode::kInvalidArgument);
  EXPECT_NE(two.default_model().status().message().find("iris, wine"), std::string::npos);
  const ModelSet chosen({model("iris"), model("wine")}, {}, {"wine", {}, {}, false});
  EXPECT_EQ((*chosen.default_model())->name, "wine");
}

TEST_F(ModelSetTest, AFailedModelIsUnavailableWithItsReasonAndTheOthersAreServed) {
  const ModelSet set({model("iris")},
                     {{"iris", "1", "iris.joblib", {}},
                      {"wine", "1", "wine.joblib", invalid_argument("not a pickle")}},
                     {});
  EXPECT_TRUE(set.find("iris").ok());
  EXPECT_EQ(set.find("wine").status().code(), StatusCode::kUnavailable);
  EXPECT_EQ(set.find("wine").status().message(), "model \"wine\" failed to load: not a pickle");
  EXPECT_FALSE(set.default_model().ok());
}

TEST_F(ModelSetTest, TheNewestVersionIsTheDefaultAndEachIsFoundByNumberOrLabel) {
  const ModelSet set({model("iris", "9"), model("iris", "10"), model("wine", "2")}, {},
                     {"", {{"iris", "stable", "9"}, {"iris", "canary", "11"}}, {}, false});
  EXPECT_EQ((*set.find("iris"))->version, "10");
  EXPECT_EQ((*set.find("iris", "9"))->version, "9");
  EXPECT_EQ((*set.find("iris", "stable"))->version, "9");
  EXPECT_EQ(set.find("iris", "canary").status().message(),
            "label \"canary\" of model \"iris\" means version 11, not served; served: 10, 9");
  EXPECT_EQ(set.find("iris", "canary").status().code(), StatusCode::kUnavailable);
  EXPECT_EQ(set.find("iris", "3").status().message(),
            "model \"iris\" has no version \"3\"; it has: 10, 9, stable (9), canary (11)");
  EXPECT_EQ(set.find("wine", "stable").status().code(), StatusCode::kNotFound);
  ASSERT_EQ(set.models().size(), 2U);
  EXPECT_EQ(set.models()[0]->version, "10");
  EXPECT_EQ(set.versions("iris").size(), 2U);
  ASSERT_EQ(set.labels("iris").size(), 1U);
  EXPECT_EQ(set.labels("iris")[0].label, "stable");
}

TEST_F(ModelSetTest, IsReadyOnceEveryRequiredModelHasALiveVersion) {
  EXPECT_EQ(ModelSet({}, {}, {}).unready_reason(), "no model is served");
  EXPECT_EQ(ModelSet({model("iris")}, {}, {"", {}, {"iris", "wine"}, false}).unready_reason(),
            "required and not served: wine");
  EXPECT_EQ(ModelSet({model("iris")}, {}, {"", {}, {"iris"}, true}).unready_reason(),
            "the models are still loading");
  EXPECT_EQ(ModelSet({model("iris")}, {}, {"", {}, {"iris"}, false}).unready_reason(), "");
}

TEST_F(ModelSetTest, AModelThatIsKnownAndNotServedSaysInWhichStateItIs) {
  const ModelSet set(
      {},
      {{"iris", "1", "", {}, VersionState::kLoading, ""},
       {"wine", "1", "", {}, VersionState::kEnd, "unloaded until an admin call loads it"}},
      {});
  EXPECT_EQ(set.find("iris").status().message(), "model \"iris\" is not served: LOADING");
  EXPECT_EQ(set.find("wine").status().message(),
            "model \"wine\" is not served: END, unloaded until an admin call loads it");
}

}  // namespace
}  // namespace slipway::serving
