#include "serving/model_set.h"

#include <gtest/gtest.h>

#include "serving/models_test.h"
#include "serving/serving_metrics.h"

namespace slipway::serving {
namespace {

class ModelSetTest : public testing::Test {
 protected:
  std::shared_ptr<const ServedModel> model(const std::string& name) {
    return make_served_model(name, "1", name + ".joblib", loaded_model(iris_executable()),
                             metrics_);
  }
  ServingMetrics metrics_{1};
};

TEST_F(ModelSetTest, FindsByNameAndVersion) {
  const ModelSet set({model("wine"), model("iris")}, {}, "");
  EXPECT_EQ((*set.find("iris"))->name, "iris");
  EXPECT_EQ((*set.find("wine", "1"))->name, "wine");
  EXPECT_EQ(set.find("iris", "2").status().message(),
            "model \"iris\" has no version \"2\"; it has: 1");
  EXPECT_EQ(set.find("irs").status().code(), StatusCode::kNotFound);
  EXPECT_EQ(set.find("irs").status().message(), "there is no model \"irs\"; served: iris, wine");
}

TEST_F(ModelSetTest, OneModelIsTheDefaultAndSeveralHaveNone) {
  const ModelSet one({model("iris")}, {{"iris", "1", "iris.joblib", {}}}, "");
  EXPECT_EQ((*one.default_model())->name, "iris");
  const ModelSet two({model("iris"), model("wine")}, {}, "");
  EXPECT_EQ(two.default_model().status().code(), StatusCode::kInvalidArgument);
  EXPECT_NE(two.default_model().status().message().find("iris, wine"), std::string::npos);
  const ModelSet chosen({model("iris"), model("wine")}, {}, "wine");
  EXPECT_EQ((*chosen.default_model())->name, "wine");
}

TEST_F(ModelSetTest, AFailedModelIsUnavailableWithItsReasonAndTheOthersAreServed) {
  const ModelSet set({model("iris")},
                     {{"iris", "1", "iris.joblib", {}},
                      {"wine", "1", "wine.joblib", invalid_argument("not a pickle")}},
                     "");
  EXPECT_FALSE(set.all_served());
  EXPECT_TRUE(set.find("iris").ok());
  EXPECT_EQ(set.find("wine").status().code(), StatusCode::kUnavailable);
  EXPECT_EQ(set.find("wine").status().message(), "model \"wine\" failed to load: not a pickle");
  EXPECT_FALSE(set.default_model().ok());
}

}  // namespace
}  // namespace slipway::serving
