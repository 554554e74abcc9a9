#include "cli/verification.h"

#include <gtest/gtest.h>

#include <cmath>

#include "engine/compile.h"
#include "graph/graph.h"
#include "graph/ops/basic.h"

namespace slipway::cli {
namespace {

/// A model of columns a and b whose "predict" is b and whose "transform" is (a, b).
std::shared_ptr<const Executable> two_columns() {
  GraphBuilder graph(2);
  const ValueId b =
      graph.add(std::make_unique<SelectOp>(std::vector<ColumnPick>{{0, 1}}), {kNumbersInput}, "")
          .value();
  const ValueId both = graph
                           .add(std::make_unique<SelectOp>(std::vector<ColumnPick>{{0, 0}, {0, 1}}),
                                {kNumbersInput}, "")
                           .value();
  Signature signature;
  signature.columns = {{"a"}, {"b"}};
  signature.columns_named = true;
  OutputSpec predict;
  predict.name = "predict";
  predict.value = b;
  predict.is_vector = true;
  OutputSpec transform;
  transform.name = "transform";
  transform.value = both;
  transform.width = 2;
  signature.outputs = {predict, transform};
  return engine::compile(std::move(graph).finish(std::move(signature)).value()).value();
}

TEST(Verification, AnswersThatStandBesideTheRowsAreCompared) {
  const auto model = two_columns();
  const Verification found =
      verify_model(*model, {.data = "a,b,predict\n1,2,2\n3,4.5,4.5000001\n"}, 1e-6).value();
  EXPECT_TRUE(found.agrees());
  ASSERT_EQ(found.outputs.size(), 1U);
  EXPECT_EQ(found.outputs[0].rows, 2U);
  EXPECT_NEAR(found.outputs[0].absolute_max, 1e-7, 1e-9);
  EXPECT_EQ(found.rows_other_alone + found.rows_other_shuffled, 0U);
}

TEST(Verification, TheWorstRowsComeFirst) {
  const auto model = two_columns();
  const Verification found =
      verify_model(*model,
                   {.data = "a,b\n1,2\n3,4\n5,6\n",
                    .expected = "transform_1,transform_0\n2,1\n4,3.5\n66,7\n"},
                   1e-6)
          .value();
  EXPECT_FALSE(found.agrees());
  const OutputVerification& output = found.outputs.at(0);
  EXPECT_EQ(output.name, "transform");
  EXPECT_EQ(output.rows_equal, 1U);
  ASSERT_EQ(output.worst.size(), 3U);
  EXPECT_EQ(output.worst[0].row, 2U);
  EXPECT_EQ(output.worst[0].column, "transform_1");
  EXPECT_EQ(output.worst[0].got, "6.0");
  EXPECT_EQ(output.absolute_max, 60);
}

TEST(Verification, AMissingValueIsEqualToNothingElse) {
  const auto model = two_columns();
  EXPECT_TRUE(verify_model(*model, {.data = "a,b,predict\n1,,nan\n"}, 0).value().agrees());
  EXPECT_FALSE(verify_model(*model, {.data = "a,b,predict\n1,,0\n"}, 1).value().agrees());
  EXPECT_FALSE(verify_model(*model, {.data = "a,b,predict\n1,2,text\n"}, 1).value().agrees());
}

TEST(Verification, RowsAndAnswersMustBeAsMany) {
  const auto model = two_columns();
  const std::string rows = "a,b\n1,2\n3,4\n";
  for (const char* expected : {"predict\n2\n", "predict\n2\n4\n6\n", "other\n2\n4\n"}) {
    EXPECT_EQ(verify_model(*model, {.data = rows, .expected = expected}, 1e-6).status().code(),
              StatusCode::kInvalidArgument)
        << expected;
  }
  EXPECT_EQ(verify_model(*model, {.data = "a,b,predict\n"}, 1e-6).status().code(),
            StatusCode::kInvalidArgument);
}

TEST(Verification, AModelAgreesWithItself) {
  const auto model = two_columns();
  const Verification found = verify_against(*model, *model, {.data = "a,b\n1,2\n3,4\n"}, 0).value();
  EXPECT_TRUE(found.agrees());
  EXPECT_EQ(found.outputs.size(), 2U);
}

TEST(Verification, AVersionThatAnswersOtherwiseIsHeldBack) {
  const auto model = two_columns();
  EXPECT_TRUE(check_expected(*model, "a,b,predict\n1,2,2\n").ok());
  const Status status = check_expected(*model, "a,b,predict\n1,2,2\n1,3,4\n");
  EXPECT_EQ(status.code(), StatusCode::kFailedPrecondition);
  EXPECT_NE(status.message().find("row 1"), std::string::npos) << status.message();
}

}  // namespace
}  // namespace slipway::cli
