#include "training/learners/internal/svm_machine.h"

#include <fmt/format.h>

#include <cmath>
#include <span>

#include "training/learners/internal/smo.h"

namespace slipway::training {
namespace {

double kernel_value(const SvmOp::Parameters& kernel, std::span<const double> a,
                    std::span<const double> b) {
  using Function = SvmOp::KernelFunction;
  double sum = 0;
  for (size_t j = 0; j < a.size(); ++j) {
    const double d = a[j] - b[j];
    sum += kernel.function == Function::kRbf ? d * d : a[j] * b[j];
  }
  switch (kernel.function) {
    case Function::kLinear: return sum;
    case Function::kPoly: return std::pow(kernel.gamma * sum + kernel.coef0, kernel.degree);
    case Function::kRbf: return std::exp(-kernel.gamma * sum);
    case Function::kSigmoid: return std::tanh(kernel.gamma * sum + kernel.coef0);
  }
  return 0;
}

}  // namespace

void SvmMachine::add(const TrainingData& data, size_t row, double target) {
  if (data.weight(row) == 0) return;
  x_.insert(x_.end(), data.row(row), data.row(row) + data.columns);
  targets_.push_back(target);
  weights_.push_back(data.weight(row));
  rows_.push_back(row);
}

Status SvmMachine::solve(std::string_view learner, const SvmTask& task) {
  if (targets_.empty()) {
    return invalid_argument(fmt::format("{}: no row of a class has a weight above 0", learner));
  }
  const size_t count = targets_.size();
  SmoProblem problem;
  problem.tolerance = task.tolerance;
  problem.iterations_max = task.iterations_max;
  problem.stop = task.stop;
  problem.bounds.reserve(2 * count);
  for (const double weight : weights_) problem.bounds.push_back(task.c * weight);
  if (!task.regression_epsilon) {
    problem.signs = targets_;
    problem.linear.assign(count, -1);
  } else {
    // Two variables for each row: above the tube and below it.
    problem.signs.assign(2 * count, 1);
    problem.linear.assign(2 * count, *task.regression_epsilon);
    for (size_t i = 0; i < count; ++i) {
      problem.bounds.push_back(problem.bounds[i]);
      problem.signs[count + i] = -1;
      problem.linear[i] -= targets_[i];
      problem.linear[count + i] += targets_[i];
    }
  }
  KernelRows kernel(x_, task.columns, task.kernel, task.cache_bytes);
  x_ = {};
  const SmoSolution solution = TRY(solve_smo(kernel, problem));
  for (size_t i = 0; i < count; ++i) {
    double coefficient = problem.signs[i] * solution.alpha[i];
    if (task.regression_epsilon) coefficient -= solution.alpha[count + i];
    if (!std::isfinite(coefficient)) {
      return invalid_argument(fmt::format(
          "{}: the numbers of its kernel grow beyond all bounds; scale the columns", learner));
    }
    if (coefficient != 0) vectors_.push_back({rows_[i], coefficient});
  }
  bias_ = solution.bias;
  converged_ = solution.converged;
  return {};
}

double SvmMachine::decision(const TrainingData& data, const SvmOp::Parameters& kernel,
                            size_t row) const {
  double sum = bias_;
  for (const Vector& vector : vectors_) {
    sum += vector.coefficient * kernel_value(kernel, {data.row(row), data.columns},
                                             {data.row(vector.row), data.columns});
  }
  return sum;
}

}  // namespace slipway::training
