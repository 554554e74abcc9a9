#include "serving/joined_run.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <deque>
#include <random>

#include "serving/models_test.h"

namespace slipway::serving {
namespace {

class JoinedRunTest : public testing::Test {
 protected:
  void use(std::shared_ptr<const Executable> executable) {
    model_.loaded.executable = std::move(executable);
    scratch_ = model_.executable().make_scratch();
    requests_.clear();
    responses_.clear();
    pending_.clear();
  }
  InferRequest& add(size_t rows) {
    InferRequest& request = requests_.emplace_back();
    request.model = &model_;
    request.wanted = (OutputMask{1} << model_.signature().outputs.size()) - 1;
    request.input.reset(rows, model_.signature().columns.size(), model_.signature().matrices);
    pending_.emplace_back();
    pending_.back().request = &request;
    pending_.back().response = &responses_.emplace_back();
    return request;
  }
  void fill(InferRequest& request) {
    std::normal_distribution<double> normal;
    const Signature& signature = model_.signature();
    for (size_t row = 0; row < request.input.rows(); ++row) {
      for (size_t i = 0; i < signature.columns.size(); ++i) {
        const std::string text = "text " + std::to_string(random_() % 5);
        switch (signature.columns[i].type) {
          case ColumnType::kNumber: request.input.number_row(row)[i] = normal(random_); break;
          case ColumnType::kText:
            request.input.string_row(row)[i] = request.input.store(text);
            break;
          case ColumnType::kRecord:
            request.input.begin_record(row, i);
            ASSERT_TRUE(
                request.input
                    .add_field(request.input.store_key("wind"), StringCell::number(normal(random_)))
                    .ok());
            ASSERT_TRUE(request.input.end_record().ok());
        }
      }
    }
  }

  static void expect_same(const std::vector<OutputBuffer>& a, const std::vector<OutputBuffer>& b) {
    ASSERT_EQ(a.size(), b.size());
    for (size_t i = 0; i < a.size(); ++i) {
      EXPECT_EQ(a[i].rows, b[i].rows);
      EXPECT_EQ(a[i].width, b[i].width);
      EXPECT_EQ(a[i].indices, b[i].indices);
      ASSERT_EQ(a[i].numbers.size(), b[i].numbers.size());
      if (!a[i].numbers.empty()) {
        EXPECT_EQ(std::memcmp(a[i].numbers.data(), b[i].numbers.data(),
                              a[i].numbers.size() * sizeof(double)),
                  0);
      }
      ASSERT_EQ(a[i].strings.size(), b[i].strings.size());
      for (size_t cell = 0; cell < a[i].strings.size(); ++cell) {
        EXPECT_EQ(a[i].strings[cell].view(), b[i].strings[cell].view());
      }
    }
  }

  std::mt19937_64 random_{7};
  ServedModel model_;
  std::unique_ptr<Scratch> scratch_;
  std::deque<InferRequest> requests_;
  std::deque<InferResponse> responses_;
  Requests pending_;
  JoinedRun joined_;
};

TEST_F(JoinedRunTest, EachRequestGetsTheBitsThatItWouldGetAlone) {
  for (const auto& executable :
       {iris_executable(), mixed_executable(), records_executable(), records_executable(true)}) {
    use(executable);
    for (const size_t rows : {1U, 3U, 1U, 700U, 2U}) fill(add(rows));
    ASSERT_TRUE(joined_.run(pending_, *scratch_));
    for (size_t i = 0; i < requests_.size(); ++i) {
      ASSERT_TRUE(responses_[i].status.ok()) << responses_[i].status.message();
      std::vector<OutputBuffer> alone;
      ASSERT_TRUE(run_alone(requests_[i], *scratch_, alone).ok());
      expect_same(alone, responses_[i].outputs);
    }
  }
}

TEST_F(JoinedRunTest, OneBadRowIsThatRequestsErrorOnly) {
  use(iris_executable());
  for (int i = 0; i < 4; ++i) fill(add(2));
  requests_[2].input.number_row(1)[3] = std::nan("");
  EXPECT_FALSE(joined_.run(pending_, *scratch_));
  std::vector<OutputBuffer> alone;
  const Status error = run_alone(requests_[2], *scratch_, alone);
  for (size_t i = 0; i < 4; ++i) {
    if (i == 2) {
      EXPECT_EQ(responses_[i].status.code(), StatusCode::kInvalidArgument);
      EXPECT_EQ(responses_[i].status.message(),
                error.message());  // names the row as the client does
      continue;
    }
    ASSERT_TRUE(responses_[i].status.ok());
    ASSERT_TRUE(run_alone(requests_[i], *scratch_, alone).ok());
    expect_same(alone, responses_[i].outputs);
  }
  EXPECT_EQ(pending_.size(), 4U);
}

TEST_F(JoinedRunTest, StopsOnceEveryDeadlineHasPassed) {
  use(iris_executable());
  for (int i = 0; i < 2; ++i) fill(add(1000));  // several chunks
  const SteadyTime past = std::chrono::steady_clock::now();
  requests_[0].deadline = past;
  EXPECT_TRUE(joined_.run(pending_, *scratch_));  // the other one waits
  requests_[1].deadline = past;
  EXPECT_FALSE(joined_.run(pending_, *scratch_));
  for (const InferResponse& response : responses_) {
    EXPECT_EQ(response.status.code(), StatusCode::kDeadlineExceeded);
  }
  EXPECT_EQ(scratch_->watch, nullptr);
}

TEST_F(JoinedRunTest, StopsOnceEverybodyHasGone) {
  use(iris_executable());
  bool gone = false;
  for (int i = 0; i < 2; ++i) fill(add(1000));
  requests_[0].cancelled = [] { return true; };
  requests_[1].cancelled = [&gone] { return gone; };
  EXPECT_TRUE(joined_.run(pending_, *scratch_));
  gone = true;
  EXPECT_FALSE(joined_.run(pending_, *scratch_));
  EXPECT_EQ(responses_[0].status.code(), StatusCode::kCancelled);
  pending_.pop_back();  // alone too
  EXPECT_FALSE(joined_.run(pending_, *scratch_));
  EXPECT_EQ(responses_[0].status.code(), StatusCode::kCancelled);
}

}  // namespace
}  // namespace slipway::serving
