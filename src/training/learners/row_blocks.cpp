#include "training/learners/internal/row_blocks.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

#include "training/learners/internal/vector_math.h"

namespace slipway::training {
namespace {

constexpr size_t kRows = RowBlocks::kRows;

constexpr size_t kVectors = kRows / kLanes;

SLIPWAY_INLINE double sum(const Lanes& v) {
  return ((v[0] + v[4]) + (v[2] + v[6])) + ((v[1] + v[5]) + (v[3] + v[7]));
}

/// scores[i] = bias + sum of weights[j] * block[j][i].
SLIPWAY_INLINE void block_scores(const double* block, uint32_t columns, const double* weights,
                                 double bias, double* scores) {
  constexpr size_t kTile = 4;  // vectors of accumulators
  for (size_t first = 0; first < kVectors; first += kTile) {
    Lanes acc[kTile];
    for (Lanes& lane : acc) lane = Lanes{} + bias;
    const double* x = block + first * kLanes;
    for (uint32_t j = 0; j < columns; ++j, x += kRows) {
      for (size_t t = 0; t < kTile; ++t) {
        Lanes value;
        load(value, x + t * kLanes);
        acc[t] += value * weights[j];
      }
    }
    for (size_t t = 0; t < kTile; ++t) store(scores + (first + t) * kLanes, acc[t]);
  }
}

/// gradient[j] += sum of block[j][i] * derivative[i]; gives the sum of the derivatives.
SLIPWAY_INLINE double block_gradient(const double* block, uint32_t columns,
                                     const double* derivative, double* gradient) {
  constexpr uint32_t kTile = 4;  // columns that share a pass over the derivatives
  uint32_t j = 0;
  for (; j + kTile <= columns; j += kTile) {
    Lanes acc[kTile] = {};
    for (size_t v = 0; v < kVectors; ++v) {
      Lanes d;
      load(d, derivative + v * kLanes);
      for (uint32_t t = 0; t < kTile; ++t) {
        Lanes value;
        load(value, block + (j + t) * kRows + v * kLanes);
        acc[t] += value * d;
      }
    }
    for (uint32_t t = 0; t < kTile; ++t) gradient[j + t] += sum(acc[t]);
  }
  for (; j < columns; ++j) {
    Lanes acc = {};
    for (size_t v = 0; v < kVectors; ++v) {
      Lanes d;
      Lanes value;
      load(d, derivative + v * kLanes);
      load(value, block + j * kRows + v * kLanes);
      acc += value * d;
    }
    gradient[j] += sum(acc);
  }
  Lanes total = {};
  for (size_t v = 0; v < kVectors; ++v) {
    Lanes d;
    load(d, derivative + v * kLanes);
    total += d;
  }
  return sum(total);
}

/// A block's targets, as the losses want them.
struct BlockRows {
  const int32_t* classes;
  const double* weights;
  int32_t positive;
  bool is_weighted;  // else weights are 1, and 0 beyond the last row
};

/// log(1 + exp(-m)) with m = s z; the scores become its derivatives by z.
SLIPWAY_INLINE double logistic(const BlockRows& rows, double* scores, double* exponents) {
  Lanes product = Lanes{} + 1.0;
  double loss = 0;
  for (size_t at = 0; at < kRows; at += kLanes) {
    Lanes s;
    for (size_t i = 0; i < kLanes; ++i) s[i] = rows.classes[at + i] == rows.positive ? 1.0 : -1.0;
    Lanes z;
    Lanes weight;
    load(z, scores + at);
    load(weight, rows.weights + at);
    const Lanes zero = {};
    const Lanes margin = s * z;
    Lanes e = margin < zero ? margin : -margin;  // -|m|
    exp_lanes(e);
    const Lanes denominator = 1.0 + e;
    const Lanes tail = margin < zero ? -margin : zero;  // the loss is log(1 + e) + max(0, -m)
    // 1 / (1 + exp(m)): e / (1 + e) for positive margins, 1 / (1 + e) for negative ones.
    const Lanes share = (margin < zero ? zero + 1.0 : e) / denominator;
    store(scores + at, -(s * share * weight));
    loss += sum(tail * weight);
    if (rows.is_weighted) {
      store(exponents + at, e);
    } else {
      // A sum of logarithms is the logarithm of the product: at most 2^16 in each lane. Padding has
      // a factor of 1.
      product *= 1.0 + e * weight;
    }
  }
  if (!rows.is_weighted) {
    for (size_t i = 0; i < kLanes; ++i) loss += std::log(product[i]);
    return loss;
  }
  for (size_t i = 0; i < kRows; ++i) loss += rows.weights[i] * std::log1p(exponents[i]);
  return loss;
}

/// logsumexp(z) - z[class]; the scores (outputs x kRows) become its derivatives.
SLIPWAY_INLINE double multinomial(const BlockRows& rows, uint32_t outputs, double* scores) {
  double loss = 0;
  for (size_t at = 0; at < kRows; at += kLanes) {
    Lanes top;
    load(top, scores + at);
    for (uint32_t k = 1; k < outputs; ++k) {
      Lanes z;
      load(z, scores + k * kRows + at);
      top = z > top ? z : top;
    }
    Lanes own;
    for (size_t i = 0; i < kLanes; ++i) {
      own[i] = scores[static_cast<size_t>(rows.classes[at + i]) * kRows + at + i];
    }
    Lanes total = {};
    for (uint32_t k = 0; k < outputs; ++k) {
      Lanes z;
      load(z, scores + k * kRows + at);
      z -= top;
      exp_lanes(z);
      total += z;
      store(scores + k * kRows + at, z);
    }
    Lanes weight;
    load(weight, rows.weights + at);
    const Lanes factor = weight / total;
    for (uint32_t k = 0; k < outputs; ++k) {
      Lanes z;
      load(z, scores + k * kRows + at);
      store(scores + k * kRows + at, z * factor);
    }
    for (size_t i = 0; i < kLanes; ++i) {
      scores[static_cast<size_t>(rows.classes[at + i]) * kRows + at + i] -= weight[i];
      loss += weight[i] * (std::log(total[i]) + top[i] - own[i]);
    }
  }
  return loss;
}

SLIPWAY_INLINE double squared_hinge(const BlockRows& rows, double* scores) {
  double loss = 0;
  for (size_t i = 0; i < kRows; ++i) {
    const double s = rows.classes[i] == rows.positive ? 1.0 : -1.0;
    const double lack = std::max(0.0, 1.0 - s * scores[i]);
    loss += rows.weights[i] * lack * lack;
    scores[i] = -2.0 * s * lack * rows.weights[i];
  }
  return loss;
}

struct BlockTask {
  RowBlocks::Loss loss;
  uint32_t outputs;
  uint32_t columns;
  const double* block;
  const double* theta;
  double* gradient;
  double* scores;
  double* exponents;
};

SLIPWAY_INLINE double block_loss(const BlockTask& task, const BlockRows& rows) {
  const size_t columns = task.columns;
  const double* biases = task.theta + task.outputs * columns;
  for (uint32_t k = 0; k < task.outputs; ++k) {
    block_scores(task.block, task.columns, task.theta + k * columns, biases[k],
                 task.scores + k * kRows);
  }
  double loss = 0;
  switch (task.loss) {
    case RowBlocks::Loss::kLogistic: loss = logistic(rows, task.scores, task.exponents); break;
    case RowBlocks::Loss::kMultinomial: loss = multinomial(rows, task.outputs, task.scores); break;
    case RowBlocks::Loss::kSquaredHinge: loss = squared_hinge(rows, task.scores); break;
  }
  for (uint32_t k = 0; k < task.outputs; ++k) {
    task.gradient[task.outputs * columns + k] += block_gradient(
        task.block, task.columns, task.scores + k * kRows, task.gradient + k * columns);
  }
  return loss;
}

using BlockLoss = double (*)(const BlockTask& task, const BlockRows& rows);

double loss_plain(const BlockTask& task, const BlockRows& rows) { return block_loss(task, rows); }

#if defined(__x86_64__)
SLIPWAY_TARGET("avx2,fma") double loss_avx2(const BlockTask& task, const BlockRows& rows) {
  return block_loss(task, rows);
}
SLIPWAY_TARGET("avx512f,avx512dq,avx512vl,fma")
double loss_avx512(const BlockTask& task, const BlockRows& rows) { return block_loss(task, rows); }

BlockLoss choose() {
  switch (vector_target()) {
    case VectorTarget::kAvx512: return loss_avx512;
    case VectorTarget::kAvx2: return loss_avx2;
    case VectorTarget::kBaseline: break;
  }
  return loss_plain;
}
#else
BlockLoss choose() { return loss_plain; }
#endif

}  // namespace

RowBlocks::RowBlocks(const TrainingData& data, const std::vector<double>& shift,
                     const std::vector<double>& scale)
    : columns_(data.columns),
      blocks_((data.rows + kRows - 1) / kRows),
      is_weighted_(!data.weights.empty()),
      values_(blocks_ * columns_ * kRows),
      classes_(blocks_ * kRows),
      weights_(blocks_ * kRows) {
  for (size_t i = 0; i < data.rows; ++i) {
    double* block = &values_[i / kRows * columns_ * kRows];
    const double* row = data.row(i);
    for (uint32_t j = 0; j < columns_; ++j) {
      block[j * kRows + i % kRows] = (row[j] - shift[j]) / scale[j];
    }
    classes_[i] = data.classes[i];
    weights_[i] = data.weight(i);
  }
}

double RowBlocks::loss(Loss loss, uint32_t outputs, int32_t positive, const double* theta,
                       double* gradient, Scratch& scratch) const {
  static const BlockLoss block_loss_of = choose();
  scratch.scores.resize(outputs * kRows);
  scratch.exponents.resize(kRows);
  const size_t size = size_t{outputs} * columns_ + outputs;
  std::fill_n(gradient, size, 0.0);
  double total = 0;
  for (size_t b = 0; b < blocks_; ++b) {
    const BlockTask task = {loss,
                            outputs,
                            columns_,
                            &values_[b * columns_ * kRows],
                            theta,
                            gradient,
                            scratch.scores.data(),
                            scratch.exponents.data()};
    total +=
        block_loss_of(task, {&classes_[b * kRows], &weights_[b * kRows], positive, is_weighted_});
  }
  return total;
}

}  // namespace slipway::training
