#include "training/learners/internal/smo.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace slipway::training {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kTau = 1e-12;  // in place of a curvature that is not positive
constexpr size_t kNone = SIZE_MAX;

/// The best of some variables, and where it is; of equals the last one.
struct Best {
  double value;
  size_t place;
};

/// Lanes of candidates into one.
SLIPWAY_INLINE Best best_of(const Lanes& values, const Lanes& places, double none) {
  Best best{none, kNone};
  for (size_t i = 0; i < kLanes; ++i) {
    if (values[i] > best.value || places[i] < 0) continue;
    const auto place = static_cast<size_t>(places[i]);
    if (values[i] == best.value && best.place != kNone && place < best.place) continue;
    best = {values[i], place};
  }
  return best;
}

/// Variables [begin, begin + count), padded; slopes are y_t times the gradient.
struct Update {
  double* slopes;
  const double* up;    // 0 where y_t a_t may grow, else infinity
  const double* down;  // 0 where it may become less, else infinity
  const float* first;  // kernel rows of the two that moved
  const float* second;
  double first_step;  // y times the change
  double second_step;
  size_t begin;
  size_t count;
};

struct Extremes {
  Best least;       // slope among those that may grow
  double greatest;  // among those that may become less
};

/// Moves all slopes along, and finds the next first variable.
SLIPWAY_INLINE void update_slopes(const Update& task, Extremes& found) {
  const Lanes infinite = Lanes{} + kInfinity;
  Lanes least = infinite;
  Lanes places = Lanes{} - 1.0;
  Lanes greatest = -infinite;
  Lanes here = {0, 1, 2, 3, 4, 5, 6, 7};
  here += static_cast<double>(task.begin);
  for (size_t t = 0; t < task.count; t += kLanes) {
    Lanes slope;
    Lanes up;
    Lanes down;
    load(slope, task.slopes + t);
    load(up, task.up + t);
    load(down, task.down + t);
    Lanes first;
    Lanes second;
    for (size_t i = 0; i < kLanes; ++i) first[i] = task.first[t + i];
    for (size_t i = 0; i < kLanes; ++i) second[i] = task.second[t + i];
    slope += first * task.first_step + second * task.second_step;
    store(task.slopes + t, slope);
    const Lanes grown = slope + up;
    const auto is_less = grown <= least;
    least = is_less ? grown : least;
    places = is_less ? here : places;
    const Lanes lessened = slope - down;
    greatest = lessened > greatest ? lessened : greatest;
    here += 8.0;
  }
  found.least = best_of(least, places, kInfinity);
  found.greatest = greatest[0];
  for (size_t i = 1; i < kLanes; ++i) found.greatest = std::max(found.greatest, greatest[i]);
}

struct Selection {
  const double* slopes;
  const double* down;
  const double* diagonal;
  const float* row;  // of the first variable
  double least;      // its slope
  double own;        // its K(i, i)
  size_t begin;
  size_t count;
};

/// The second variable: with it the objective falls most, -(difference of slopes)^2 / curvature.
SLIPWAY_INLINE void select_second(const Selection& task, Best& found) {
  const Lanes zero = {};
  const Lanes tau = zero + kTau;
  Lanes best = zero + kInfinity;
  Lanes places = zero - 1.0;
  Lanes here = {0, 1, 2, 3, 4, 5, 6, 7};
  here += static_cast<double>(task.begin);
  for (size_t t = 0; t < task.count; t += kLanes) {
    Lanes slope;
    Lanes down;
    Lanes diagonal;
    load(slope, task.slopes + t);
    load(down, task.down + t);
    load(diagonal, task.diagonal + t);
    Lanes row;
    for (size_t i = 0; i < kLanes; ++i) row[i] = task.row[t + i];
    const Lanes difference = slope - down - task.least;
    Lanes curvature = diagonal + task.own - 2.0 * row;
    curvature = curvature > zero ? curvature : tau;
    Lanes gain = -(difference * difference) / curvature;
    gain = difference > zero ? gain : zero + kInfinity;
    const auto is_less = gain <= best;
    best = is_less ? gain : best;
    places = is_less ? here : places;
    here += 8.0;
  }
  found = best_of(best, places, kInfinity);
}

void update_baseline(const Update& task, Extremes& found) { update_slopes(task, found); }
void select_baseline(const Selection& task, Best& found) { select_second(task, found); }

#if defined(__x86_64__)
SLIPWAY_TARGET("avx2,fma") void update_avx2(const Update& task, Extremes& found) {
  update_slopes(task, found);
}
SLIPWAY_TARGET("avx512f,avx512dq,avx512vl,fma")
void update_avx512(const Update& task, Extremes& found) { update_slopes(task, found); }
SLIPWAY_TARGET("avx2,fma") void select_avx2(const Selection& task, Best& found) {
  select_second(task, found);
}
SLIPWAY_TARGET("avx512f,avx512dq,avx512vl,fma")
void select_avx512(const Selection& task, Best& found) { select_second(task, found); }
#endif

struct Functions {
  void (*update)(const Update& task, Extremes& found) = update_baseline;
  void (*select)(const Selection& task, Best& found) = select_baseline;
};

Functions functions() {
#if defined(__x86_64__)
  switch (vector_target()) {
    case VectorTarget::kAvx512: return {update_avx512, select_avx512};
    case VectorTarget::kAvx2: return {update_avx2, select_avx2};
    case VectorTarget::kBaseline: break;
  }
#endif
  return {};
}

class Solver {
 public:
  Solver(KernelRows& kernel, const SmoProblem& problem)
      : kernel_(kernel),
        problem_(problem),
        points_(kernel.size()),
        padded_((points_ + kLanes - 1) / kLanes * kLanes),
        halves_(problem.signs.size() / points_),
        alpha_(problem.signs.size(), 0.0),
        slopes_(halves_ * padded_, 0.0),
        up_(halves_ * padded_, kInfinity),
        down_(halves_ * padded_, kInfinity),
        diagonal_(padded_, 0.0) {
    std::ranges::copy(kernel.diagonal(), diagonal_.begin());
    for (size_t t = 0; t < alpha_.size(); ++t) {
      slopes_[at(t)] = problem.signs[t] * problem.linear[t];
      set_room(t);
    }
  }

  Result<SmoSolution> run() {
    constexpr uint64_t kStopEvery = 256;
    SmoSolution solution;
    const float* any = kernel_.row(0);
    Extremes extremes = update({any, any, 0, 0});
    uint64_t iteration = 0;
    for (;; ++iteration) {
      if (extremes.greatest - extremes.least.value < problem_.tolerance) break;
      if (extremes.least.place == kNone) break;
      const size_t first = variable(extremes.least.place);
      const float* row = kernel_.row(first % points_);
      const size_t place = select(first, row);
      if (place == kNone) break;
      if (iteration >= problem_.iterations_max) {
        solution.converged = false;
        break;
      }
      if (iteration % kStopEvery == 0 && problem_.stop != nullptr && problem_.stop->load()) {
        return Status(StatusCode::kCancelled, "training was stopped");
      }
      extremes = step(first, variable(place), row);
    }
    solution.bias = bias(extremes);
    solution.alpha = std::move(alpha_);
    return solution;
  }

 private:
  /// Where a variable stands in the padded arrays, and back.
  size_t at(size_t variable) const { return variable / points_ * padded_ + variable % points_; }
  size_t variable(size_t place) const { return place / padded_ * points_ + place % padded_; }

  void set_room(size_t t) {
    const bool may_grow = alpha_[t] < problem_.bounds[t];
    const bool may_fall = alpha_[t] > 0;
    const bool is_positive = problem_.signs[t] > 0;
    up_[at(t)] = (is_positive ? may_grow : may_fall) ? 0 : kInfinity;
    down_[at(t)] = (is_positive ? may_fall : may_grow) ? 0 : kInfinity;
  }

  struct Move {
    const float* first;
    const float* second;
    double first_step;
    double second_step;
  };

  Extremes update(const Move& move) {
    Extremes all{{kInfinity, kNone}, -kInfinity};
    for (size_t half = 0; half < halves_; ++half) {
      const size_t begin = half * padded_;
      Extremes found;
      functions_.update({&slopes_[begin], &up_[begin], &down_[begin], move.first, move.second,
                         move.first_step, move.second_step, begin, padded_},
                        found);
      if (found.least.place != kNone && found.least.value <= all.least.value) {
        all.least = found.least;
      }
      all.greatest = std::max(all.greatest, found.greatest);
    }
    return all;
  }

  size_t select(size_t first, const float* row) {
    Best all{kInfinity, kNone};
    for (size_t half = 0; half < halves_; ++half) {
      const size_t begin = half * padded_;
      Best found;
      functions_.select({&slopes_[begin], &down_[begin], diagonal_.data(), row, slopes_[at(first)],
                         diagonal_[first % points_], begin, padded_},
                        found);
      if (found.place != kNone && found.value <= all.value) all = found;
    }
    return all.value < kInfinity ? all.place : kNone;
  }

  /// Moves both variables along the constraint, as far as the bounds let them (libsvm's order of
  /// clipping).
  Extremes step(size_t i, size_t j, const float* row) {
    const double yi = problem_.signs[i];
    const double yj = problem_.signs[j];
    double curvature = diagonal_[i % points_] + diagonal_[j % points_] -
                       2.0 * static_cast<double>(row[j % points_]);
    if (curvature <= 0) curvature = kTau;
    const double ci = problem_.bounds[i];
    const double cj = problem_.bounds[j];
    const double old_i = alpha_[i];
    const double old_j = alpha_[j];
    double& ai = alpha_[i];
    double& aj = alpha_[j];
    const double gi = yi * slopes_[at(i)];
    const double gj = yj * slopes_[at(j)];
    if (yi != yj) {
      const double delta = (-gi - gj) / curvature;
      const double difference = ai - aj;
      ai += delta;
      aj += delta;
      if (difference > 0 && aj < 0) {
        aj = 0;
        ai = difference;
      } else if (difference <= 0 && ai < 0) {
        ai = 0;
        aj = -difference;
      }
      if (difference > ci - cj && ai > ci) {
        ai = ci;
        aj = ci - difference;
      } else if (difference <= ci - cj && aj > cj) {
        aj = cj;
        ai = cj + difference;
      }
    } else {
      const double delta = (gi - gj) / curvature;
      const double sum = ai + aj;
      ai -= delta;
      aj += delta;
      if (sum > ci && ai > ci) {
        ai = ci;
        aj = sum - ci;
      } else if (sum <= ci && aj < 0) {
        aj = 0;
        ai = sum;
      }
      if (sum > cj && aj > cj) {
        aj = cj;
        ai = sum - cj;
      } else if (sum <= cj && ai < 0) {
        ai = 0;
        aj = sum;
      }
    }
    set_room(i);
    set_room(j);
    const float* other = kernel_.row(j % points_);
    return update({row, other, yi * (ai - old_i), yj * (aj - old_j)});
  }

  /// Minus the mean slope of the free variables; without any, minus the middle of what is allowed.
  double bias(const Extremes& extremes) const {
    double sum = 0;
    size_t free = 0;
    for (size_t t = 0; t < alpha_.size(); ++t) {
      if (!(alpha_[t] > 0 && alpha_[t] < problem_.bounds[t])) continue;
      sum += slopes_[at(t)];
      ++free;
    }
    if (free > 0) return -sum / static_cast<double>(free);
    return -(extremes.least.value + extremes.greatest) / 2;
  }

  KernelRows& kernel_;
  const SmoProblem& problem_;
  const size_t points_;
  const size_t padded_;
  const size_t halves_;
  const Functions functions_ = functions();
  std::vector<double> alpha_;
  std::vector<double> slopes_;  // y_t times the gradient
  std::vector<double> up_;
  std::vector<double> down_;
  std::vector<double> diagonal_;
};

}  // namespace

Result<SmoSolution> solve_smo(KernelRows& kernel, const SmoProblem& problem) {
  return Solver(kernel, problem).run();
}

}  // namespace slipway::training
