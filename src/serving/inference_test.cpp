#include "serving/inference.h"

#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <thread>

#include "serving/models_test.h"
#include "serving/serving_metrics.h"

namespace slipway::serving {
namespace {

/// A model that waits until it is let go, and gives the number of rows.
class GatedModel final : public Executable {
 public:
  GatedModel() {
    signature_.columns = {{"x0"}};
    signature_.outputs = {{"predict", 0, DType::kFloat64, 1, true, {}, {}}};
  }
  const Signature& signature() const override { return signature_; }
  std::unique_ptr<Scratch> make_scratch() const override { return std::make_unique<Scratch>(); }
  size_t size_bytes() const override { return 0; }
  size_t scratch_bytes() const override { return 0; }
  Status run(const Batch& batch, OutputMask, Scratch&,
             std::vector<OutputBuffer>& outputs) const override {
    std::unique_lock lock(mutex_);
    ++entered_;
    changed_.notify_all();
    changed_.wait(lock, [this] { return open_; });
    outputs.resize(1);
    outputs[0].numbers.assign(batch.rows, static_cast<double>(batch.rows));
    outputs[0].rows = batch.rows;
    outputs[0].width = 1;
    return {};
  }
  void open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }
  void wait_entered() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return entered_ > 0; });
  }

 private:
  Signature signature_;
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  mutable int entered_ = 0;
  bool open_ = false;
};

class InferenceTest : public testing::Test {
 protected:
  InferRequest request(const std::shared_ptr<const ServedModel>& model, size_t rows) {
    InferRequest request;
    request.model = model.get();
    request.input.reset(rows, model->signature().columns.size(), {});
    for (size_t row = 0; row < rows; ++row) {
      for (size_t i = 0; i < request.input.columns(); ++i) request.input.number_row(row)[i] = 1;
    }
    return request;
  }
  /// As made by a loader, but not warmed.
  std::shared_ptr<ServedModel> gated(const std::shared_ptr<GatedModel>& executable) {
    auto model = std::make_shared<ServedModel>();
    model->name = "gated";
    model->loaded.executable = executable;
    model->scratches = std::make_shared<ScratchStore>(1);
    model->seconds_first_row = 1;
    model->metrics = &metrics_.model("gated", "1");
    return model;
  }

  ServingMetrics metrics_{1};
  std::shared_ptr<const ServedModel> iris_ =
      make_served_model("iris", "1", "", loaded_model(iris_executable()), metrics_);
};

TEST_F(InferenceTest, RunsInlineAndRecords) {
  Inference inference({}, nullptr, 0);
  InferRequest asked = request(iris_, 2);
  InferResponse response;
  inference.infer(asked, response);
  ASSERT_TRUE(response.status.ok()) << response.status.message();
  // Scores at x = 1: -2, -0.5, 2, so the third class.
  EXPECT_EQ(response.outputs[0].indices, (std::vector<int32_t>{2, 2}));
  EXPECT_EQ(iris_->metrics->rows.value(), 2U);
  EXPECT_EQ(iris_->metrics->in_flight.value(), 0);
  EXPECT_EQ(iris_->metrics->compute_seconds.snapshot().total, 1U);
}

TEST_F(InferenceTest, RefusesNoRowsAndTooManyRows) {
  Inference::Options options;
  options.rows_max = 3;
  Inference inference(options, nullptr, 0);
  InferResponse response;
  inference.infer(request(iris_, 0), response);
  EXPECT_EQ(response.status.code(), StatusCode::kInvalidArgument);
  inference.infer(request(iris_, 4), response);
  EXPECT_EQ(response.status.message(), "too many rows in one request: 4, at most 3");
}

TEST_F(InferenceTest, SendsDearRequestsToThePoolByTheirMeasuredCost) {
  Inference inference({}, make_inference_pool(1, 4), 0);
  auto model = std::make_shared<ServedModel>(*iris_);
  model->seconds_first_row = 1e-4;
  model->seconds_per_row = 1e-5;
  InferRequest asked = request(model, 1);
  EXPECT_TRUE(inference.is_inline(asked));
  asked = request(model, 100);
  EXPECT_FALSE(inference.is_inline(asked));
}

TEST_F(InferenceTest, AFullQueueAnswersAtOnceAndLosesNothingThatWaits) {
  const auto executable = std::make_shared<GatedModel>();
  const auto model = gated(executable);
  auto pool = make_inference_pool(1, 1);
  auto inference = std::make_unique<Inference>(Inference::Options{}, pool, 0U);
  std::atomic<int> done{0};
  InferRequest asked = request(model, 3);
  InferResponse running;
  InferResponse waiting;
  InferResponse refused;
  inference->infer_in_pool(asked, running, [&] { ++done; });
  executable->wait_entered();  // the only thread is busy now
  inference->infer_in_pool(asked, waiting, [&] { ++done; });
  EXPECT_EQ(queue_length(*pool), 1U);
  inference->infer_in_pool(asked, refused, [&] { done += 100; });
  EXPECT_EQ(done, 100);
  EXPECT_EQ(refused.status.code(), StatusCode::kResourceExhausted);
  EXPECT_EQ(model->metrics->in_flight.value(), 2);
  executable->open();
  inference.reset();
  pool.reset();  // finishes what is queued
  EXPECT_EQ(done, 102);
  EXPECT_TRUE(waiting.status.ok());
  EXPECT_EQ(waiting.outputs[0].numbers, (std::vector<double>{3, 3, 3}));
  EXPECT_EQ(model->metrics->in_flight.value(), 0);
  EXPECT_GE(waiting.queue_seconds, 0);
}

TEST_F(InferenceTest, GivesTheSameBitsOnLoopAndPoolFromManyThreads) {
  auto pool = make_inference_pool(2, 64);
  std::vector<std::thread> loops;
  std::atomic<int> wrong{0};
  ServingMetrics metrics(4);
  const auto model = make_served_model("iris", "1", "", loaded_model(iris_executable()), metrics);
  for (uint32_t loop = 0; loop < 4; ++loop) {
    loops.emplace_back([&, loop] {
      Inference inference({}, pool, loop);
      InferRequest asked = request(model, 5);
      asked.wanted = 0b010;
      InferResponse here;
      inference.infer(asked, here);
      for (int i = 0; i < 200; ++i) {
        InferResponse there;
        std::atomic<bool> done{false};
        inference.infer_in_pool(asked, there, [&] {
          done = true;
          done.notify_one();
        });
        done.wait(false);
        if (there.status.code() == StatusCode::kResourceExhausted) continue;
        const auto& a = here.outputs[1].numbers;
        const auto& b = there.outputs[1].numbers;
        if (a.size() != 15 || b.size() != 15 ||
            std::memcmp(a.data(), b.data(), sizeof(double) * 15) != 0) {
          ++wrong;
        }
      }
    });
  }
  for (auto& thread : loops) thread.join();
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(model->metrics->in_flight.value(), 0);
}

TEST_F(InferenceTest, ScratchesAreUsedAgainAndBelongToTheModel) {
  ScratchStore& store = *iris_->scratches;
  Scratch* of_loop = &store.of_loop(0, iris_->executable());
  EXPECT_EQ(&store.of_loop(0, iris_->executable()), of_loop);
  Scratch* leased = nullptr;
  {
    ScratchStore::Lease lease(store, iris_->executable());
    leased = &lease.scratch();
    ScratchStore::Lease second(store, iris_->executable());
    EXPECT_NE(&second.scratch(), leased);
  }
  ScratchStore::Lease again(store, iris_->executable());
  EXPECT_EQ(&again.scratch(), leased);  // given back last
}

}  // namespace
}  // namespace slipway::serving
