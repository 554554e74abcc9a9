// svc and svr: each pair of classes (or the regression) is a machine of its own; the result is laid
// out as libsvm's, which the graph's op takes.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <random>

#include "graph/ops/basic.h"
#include "graph/ops/linear.h"
#include "graph/ops/svm.h"
#include "training/learners/internal/families.h"
#include "training/learners/internal/outputs.h"
#include "training/learners/internal/platt.h"
#include "training/learners/internal/svm_machine.h"
#include "training/parallel.h"

namespace slipway::training {
namespace {

using Kind = Hyperparameter::Kind;

constexpr Hyperparameter kC = {"C", Kind::kNumber, "1.0", 0, 1e300, true};
constexpr Hyperparameter kKernel = {
    "kernel", Kind::kWord, "rbf", 0, 0, false, "linear|poly|rbf|sigmoid"};
constexpr Hyperparameter kDegree = {"degree", Kind::kInteger, "3", 0, 100};
constexpr Hyperparameter kGamma = {"gamma", Kind::kNumber, "scale", 0, 1e300, true, "scale|auto"};
constexpr Hyperparameter kCoef0 = {"coef0", Kind::kNumber, "0.0", -1e300, 1e300};
constexpr Hyperparameter kShrinking = {"shrinking", Kind::kFlag, "true"};
constexpr Hyperparameter kTol = {"tol", Kind::kNumber, "0.001", 0, 1e300, true};
constexpr Hyperparameter kCache = {"cache_size", Kind::kNumber, "200", 0, 1e6, true};
constexpr Hyperparameter kMaxIter = {"max_iter", Kind::kInteger, "-1", -1, 1e9};

constexpr std::array kSvcTable = {
    kC,
    kKernel,
    kDegree,
    kGamma,
    kCoef0,
    kShrinking,
    kTol,
    kCache,
    kMaxIter,
    Hyperparameter{"probability", Kind::kFlag, "false"},
    Hyperparameter{"class_weight", Kind::kWord, "none", 0, 0, false, "none|balanced"}};
constexpr std::array kSvrTable = {
    kC,     kKernel,    kDegree, kGamma, Hyperparameter{"epsilon", Kind::kNumber, "0.1", 0, 1e300},
    kCoef0, kShrinking, kTol,    kCache, kMaxIter};

class SvmModel final : public FittedModel {
 public:
  /// `sigmoids`: one for each pair of classes, or none.
  SvmModel(std::string_view estimator, SvmOp::Parameters parameters, SvmOp::Tables tables,
           std::vector<Sigmoid> sigmoids = {})
      : estimator_(estimator),
        parameters_(parameters),
        tables_(std::move(tables)),
        sigmoids_(std::move(sigmoids)) {}

  Result<std::vector<OutputSpec>> append(GraphBuilder& graph, ValueId features,
                                         const ModelNaming& naming) const override {
    const ValueId x = TRY(checked_features(graph, features, naming, estimator_));
    const ValueId decisions =
        TRY(graph.add(std::make_unique<SvmOp>(parameters_, tables_), {x}, naming.path));
    if (tables_.counts.empty()) return value_outputs(decisions);
    const auto classes = static_cast<uint32_t>(tables_.counts.size());
    const ValueId index =
        TRY(graph.add(std::make_unique<SvmVoteOp>(classes), {decisions}, naming.path));
    // decision_function speaks for the second of two classes, the op for the first.
    std::unique_ptr<const Op> turn = std::make_unique<SvmOneVsRestOp>(classes);
    if (classes == 2) {
      turn = std::make_unique<LinearOp>(1, 1, std::vector<double>{-1}, std::vector<double>{0});
    }
    const ValueId scores = TRY(graph.add(std::move(turn), {decisions}, naming.path));
    std::vector<OutputSpec> outputs = {label_output(index, naming)};
    if (!sigmoids_.empty()) TRY_STATUS(add_probabilities(graph, decisions, naming, outputs));
    outputs.push_back(number_output("decision_function", scores, graph.type(scores).width, naming));
    return outputs;
  }

 private:
  Status add_probabilities(GraphBuilder& graph, ValueId decisions, const ModelNaming& naming,
                           std::vector<OutputSpec>& outputs) const {
    const auto classes = static_cast<uint32_t>(tables_.counts.size());
    std::vector<double> a;
    std::vector<double> b;
    a.reserve(sigmoids_.size());
    b.reserve(sigmoids_.size());
    for (const Sigmoid& sigmoid : sigmoids_) {
      a.push_back(sigmoid.a);
      b.push_back(sigmoid.b);
    }
    auto op = std::make_unique<SvmProbabilityOp>(classes, std::move(a), std::move(b));
    const ValueId value = TRY(graph.add(std::move(op), {decisions}, naming.path));
    auto log = std::make_unique<ActivationOp>(ActivationOp::Function::kLog);
    const ValueId logs = TRY(graph.add(std::move(log), {value}, naming.path));
    outputs.push_back(number_output("predict_proba", value, classes, naming));
    outputs.push_back(number_output("predict_log_proba", logs, classes, naming));
    return {};
  }

  std::string_view estimator_;
  SvmOp::Parameters parameters_;
  SvmOp::Tables tables_;
  std::vector<Sigmoid> sigmoids_;
};

/// 1 / (columns * variance of all elements) for "scale", 1 / columns for "auto".
double gamma_of(const TrainingData& data, const Hyperparameters& parameters) {
  const std::string_view word = parameters.word("gamma");
  if (word.empty()) return parameters.number("gamma");
  if (word == "auto") return 1 / static_cast<double>(data.columns);
  const size_t count = data.rows * data.columns;
  double mean = 0;
  for (size_t at = 0; at < count; ++at) mean += data.x[at];
  mean /= static_cast<double>(count);
  double variance = 0;
  for (size_t at = 0; at < count; ++at) variance += (data.x[at] - mean) * (data.x[at] - mean);
  variance /= static_cast<double>(count);
  return variance > 0 ? 1 / (static_cast<double>(data.columns) * variance) : 1;
}

SvmOp::Parameters kernel_of(const TrainingData& data, const Hyperparameters& parameters) {
  using Function = SvmOp::KernelFunction;
  SvmOp::Parameters kernel;
  const std::string_view name = parameters.word("kernel");
  kernel.function = name == "linear" ? Function::kLinear
                    : name == "poly" ? Function::kPoly
                    : name == "rbf"  ? Function::kRbf
                                     : Function::kSigmoid;
  kernel.gamma = gamma_of(data, parameters);
  kernel.coef0 = parameters.number("coef0");
  kernel.degree = static_cast<uint32_t>(parameters.integer("degree"));
  return kernel;
}

/// All but the kernel and the rows.
SvmTask task_of(const SvmOp::Parameters& kernel, const TrainingData& data,
                const Hyperparameters& parameters, const FitOptions& options) {
  constexpr double kBytesOfMegabyte = 1 << 20;
  SvmTask task;
  task.kernel = kernel;
  task.columns = data.columns;
  task.c = parameters.number("C");
  task.tolerance = parameters.number("tol");
  // libsvm's bound where none is given.
  const int64_t iterations = parameters.integer("max_iter");
  task.iterations_max = iterations < 1 ? std::max<uint64_t>(10'000'000, 100 * data.rows)
                                       : static_cast<uint64_t>(iterations);
  task.cache_bytes = static_cast<size_t>(parameters.number("cache_size") * kBytesOfMegabyte);
  task.stop = options.stop;
  return task;
}

/// What calibration by cross-validation needs beside the data.
struct Calibration {
  const SvmTask& task;
  uint64_t seed;
};

/// The sigmoid of a pair from decisions on rows that the machine has not seen: five folds of
/// shuffled rows, as libsvm's svm_binary_svc_probability.
Result<Sigmoid> calibrate(const Learner& learner, const TrainingData& data,
                          std::span<const size_t> rows, int32_t positive,
                          const Calibration& calibration) {
  constexpr size_t kFolds = 5;
  std::vector<size_t> order(rows.begin(), rows.end());
  std::mt19937_64 generator(calibration.seed);
  for (size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[generator() % i]);
  std::vector<double> targets(order.size());
  for (size_t i = 0; i < order.size(); ++i) {
    targets[i] = data.classes[order[i]] == positive ? 1 : -1;
  }
  std::vector<double> decisions(order.size(), 0.0);
  for (size_t fold = 0; fold < kFolds; ++fold) {
    const size_t begin = fold * order.size() / kFolds;
    const size_t end = (fold + 1) * order.size() / kFolds;
    SvmMachine machine;
    double sum = 0;
    for (size_t i = 0; i < order.size(); ++i) {
      if (i >= begin && i < end) continue;
      machine.add(data, order[i], targets[i]);
      sum += targets[i];
    }
    // Of one class alone there is nothing to solve: its side is the decision.
    const auto count = static_cast<double>(machine.size());
    if (std::fabs(sum) == count) {
      for (size_t i = begin; i < end; ++i) decisions[i] = count == 0 ? 0 : sum / count;
      continue;
    }
    TRY_STATUS(machine.solve(learner.name, calibration.task));
    for (size_t i = begin; i < end; ++i) {
      decisions[i] = machine.decision(data, calibration.task.kernel, order[i]);
    }
  }
  return fit_sigmoid(decisions, targets);
}

/// Two classes, the first of which counts as positive.
struct ClassPair {
  int32_t first;
  int32_t second;
};

/// In libsvm's order.
std::vector<ClassPair> class_pairs(uint32_t classes) {
  std::vector<ClassPair> pairs;
  pairs.reserve(svm_pairs(classes));
  for (int32_t first = 0; first < static_cast<int32_t>(classes); ++first) {
    for (int32_t second = first + 1; second < static_cast<int32_t>(classes); ++second) {
      pairs.push_back({first, second});
    }
  }
  return pairs;
}

/// The machines of all pairs, and for each training row whether one of them needs it.
struct Pairs {
  std::vector<SvmMachine> machines;  // solved
  std::vector<bool> is_vector;
};

Result<Pairs> solve_pairs(const Learner& learner, const TrainingData& data, const SvmTask& task,
                          const FitOptions& options) {
  std::vector<std::vector<size_t>> by_class(data.class_count);
  for (size_t i = 0; i < data.rows; ++i) {
    by_class[static_cast<size_t>(data.classes[i])].push_back(i);
  }
  const std::vector<ClassPair> wanted = class_pairs(data.class_count);
  Pairs pairs;
  pairs.machines.resize(wanted.size());
  std::vector<Status> solved(wanted.size());
  for_each_index(wanted.size(), options.threads, [&](size_t i) {
    SvmMachine& machine = pairs.machines[i];
    for (const size_t row : by_class[static_cast<size_t>(wanted[i].first)]) {
      machine.add(data, row, 1);
    }
    for (const size_t row : by_class[static_cast<size_t>(wanted[i].second)]) {
      machine.add(data, row, -1);
    }
    solved[i] = machine.solve(learner.name, task);
  });
  for (Status& status : solved) TRY_STATUS(std::move(status));
  pairs.is_vector.assign(data.rows, false);
  for (const SvmMachine& machine : pairs.machines) {
    for (const SvmMachine::Vector& vector : machine.vectors()) pairs.is_vector[vector.row] = true;
  }
  return pairs;
}

/// libsvm's layout: support vectors by class; of the pair (i, j) the coefficients of vectors of
/// class i stand in row j - 1, those of class j in row i.
SvmOp::Tables lay_out(const TrainingData& data, const Pairs& pairs) {
  SvmOp::Tables tables;
  tables.features = data.columns;
  tables.counts.assign(data.class_count, 0);
  std::vector<size_t> order(data.rows, 0);
  size_t count = 0;
  for (uint32_t k = 0; k < data.class_count; ++k) {
    for (size_t i = 0; i < data.rows; ++i) {
      if (data.classes[i] != static_cast<int32_t>(k) || !pairs.is_vector[i]) continue;
      order[i] = count++;
      ++tables.counts[k];
      tables.vectors.insert(tables.vectors.end(), data.row(i), data.row(i) + data.columns);
    }
  }
  tables.dual.assign((data.class_count - 1) * count, 0.0);
  auto machine = pairs.machines.begin();
  for (uint32_t first = 0; first < data.class_count; ++first) {
    for (uint32_t second = first + 1; second < data.class_count; ++second, ++machine) {
      for (const SvmMachine::Vector& vector : machine->vectors()) {
        const bool is_first = data.classes[vector.row] == static_cast<int32_t>(first);
        const size_t row = is_first ? second - 1 : first;
        tables.dual[row * count + order[vector.row]] = vector.coefficient;
      }
      tables.intercepts.push_back(machine->bias());
    }
  }
  return tables;
}

Result<std::vector<Sigmoid>> calibrate_pairs(const Learner& learner, const TrainingData& data,
                                             const Calibration& calibration,
                                             const FitOptions& options) {
  const std::vector<ClassPair> wanted = class_pairs(data.class_count);
  std::vector<Sigmoid> sigmoids(wanted.size());
  std::vector<Status> solved(wanted.size());
  for_each_index(wanted.size(), options.threads, [&](size_t pair) {
    std::vector<size_t> rows;
    for (size_t i = 0; i < data.rows; ++i) {
      if (data.classes[i] == wanted[pair].first || data.classes[i] == wanted[pair].second) {
        rows.push_back(i);
      }
    }
    const Result<Sigmoid> sigmoid = calibrate(learner, data, rows, wanted[pair].first, calibration);
    if (!sigmoid.ok()) {
      solved[pair] = sigmoid.status();
      return;
    }
    sigmoids[pair] = *sigmoid;
  });
  for (Status& status : solved) TRY_STATUS(std::move(status));
  return sigmoids;
}

std::vector<std::string> warnings_of(bool converged) {
  if (converged) return {};
  return {"a machine was not solved to the tolerance within max_iter"};
}

Result<Fit> train_svc(const Learner& learner, const TrainingData& data,
                      const Hyperparameters& parameters, const FitOptions& options) {
  if (data.class_count > kSvmClassesMax) {
    return resource_exhausted(
        fmt::format("svc takes at most {} classes, got {}", kSvmClassesMax, data.class_count));
  }
  const SvmTask task = task_of(kernel_of(data, parameters), data, parameters, options);
  const Pairs pairs = TRY(solve_pairs(learner, data, task, options));
  std::vector<Sigmoid> sigmoids;
  if (parameters.flag("probability")) {
    const Calibration calibration = {task, options.seed};
    sigmoids = TRY(calibrate_pairs(learner, data, calibration, options));
  }
  Fit fit;
  fit.warnings = warnings_of(std::ranges::all_of(pairs.machines, &SvmMachine::converged));
  fit.model = std::make_unique<SvmModel>(learner.estimator, task.kernel, lay_out(data, pairs),
                                         std::move(sigmoids));
  return fit;
}

Result<Fit> train_svr(const Learner& learner, const TrainingData& data,
                      const Hyperparameters& parameters, const FitOptions& options) {
  SvmTask task = task_of(kernel_of(data, parameters), data, parameters, options);
  task.regression_epsilon = parameters.number("epsilon");
  SvmMachine machine;
  for (size_t i = 0; i < data.rows; ++i) machine.add(data, i, data.values[i]);
  TRY_STATUS(machine.solve(learner.name, task));
  SvmOp::Tables tables;
  tables.features = data.columns;
  for (const SvmMachine::Vector& vector : machine.vectors()) {
    const double* row = data.row(vector.row);
    tables.vectors.insert(tables.vectors.end(), row, row + data.columns);
    tables.dual.push_back(vector.coefficient);
  }
  tables.intercepts = {machine.bias()};
  Fit fit;
  fit.warnings = warnings_of(machine.converged());
  fit.model = std::make_unique<SvmModel>(learner.estimator, task.kernel, std::move(tables));
  return fit;
}

}  // namespace

std::span<const Learner> svm_family() {
  static constexpr std::array kTable = {
      Learner{"svc", Task::kClassification, "SVC", "", false, kSvcTable, train_svc},
      Learner{"svr", Task::kRegression, "SVR", "", false, kSvrTable, train_svr},
  };
  return kTable;
}

}  // namespace slipway::training
