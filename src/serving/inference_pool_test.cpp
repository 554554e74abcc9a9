#include "serving/inference_pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cmath>
#include <deque>
#include <mutex>
#include <random>
#include <thread>

#include "serving/gated_model_test.h"
#include "serving/models_test.h"
#include "serving/serving_metrics.h"

namespace slipway::serving {
namespace {

/// One request and what became of it.
struct Asked {
  InferRequest request;
  InferResponse response;
  std::atomic<int> answers{0};

  std::function<void()> done() {
    return [this] {
      ++answers;
      answers.notify_all();
    };
  }
  void wait() const { answers.wait(0); }
};

class InferencePoolTest : public testing::Test {
 protected:
  std::shared_ptr<ServedModel> gated(const std::shared_ptr<GatedModel>& executable) {
    auto model = std::make_shared<ServedModel>();
    model->name = "gated";
    model->loaded.executable = executable;
    model->scratches = std::make_shared<ScratchStore>(1);
    model->metrics = &metrics_.model("gated", "1");
    return model;
  }
  Asked& submit(InferencePool& pool, const ServedModel& model, size_t rows,
                SteadyTime deadline = SteadyTime::max(),
                std::function<bool()> cancelled = nullptr) {
    Asked& asked = asked_.emplace_back();
    asked.request.model = &model;
    asked.request.deadline = deadline;
    asked.request.cancelled = std::move(cancelled);
    asked.request.input.reset(rows, model.signature().columns.size(), {});
    if (model.metrics != nullptr) model.metrics->in_flight.add(0, 1);  // as Inference does
    pool.submit(asked.request, asked.response, asked.done());
    return asked;
  }
  uint64_t shed(const ServedModel& model, ShedReason reason) {
    return model.metrics->shed[static_cast<size_t>(reason)]->value();
  }

  ServingMetrics metrics_{1};
  std::deque<Asked> asked_;
};

TEST_F(InferencePoolTest, JoinsWhatQueuedWhileItsThreadWasBusy) {
  const auto executable = std::make_shared<GatedModel>();
  const auto model = gated(executable);
  {
    InferencePool pool({});
    submit(pool, *model, 1);
    executable->wait_entered();
    for (int i = 0; i < 3; ++i) submit(pool, *model, 2);
    EXPECT_EQ(pool.queue_length(), 3U);
    EXPECT_EQ(model->metrics->queue_length.value(), 3);
    executable->open();
  }
  EXPECT_EQ(executable->rows(), (std::vector<size_t>{1, 6}));
  for (const Asked& asked : asked_) {
    EXPECT_EQ(asked.answers, 1);
    EXPECT_TRUE(asked.response.status.ok());
    EXPECT_EQ(asked.response.outputs[0].rows, asked.request.input.rows());
  }
  EXPECT_EQ(asked_[1].response.outputs[0].numbers, (std::vector<double>{6, 6}));
  EXPECT_EQ(asked_[1].response.compute_seconds, asked_[3].response.compute_seconds);
  EXPECT_GT(asked_[1].response.queue_seconds, 0);
  EXPECT_EQ(asked_[1].response.batch_seconds, 0);
  const auto batches = model->metrics->batch_rows.snapshot();
  EXPECT_EQ(batches.total, 2U);
  EXPECT_EQ(batches.sum, 7);
  EXPECT_EQ(model->metrics->rows.value(), 7U);
  EXPECT_EQ(model->metrics->in_flight.value(), 0);
  EXPECT_EQ(model->metrics->queue_length.value(), 0);
}

TEST_F(InferencePoolTest, WaitsForCompanyWhereItIsTold) {
  const auto executable = std::make_shared<GatedModel>();
  executable->open();
  const auto model = gated(executable);
  InferencePool::Options options;
  options.threads = 2;
  options.settings.batch.delay_max = std::chrono::hours(1);
  options.settings.batch.rows_max = 3;
  InferencePool pool(options);
  for (int i = 0; i < 2; ++i) submit(pool, *model, 1);
  EXPECT_EQ(asked_[0].answers, 0);
  Asked& last = submit(pool, *model, 1);  // the batch is full
  last.wait();
  EXPECT_EQ(executable->rows(), (std::vector<size_t>{3}));
  asked_[0].wait();
  EXPECT_GE(asked_[0].response.batch_seconds, 0);
}

TEST_F(InferencePoolTest, AnswersWhatExpiresWhileAllThreadsAreBusy) {
  const auto executable = std::make_shared<GatedModel>();
  const auto model = gated(executable);
  InferencePool pool({});
  submit(pool, *model, 1);
  executable->wait_entered();
  const auto soon = std::chrono::steady_clock::now() + std::chrono::milliseconds(20);
  Asked& expires = submit(pool, *model, 1, soon);
  Asked& waits = submit(pool, *model, 1);
  expires.wait();
  EXPECT_EQ(expires.response.status.code(), StatusCode::kDeadlineExceeded);
  EXPECT_GE(expires.response.ended, soon);
  EXPECT_EQ(shed(*model, ShedReason::kDeadlinePassed), 1U);
  EXPECT_EQ(waits.answers, 0);
  executable->open();
  waits.wait();
  EXPECT_TRUE(waits.response.status.ok());
  EXPECT_EQ(expires.answers, 1);
}

TEST_F(InferencePoolTest, GivesUpWhatWaitsLongerThanTheQueuesTimeout) {
  const auto executable = std::make_shared<GatedModel>();
  const auto model = gated(executable);
  InferencePool pool({});
  submit(pool, *model, 1);
  executable->wait_entered();
  pool.set_overrides({{"gated", {.timeout = std::chrono::milliseconds(10)}}});
  Asked& waits = submit(pool, *model, 1);
  waits.wait();
  EXPECT_EQ(waits.response.status.code(), StatusCode::kResourceExhausted);
  EXPECT_GT(waits.response.retry_after_seconds, 0);
  EXPECT_EQ(shed(*model, ShedReason::kQueueTimeout), 1U);
  executable->open();
}

TEST_F(InferencePoolTest, DoesNotRunWhatNobodyWaitsFor) {
  const auto executable = std::make_shared<GatedModel>();
  const auto model = gated(executable);
  InferencePool pool({});
  submit(pool, *model, 1);
  executable->wait_entered();
  std::atomic<bool> gone{false};
  Asked& leaves = submit(pool, *model, 4, SteadyTime::max(), [&gone] { return gone.load(); });
  Asked& stays = submit(pool, *model, 2, SteadyTime::max(), [] { return false; });
  gone = true;
  executable->open();
  leaves.wait();
  stays.wait();
  EXPECT_EQ(leaves.response.status.code(), StatusCode::kCancelled);
  EXPECT_EQ(executable->rows(), (std::vector<size_t>{1, 2}));
  EXPECT_EQ(shed(*model, ShedReason::kCancelled), 1U);
}

TEST_F(InferencePoolTest, RefusesAtOnceWhatItCannotAnswerInTime) {
  const auto executable = std::make_shared<GatedModel>();
  const auto model = gated(executable);
  model->seconds_first_row = 3600;
  InferencePool pool({});
  submit(pool, *model, 1);
  executable->wait_entered();
  const auto now = std::chrono::steady_clock::now();
  Asked& late = submit(pool, *model, 1, now + std::chrono::minutes(90));
  EXPECT_EQ(late.answers, 1);
  EXPECT_EQ(late.response.status.code(), StatusCode::kResourceExhausted);
  EXPECT_GT(late.response.retry_after_seconds, 3000);
  Asked& never = submit(pool, *model, 1, now + std::chrono::minutes(30));
  EXPECT_EQ(never.answers, 1);
  EXPECT_EQ(never.response.status.code(), StatusCode::kDeadlineExceeded);
  EXPECT_EQ(shed(*model, ShedReason::kDeadlineTooClose), 2U);
  EXPECT_EQ(model->metrics->in_flight.value(), 1);
  executable->open();
}

TEST_F(InferencePoolTest, PinsItsThreads) {
  const auto model = make_served_model("iris", "1", "", loaded_model(iris_executable()), metrics_);
  cpu_set_t allowed;
  ASSERT_EQ(sched_getaffinity(0, sizeof(allowed), &allowed), 0);
  uint32_t cpu = 0;
  while (!CPU_ISSET(cpu, &allowed)) ++cpu;
  InferencePool::Options options;
  options.cpus = {cpu};
  InferencePool pool(options);
  InferResponse response;
  InferRequest request;
  request.model = model.get();
  request.input.reset(0, 4, {});
  std::atomic<int> where{-1};
  pool.submit(request, response, [&where] {
    cpu_set_t set;
    pthread_getaffinity_np(pthread_self(), sizeof(set), &set);
    where = CPU_COUNT(&set) == 1 ? 1 : 0;
    where.notify_all();
  });
  where.wait(-1);
  EXPECT_EQ(where, 1);
}

// ---- many models, loops, deadlines, cancellations, and versions that change meanwhile

/// x0 + 2 x1 + 3 x2 + 4 x3 + bias, for finite numbers only.
std::shared_ptr<const Executable> linear_executable(double bias) {
  GraphBuilder builder(4);
  auto finite = builder.add(std::make_unique<RequireFiniteOp>(RequireFiniteOp::Options{}, "Model",
                                                              std::vector<std::string>{}),
                            {kNumbersInput}, "model");
  auto score = builder.add(
      std::make_unique<LinearOp>(1, 4, std::vector<double>{1, 2, 3, 4}, std::vector<double>{bias}),
      {*finite}, "model");
  Signature signature;
  signature.columns.resize(4);
  signature.outputs = {{"predict", *score, DType::kFloat64, 1, true, {}, {}}};
  auto graph = std::move(builder).finish(std::move(signature));
  return *engine::compile(*graph);
}

/// The live versions, as the version manager hands them out.
class LiveModels {
 public:
  static constexpr int kModels = 5;

  explicit LiveModels(ServingMetrics& metrics) : metrics_(metrics) {
    for (int i = 0; i < kModels; ++i) replace(i, 0);
  }
  void replace(int model, int version) {
    LoadedModel loaded = loaded_model(linear_executable(bias(model, version)));
    auto made = make_served_model("m" + std::to_string(model), std::to_string(version), "",
                                  std::move(loaded), metrics_);
    auto costly = std::make_shared<ServedModel>(*made);
    costly->seconds_first_row = 1e-6 * (model + 1);
    const std::lock_guard lock(mutex_);
    std::vector<std::shared_ptr<const ServedModel>> all;
    if (set_ != nullptr) {
      for (const auto& other : set_->models()) {
        if (other->name != costly->name) all.push_back(other);
      }
    }
    all.push_back(std::move(costly));
    set_ = std::make_shared<const ModelSet>(std::move(all), std::vector<ModelStatus>(),
                                            ModelSet::Settings());
  }
  std::shared_ptr<const ModelSet> get() const {
    const std::lock_guard lock(mutex_);
    return set_;
  }
  static double bias(int model, int version) { return model * 1000.0 + version; }

 private:
  ServingMetrics& metrics_;
  mutable std::mutex mutex_;
  std::shared_ptr<const ModelSet> set_;
};

/// One loop's random requests.
class StressLoop {
 public:
  StressLoop(InferencePool& pool, const LiveModels& live, unsigned seed)
      : pool_(pool), live_(live), random_(seed) {}

  void ask(int requests) {
    for (int i = 0; i < requests; ++i) ask_one();
  }
  void wait_and_check() {
    for (Asked& asked : asked_) {
      asked.wait();
      check(asked);
    }
  }
  size_t succeeded() const { return succeeded_; }
  size_t failed() const { return asked_.size() - succeeded_; }

 private:
  void ask_one() {
    Asked& asked = asked_.emplace_back();
    InferRequest& request = asked.request;
    request.models = live_.get();
    request.model = request.models->models()[random_() % LiveModels::kModels].get();
    const size_t rows = 1 + random_() % (random_() % 20 == 0 ? 300 : 4);
    request.input.reset(rows, 4, {});
    for (size_t row = 0; row < rows; ++row) {
      for (size_t i = 0; i < 4; ++i) {
        request.input.number_row(row)[i] = static_cast<double>(random_() % 1000);
      }
    }
    if (random_() % 50 == 0) request.input.number_row(rows - 1)[2] = std::nan("");
    request.priority = static_cast<uint32_t>(random_() % (kPriorityLevels + 2));
    if (random_() % 4 == 0) {
      request.deadline =
          std::chrono::steady_clock::now() + std::chrono::microseconds(random_() % 3000);
    }
    if (random_() % 10 == 0) {
      request.cancelled = [countdown = std::make_shared<std::atomic<int>>(random_() % 3)] {
        return --*countdown < 0;
      };
    }
    pool_.submit(request, asked.response, asked.done());
  }

  void check(Asked& asked) {
    ASSERT_EQ(asked.answers, 1);
    const InferRequest& request = asked.request;
    const Status& status = asked.response.status;
    bool finite = true;
    std::vector<double> expected;
    const double bias =
        LiveModels::bias(request.model->name[1] - '0', std::stoi(request.model->version));
    for (size_t row = 0; row < request.input.rows(); ++row) {
      const double* x = request.input.batch().numbers + row * 4;
      expected.push_back(x[0] + 2 * x[1] + 3 * x[2] + 4 * x[3] + bias);
      finite = finite && std::isfinite(expected.back());
    }
    if (status.ok()) {
      ASSERT_TRUE(finite);
      ASSERT_EQ(asked.response.outputs[0].numbers, expected) << request.model->name;
      ++succeeded_;
    } else if (status.code() == StatusCode::kInvalidArgument) {
      ASSERT_FALSE(finite) << status.message();
    } else if (status.code() == StatusCode::kCancelled) {
      ASSERT_TRUE(request.cancelled);
    } else if (status.code() == StatusCode::kDeadlineExceeded) {
      ASSERT_NE(request.deadline, SteadyTime::max());
    } else {
      ASSERT_EQ(status.code(), StatusCode::kResourceExhausted) << status.message();
      ASSERT_GT(asked.response.retry_after_seconds, 0);
    }
  }

  InferencePool& pool_;
  const LiveModels& live_;
  std::mt19937_64 random_;
  std::deque<Asked> asked_;
  size_t succeeded_ = 0;
};

void stress(ServingMetrics& metrics, const AdmissionSettings& settings, unsigned seed) {
  constexpr int kLoops = 3;
  constexpr int kRequests = 1500;
  LiveModels live(metrics);
  std::deque<StressLoop> loops;
  {
    InferencePool pool({.threads = 3, .settings = settings, .cpus = {}});
    std::vector<std::thread> threads;
    for (unsigned i = 0; i < kLoops; ++i) {
      StressLoop& loop = loops.emplace_back(pool, live, seed * kLoops + i);
      threads.emplace_back([&loop] { loop.ask(kRequests); });
    }
    std::thread reloads([&] {
      for (int version = 1; version < 8; ++version) {
        for (int model = 0; model < LiveModels::kModels; ++model) live.replace(model, version);
        pool.set_overrides({{"m1", {.rows_max = static_cast<uint32_t>(version)}}});
      }
    });
    for (std::thread& thread : threads) thread.join();
    reloads.join();
    if (seed % 2 == 0) {
      for (StressLoop& loop : loops) loop.wait_and_check();
    }
  }  // or the pool finishes what is left
  size_t succeeded = 0;
  for (StressLoop& loop : loops) {
    if (seed % 2 != 0) loop.wait_and_check();
    succeeded += loop.succeeded();
  }
  // On a machine that is busy enough, every request may time out.
  if (settings.queue.timeout.count() == 0) {
    EXPECT_GT(succeeded, 0U);
  }
  uint64_t shed = 0;
  for (int model = 0; model < LiveModels::kModels; ++model) {
    for (int version = 0; version < 8; ++version) {
      ModelMetrics& counted = metrics.model("m" + std::to_string(model), std::to_string(version));
      EXPECT_EQ(counted.queue_length.value(), 0);
      for (const metrics::Counter* reason : counted.shed) shed += reason->value();
    }
  }
  EXPECT_LE(shed + succeeded, size_t{kLoops} * kRequests);
}

TEST_F(InferencePoolTest, EachOfManyRequestsIsAnsweredOnceAndRightly) {
  AdmissionSettings settings;
  settings.queue.requests_max = 64;
  stress(metrics_, settings, 1);
}

TEST_F(InferencePoolTest, TheSameWithDelaysTimeoutsAndPreferredSizes) {
  AdmissionSettings settings;
  settings.queue.requests_max = 500;
  settings.queue.timeout = std::chrono::milliseconds(5);
  settings.batch.rows_max = 16;
  settings.batch.delay_max = std::chrono::microseconds(300);
  settings.batch.preferred_rows = {4, 8};
  ServingMetrics metrics(1);
  stress(metrics, settings, 2);
}

TEST_F(InferencePoolTest, TheSameWithoutJoining) {
  AdmissionSettings settings;
  settings.batch.rows_max = 1;
  ServingMetrics metrics(1);
  stress(metrics, settings, 3);
}

}  // namespace
}  // namespace slipway::serving
