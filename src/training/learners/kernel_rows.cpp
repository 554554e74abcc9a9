#include "training/learners/internal/kernel_rows.h"

#include <algorithm>
#include <cmath>

namespace slipway::training {
namespace {

using Function = SvmOp::KernelFunction;

constexpr size_t kRowBlock = 4 * kLanes;  // rows whose products grow side by side

struct Products {
  const double* x;
  const double* blocks;
  size_t columns;
  size_t count;  // blocks
};

/// out[t] = <x, point t>.
SLIPWAY_INLINE void multiply(const Products& task, double* out) {
  const double* y = task.blocks;
  for (size_t b = 0; b < task.count; ++b, out += kRowBlock) {
    Lanes sums[4] = {};
    for (size_t j = 0; j < task.columns; ++j, y += kRowBlock) {
      for (size_t v = 0; v < 4; ++v) {
        Lanes value;
        load(value, y + v * kLanes);
        sums[v] += value * task.x[j];
      }
    }
    for (size_t v = 0; v < 4; ++v) store(out + v * kLanes, sums[v]);
  }
}

struct Distances {
  const double* products;
  const double* norms;
  double norm;
  double gamma;
  size_t count;
};

/// out[t] = exp(-gamma |x - point t|^2).
SLIPWAY_INLINE void exponentials(const Distances& task, float* out) {
  for (size_t t = 0; t < task.count; t += kLanes) {
    Lanes product;
    Lanes norm;
    load(product, task.products + t);
    load(norm, task.norms + t);
    Lanes power = (2.0 * product - norm - task.norm) * task.gamma;
    const Lanes zero = {};
    power = power > zero ? zero : power;
    exp_lanes(power);
    for (size_t i = 0; i < kLanes; ++i) out[t + i] = static_cast<float>(power[i]);
  }
}

void multiply_baseline(const Products& task, double* out) { multiply(task, out); }
void exponentials_baseline(const Distances& task, float* out) { exponentials(task, out); }

#if defined(__x86_64__)
SLIPWAY_TARGET("avx2,fma") void multiply_avx2(const Products& task, double* out) {
  multiply(task, out);
}
SLIPWAY_TARGET("avx512f,avx512dq,avx512vl,fma")
void multiply_avx512(const Products& task, double* out) { multiply(task, out); }
SLIPWAY_TARGET("avx2,fma") void exponentials_avx2(const Distances& task, float* out) {
  exponentials(task, out);
}
SLIPWAY_TARGET("avx512f,avx512dq,avx512vl,fma")
void exponentials_avx512(const Distances& task, float* out) { exponentials(task, out); }
#endif

void multiply_for(VectorTarget target, const Products& task, double* out) {
#if defined(__x86_64__)
  if (target == VectorTarget::kAvx512) return multiply_avx512(task, out);
  if (target == VectorTarget::kAvx2) return multiply_avx2(task, out);
#endif
  multiply_baseline(task, out);
}

void exponentials_for(VectorTarget target, const Distances& task, float* out) {
#if defined(__x86_64__)
  if (target == VectorTarget::kAvx512) return exponentials_avx512(task, out);
  if (target == VectorTarget::kAvx2) return exponentials_avx2(task, out);
#endif
  exponentials_baseline(task, out);
}

double square(std::span<const double> x) {
  double sum = 0;
  for (const double value : x) sum += value * value;
  return sum;
}

double from_product(const SvmOp::Parameters& kernel, double product) {
  switch (kernel.function) {
    case Function::kLinear:
    case Function::kRbf: return product;
    case Function::kPoly: return std::pow(kernel.gamma * product + kernel.coef0, kernel.degree);
    case Function::kSigmoid: return std::tanh(kernel.gamma * product + kernel.coef0);
  }
  return product;
}

}  // namespace

KernelRows::KernelRows(std::span<const double> points, uint32_t columns,
                       const SvmOp::Parameters& kernel, size_t cache_bytes)
    : kernel_(kernel),
      columns_(columns),
      size_(points.size() / columns),
      padded_((size_ + kRowBlock - 1) / kRowBlock * kRowBlock),
      target_(vector_target()),
      points_(points.begin(), points.end()),
      blocks_(padded_ * columns),
      norms_(padded_),
      products_(padded_),
      slot_of_(size_, kNone) {
  const bool is_of_distances = kernel.function == Function::kRbf;
  for (uint32_t j = 0; j < columns && is_of_distances; ++j) {
    double mean = 0;
    for (size_t i = 0; i < size_; ++i)
      mean += points_[i * columns + j] / static_cast<double>(size_);
    for (size_t i = 0; i < size_; ++i) points_[i * columns + j] -= mean;
  }
  diagonal_.reserve(size_);
  for (size_t i = 0; i < size_; ++i) {
    const std::span<const double> x(points_.data() + i * columns, columns);
    for (uint32_t j = 0; j < columns; ++j) {
      blocks_[(i / kRowBlock * columns + j) * kRowBlock + i % kRowBlock] = x[j];
    }
    norms_[i] = square(x);
    diagonal_.push_back(is_of_distances ? 1 : from_product(kernel, norms_[i]));
  }
  slots_max_ = std::max<size_t>(2, cache_bytes / (padded_ * sizeof(float)));
}

const float* KernelRows::row(size_t i) {
  uint32_t& slot = slot_of_[i];
  if (slot == kNone) {
    slot = take_slot();
    slots_[slot].row = static_cast<uint32_t>(i);
    compute(i, slots_[slot].values.get());
  } else {
    unlink(slot);
  }
  make_newest(slot);
  return slots_[slot].values.get();
}

/// A new one, or the one that was not used for longest, out of the list.
uint32_t KernelRows::take_slot() {
  if (slots_.size() < slots_max_) {
    Slot& slot = slots_.emplace_back();
    slot.values = std::make_unique_for_overwrite<float[]>(padded_);
    return static_cast<uint32_t>(slots_.size() - 1);
  }
  const uint32_t slot = oldest_;
  slot_of_[slots_[slot].row] = kNone;
  unlink(slot);
  return slot;
}

void KernelRows::unlink(uint32_t slot) {
  const Slot& one = slots_[slot];
  (one.newer == kNone ? newest_ : slots_[one.newer].older) = one.older;
  (one.older == kNone ? oldest_ : slots_[one.older].newer) = one.newer;
}

void KernelRows::make_newest(uint32_t slot) {
  slots_[slot].newer = kNone;
  slots_[slot].older = newest_;
  (newest_ == kNone ? oldest_ : slots_[newest_].newer) = slot;
  newest_ = slot;
}

void KernelRows::compute(size_t i, float* values) const {
  const double* x = points_.data() + i * columns_;
  multiply_for(target_, {x, blocks_.data(), columns_, padded_ / kRowBlock}, products_.data());
  if (kernel_.function == Function::kRbf) {
    exponentials_for(target_, {products_.data(), norms_.data(), norms_[i], kernel_.gamma, padded_},
                     values);
    return;
  }
  for (size_t t = 0; t < padded_; ++t) {
    values[t] = static_cast<float>(from_product(kernel_, products_[t]));
  }
}

}  // namespace slipway::training
