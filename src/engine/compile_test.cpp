#include "engine/compile.h"

#include <gtest/gtest.h>

#include <atomic>
#include <bit>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <new>
#include <random>

#include "graph/ops/basic.h"
#include "graph/ops/linear.h"

namespace {
std::atomic<uint64_t>& allocation_count() {
  static std::atomic<uint64_t> count{0};
  return count;
}
}  // namespace

// Counts every allocation of the test, to prove that a warm run makes none.
void* operator new(size_t size) {
  allocation_count().fetch_add(1, std::memory_order_relaxed);
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
// std::stable_sort's; a part replaced would not fit the rest.
void* operator new(size_t size, const std::nothrow_t&) noexcept {
  allocation_count().fetch_add(1, std::memory_order_relaxed);
  return std::malloc(size);
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, size_t) noexcept { std::free(memory); }

namespace slipway::engine {
namespace {

constexpr uint32_t kColumns = 13;
constexpr uint32_t kClasses = 3;

std::vector<double> random_numbers(size_t count, unsigned seed) {
  std::mt19937_64 generator(seed);
  std::normal_distribution<double> normal;
  std::vector<double> numbers(count);
  for (double& number : numbers) number = normal(generator);
  return numbers;
}

LabelTable int_labels() {
  LabelTable labels;
  labels.ints = {10, 20, 30};
  return labels;
}

/// Finite check, linear scores, softmax, argmax: predict and predict_proba.
std::shared_ptr<const Graph> classifier() {
  GraphBuilder builder(kColumns);
  const ValueId x = builder
                        .add(std::make_unique<RequireFiniteOp>(RequireFiniteOp::Options{}, "Model",
                                                               std::vector<std::string>{}),
                             {kNumbersInput}, "")
                        .value();
  const ValueId scores = builder
                             .add(std::make_unique<LinearOp>(kClasses, kColumns,
                                                             random_numbers(kClasses * kColumns, 1),
                                                             random_numbers(kClasses, 2)),
                                  {x}, "")
                             .value();
  const ValueId probabilities =
      builder.add(std::make_unique<ActivationOp>(ActivationOp::Function::kSoftmax), {scores}, "")
          .value();
  const ValueId index = builder.add(std::make_unique<ArgMaxOp>(), {scores}, "").value();
  Signature signature;
  signature.columns.resize(kColumns);
  signature.outputs = {{"predict", index, DType::kInt64, 1, true, {int_labels()}, {}},
                       {"predict_proba", probabilities, DType::kFloat64, kClasses, false, {}, {}}};
  return std::move(builder).finish(std::move(signature)).value();
}

constexpr OutputMask kBoth = 3;

TEST(CompileTest, ARowGivesTheSameBitsAloneInBatchesAndInChunks) {
  const auto graph = classifier();
  const auto whole = compile(graph).value();
  const auto chunked = compile(graph, {.chunk_rows = 7}).value();
  constexpr size_t kRows = 1000;
  const std::vector<double> rows = random_numbers(kRows * kColumns, 3);
  std::vector<OutputBuffer> batch;
  std::vector<OutputBuffer> chunks;
  std::vector<OutputBuffer> alone;
  const auto scratch = whole->make_scratch();
  const auto chunk_scratch = chunked->make_scratch();
  ASSERT_TRUE(whole->run({kRows, rows.data(), nullptr}, kBoth, *scratch, batch).ok());
  ASSERT_TRUE(chunked->run({kRows, rows.data(), nullptr}, kBoth, *chunk_scratch, chunks).ok());
  for (size_t row = 0; row < kRows; ++row) {
    ASSERT_TRUE(
        whole->run({1, rows.data() + row * kColumns, nullptr}, kBoth, *scratch, alone).ok());
    for (size_t k = 0; k < kClasses; ++k) {
      const auto bits = std::bit_cast<uint64_t>(alone[1].numbers[k]);
      EXPECT_EQ(bits, std::bit_cast<uint64_t>(batch[1].numbers[row * kClasses + k]));
      EXPECT_EQ(bits, std::bit_cast<uint64_t>(chunks[1].numbers[row * kClasses + k]));
    }
    EXPECT_EQ(alone[0].indices[0], batch[0].indices[row]);
  }
}

TEST(CompileTest, EveryLinearKernelAgreesWithTheScalarOne) {
  const auto graph = classifier();
  const std::vector<double> rows = random_numbers(50 * kColumns, 4);
  std::vector<OutputBuffer> expected;
  const auto scalar = compile(graph, {.forced_kernels = {{"linear", "scalar"}}}).value();
  ASSERT_TRUE(
      scalar->run({50, rows.data(), nullptr}, kBoth, *scalar->make_scratch(), expected).ok());
  std::vector<OutputBuffer> actual;
  const auto fast = compile(graph, {.forced_kernels = {{"linear", "transposed"}}}).value();
  ASSERT_TRUE(fast->run({50, rows.data(), nullptr}, kBoth, *fast->make_scratch(), actual).ok());
  EXPECT_EQ(expected[1].numbers, actual[1].numbers);
}

TEST(CompileTest, AForcedKernelThatIsNotThereIsAnErrorThatListsThem) {
  const Status status = compile(classifier(), {.forced_kernels = {{"linear", "abacus"}}}).status();
  EXPECT_EQ(status.code(), StatusCode::kNotFound);
  EXPECT_NE(status.message().find("transposed, scalar"), std::string::npos) << status.message();
}

TEST(CompileTest, OnlyWantedOutputsAreComputed) {
  const auto model = compile(classifier()).value();
  const std::vector<double> row = random_numbers(kColumns, 5);
  std::vector<OutputBuffer> outputs;
  ASSERT_TRUE(model->run({1, row.data(), nullptr}, 1, *model->make_scratch(), outputs).ok());
  EXPECT_EQ(outputs[0].indices.size(), 1U);
  EXPECT_TRUE(outputs[1].numbers.empty());
}

TEST(CompileTest, AWarmOneRowRunAllocatesNothing) {
  const auto model = compile(classifier()).value();
  const std::vector<double> row = random_numbers(kColumns, 6);
  const auto scratch = model->make_scratch();
  std::vector<OutputBuffer> outputs;
  ASSERT_TRUE(model->run({1, row.data(), nullptr}, kBoth, *scratch, outputs).ok());
  const uint64_t before = allocation_count().load();
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(model->run({1, row.data(), nullptr}, kBoth, *scratch, outputs).ok());
  }
  EXPECT_EQ(allocation_count().load(), before);
}

TEST(CompileTest, ARefusedNumberIsNamedByRowAndColumn) {
  const auto model = compile(classifier(), {.chunk_rows = 4}).value();
  std::vector<double> rows = random_numbers(10 * kColumns, 7);
  rows[9 * kColumns + 2] = std::numeric_limits<double>::quiet_NaN();
  std::vector<OutputBuffer> outputs;
  const Status status =
      model->run({10, rows.data(), nullptr}, kBoth, *model->make_scratch(), outputs);
  EXPECT_EQ(status.to_string(),
            "INVALID_ARGUMENT: Model takes only finite numbers, got NaN in row 9, column 2");
}

/// Ends a run when it is asked for the second time.
class StopAtSecond final : public RunWatch {
 public:
  Status check() const override {
    return ++asked_ < 2 ? Status() : Status(StatusCode::kDeadlineExceeded, "enough");
  }
  int asked() const { return asked_; }

 private:
  mutable int asked_ = 0;
};

TEST(CompileTest, AWatchedRunStopsBetweenChunks) {
  const auto model = compile(classifier(), {.chunk_rows = 4}).value();
  const std::vector<double> numbers = random_numbers(kColumns * 40, 9);
  const auto scratch = model->make_scratch();
  std::vector<OutputBuffer> outputs;
  StopAtSecond watch;
  scratch->watch = &watch;
  EXPECT_EQ(model->run({40, numbers.data()}, kBoth, *scratch, outputs).message(), "enough");
  EXPECT_EQ(watch.asked(), 2);
  StopAtSecond unasked;  // what goes through at once has begun and ends
  scratch->watch = &unasked;
  EXPECT_TRUE(model->run({4, numbers.data()}, kBoth, *scratch, outputs).ok());
  EXPECT_EQ(unasked.asked(), 0);
  scratch->watch = nullptr;
  EXPECT_TRUE(model->run({40, numbers.data()}, kBoth, *scratch, outputs).ok());
}

TEST(CompileTest, AnEmptyBatchGivesEmptyOutputs) {
  const auto model = compile(classifier()).value();
  std::vector<OutputBuffer> outputs;
  ASSERT_TRUE(model->run({0, nullptr, nullptr}, kBoth, *model->make_scratch(), outputs).ok());
  EXPECT_EQ(outputs[1].rows, 0U);
}

TEST(CompileTest, SparseAndDenseInputsOfALinearOpAgree) {
  const std::vector<double> weights = random_numbers(2 * 4, 8);
  const auto build = [&](bool sparse) {
    GraphBuilder builder(4);
    ValueId x = kNumbersInput;
    if (sparse) x = builder.add(std::make_unique<ConcatSparseOp>(), {x}, "").value();
    const ValueId y =
        builder.add(std::make_unique<LinearOp>(2, 4, weights, std::vector<double>{1, 2}), {x}, "")
            .value();
    Signature signature;
    signature.columns.resize(4);
    signature.outputs = {{"predict", y, DType::kFloat64, 2, false, {}, {}}};
    return compile(std::move(builder).finish(std::move(signature)).value()).value();
  };
  const std::vector<double> rows = {0, 1.5, 0, -2, 0, 0, 0, 0, 3, 0, 0, 1};
  std::vector<OutputBuffer> dense;
  std::vector<OutputBuffer> sparse;
  const auto dense_model = build(false);
  const auto sparse_model = build(true);
  ASSERT_TRUE(
      dense_model->run({3, rows.data(), nullptr}, 1, *dense_model->make_scratch(), dense).ok());
  ASSERT_TRUE(
      sparse_model->run({3, rows.data(), nullptr}, 1, *sparse_model->make_scratch(), sparse).ok());
  EXPECT_EQ(dense[0].numbers, sparse[0].numbers);
}

}  // namespace
}  // namespace slipway::engine
