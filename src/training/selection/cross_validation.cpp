#include "training/selection/cross_validation.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <mutex>

#include "base/file.h"
#include "training/parallel.h"
#include "training/preparation/training_rows.h"

namespace slipway::training {
namespace {

using Clock = std::chrono::steady_clock;

constexpr size_t kMatrixBytesMax = size_t{1} << 30;  // of the folds that are held at once

/// The target of some rows and their weights, as a learner takes it.
struct Target {
  std::vector<int32_t> classes;
  std::vector<double> values;
  std::vector<double> weights;
};

Target target_of(const Problem& problem, std::span<const uint32_t> rows) {
  Target target;
  for (const uint32_t row : rows) {
    if (problem.task == Task::kClassification) target.classes.push_back(problem.classes[row]);
    if (problem.task == Task::kRegression) target.values.push_back(problem.values[row]);
    if (!problem.weights.empty()) target.weights.push_back(problem.weights[row]);
  }
  return target;
}

TrainingData data_of(const Problem& problem, std::span<const double> x, uint32_t width,
                     const Target& target) {
  TrainingData data;
  data.x = x.data();
  data.rows = x.size() / width;
  data.columns = width;
  data.classes = target.classes;
  data.class_count = static_cast<uint32_t>(problem.labels.size());
  data.values = target.values;
  data.weights = target.weights;
  return data;
}

/// One fold, prepared by one plan.
struct PreparedFold {
  std::vector<uint32_t> test_rows;
  std::vector<double> train;
  std::vector<double> test;
  Target target;  // of the training rows
  uint32_t width = 0;
  std::string digest;  // of all of it; empty: nobody asked
};

/// The training rows, prepared.
Result<TrainingRows> prepare_rows(const Problem& problem, std::span<const uint32_t> rows,
                                  const PreparationPlan& plan, uint64_t seed, unsigned threads) {
  PreparationInput input;
  input.frame = problem.frame;
  input.columns = problem.features;
  input.rows = rows;
  input.target.classes = problem.classes;
  input.target.class_count = static_cast<uint32_t>(problem.labels.size());
  input.target.values = problem.values;
  input.seed = seed;
  input.threads = threads;
  return prepare_training_rows(input, plan);
}

Result<PreparedFold> prepare(const Problem& problem, const Fold& fold, const PreparationPlan& plan,
                             uint64_t seed, unsigned threads) {
  PreparedFold prepared;
  const std::vector<uint32_t> rows = frame_rows(problem, fold.train);
  TrainingRows train = TRY(prepare_rows(problem, rows, plan, seed, threads));
  prepared.test_rows = frame_rows(problem, fold.test);
  prepared.width = train.preparation.width();
  prepared.test = TRY(train.preparation.transform(*problem.frame, prepared.test_rows, threads));
  prepared.target = target_of(problem, train.rows);
  prepared.train = std::move(train.matrix);
  return prepared;
}

template <typename T>
void append_digest(std::string& text, std::span<const T> values) {
  text += sha256_hex({reinterpret_cast<const char*>(values.data()), values.size_bytes()});
}

void append_digests(std::string& text, const Target& target) {
  append_digest(text, std::span(target.classes));
  append_digest(text, std::span(target.values));
  append_digest(text, std::span(target.weights));
}

/// Of all that a learner and its judge see of a fold.
std::string digest_of(const Problem& problem, const PreparedFold& fold) {
  std::string text =
      fmt::format("{} {} {} ", task_name(problem.task), problem.labels.size(), fold.width);
  append_digest(text, std::span(fold.train));
  append_digest(text, std::span(fold.test));
  append_digests(text, fold.target);
  append_digests(text, target_of(problem, fold.test_rows));
  return sha256_hex(text);
}

/// Empty if the hyperparameters are none of the learner's.
std::string key_of(const Candidate& candidate, uint64_t seed, const std::string& digest) {
  const auto checked = Hyperparameters::check(
      candidate.learner->name, candidate.learner->hyperparameters, candidate.hyperparameters);
  if (!checked.ok()) return {};
  std::string text = fmt::format("{} {} {}", digest, seed, candidate.learner->name);
  for (const auto& [name, value] : checked->texts())
    text.append(fmt::format("\n{}={}", name, value));
  return sha256_hex(text);
}

/// Whether the same fit would come to the same result another time.
bool is_lasting(const Status& status) {
  return status.ok() || status.code() == StatusCode::kInvalidArgument;
}

/// The candidates by their plans: most searches have one.
std::vector<std::vector<size_t>> by_plan(std::span<const Candidate> candidates) {
  std::vector<std::vector<size_t>> groups;
  for (size_t i = 0; i < candidates.size(); ++i) {
    const auto same = std::ranges::find_if(groups, [&](const std::vector<size_t>& group) {
      return candidates[group[0]].plan == candidates[i].plan;
    });
    if (same == groups.end()) {
      groups.push_back({i});
    } else {
      same->push_back(i);
    }
  }
  return groups;
}

class Run {
 public:
  Run(const Problem& problem, std::span<const Candidate> candidates, std::span<const Fold> folds,
      const CrossValidationOptions& options)
      : problem_(problem), candidates_(candidates), folds_(folds), options_(options) {
    scores_.resize(candidates.size());
    for (CandidateScores& scores : scores_) scores.folds.resize(folds.size());
  }

  /// All candidates of one plan, as many folds at once as memory allows.
  Status run(const std::vector<size_t>& group) {
    for (size_t first = 0; first < folds_.size();) {
      if (is_stopped()) return leave_out(group);
      std::vector<PreparedFold> prepared;
      size_t bytes = 0;
      while (first + prepared.size() < folds_.size() && bytes < kMatrixBytesMax) {
        const Fold& fold = folds_[first + prepared.size()];
        prepared.push_back(TRY(
            prepare(problem_, fold, candidates_[group[0]].plan, options_.seed, options_.threads)));
        bytes += (prepared.back().train.size() + prepared.back().test.size()) * sizeof(double);
      }
      if (options_.memory != nullptr) {
        for_each_index(prepared.size(), options_.threads, [&](size_t fold) {
          prepared[fold].digest = digest_of(problem_, prepared[fold]);
        });
      }
      for_each_index(group.size() * prepared.size(), options_.threads, [&](size_t item) {
        const size_t fold = item % prepared.size();
        fit(group[item / prepared.size()], first + fold, prepared[fold]);
      });
      first += prepared.size();
    }
    return {};
  }

  std::vector<CandidateScores> take() && {
    for (CandidateScores& scores : scores_) {
      scores.fit_seconds /= static_cast<double>(folds_.size());
      if (!scores.status.ok()) scores.folds.clear();
    }
    return std::move(scores_);
  }

 private:
  bool is_stopped() const { return options_.stop != nullptr && options_.stop->load(); }

  Status leave_out(const std::vector<size_t>& group) {
    for (const size_t candidate : group) {
      CandidateScores& scores = scores_[candidate];
      if (scores.status.ok()) scores.status = Status(StatusCode::kCancelled, "stopped");
    }
    return {};
  }

  void fit(size_t candidate, size_t fold, const PreparedFold& prepared) {
    const Candidate& wanted = candidates_[candidate];
    const std::string key =
        options_.memory == nullptr ? std::string() : key_of(wanted, options_.seed, prepared.digest);
    if (!key.empty()) {
      const std::scoped_lock lock(mutex_);
      if (const FoldResult* known = options_.memory->find(key)) {
        take(candidate, fold, *known);
        return;
      }
    }
    const FoldResult result = result_of(wanted, prepared);
    const std::scoped_lock lock(mutex_);
    if (!key.empty() && is_lasting(result.status)) options_.memory->add(key, wanted, result);
    take(candidate, fold, result);
  }

  FoldResult result_of(const Candidate& wanted, const PreparedFold& prepared) const {
    FitOptions options;
    options.seed = options_.seed;
    options.stop = options_.stop;
    FoldResult result;
    const Clock::time_point begin = Clock::now();
    Result<Fit> fitted = training::fit(
        *wanted.learner, data_of(problem_, prepared.train, prepared.width, prepared.target),
        wanted.hyperparameters, options);
    result.seconds = std::chrono::duration<double>(Clock::now() - begin).count();
    result.status = fitted.status();
    if (!fitted.ok()) return result;
    result.warnings = std::move(fitted->warnings);
    Result<MetricValues> metrics =
        judge(*fitted, problem_, prepared.test_rows, prepared.test, prepared.width);
    result.status = metrics.status();
    if (metrics.ok()) result.metrics = *std::move(metrics);
    return result;
  }

  /// The mutex is held.
  void take(size_t candidate, size_t fold, const FoldResult& result) {
    CandidateScores& scores = scores_[candidate];
    if (!result.status.ok()) {
      if (scores.status.ok()) scores.status = result.status;
      return;
    }
    scores.fit_seconds += result.seconds;
    for (const std::string& warning : result.warnings) {
      if (std::ranges::find(scores.warnings, warning) == scores.warnings.end()) {
        scores.warnings.push_back(warning);
      }
    }
    scores.folds[fold] = result.metrics;
    if (options_.progress) options_.progress(candidate, fold, scores.folds[fold]);
  }

  const Problem& problem_;
  const std::span<const Candidate> candidates_;
  const std::span<const Fold> folds_;
  const CrossValidationOptions& options_;
  std::mutex mutex_;  // of scores_
  std::vector<CandidateScores> scores_;
};

double value_of(const MetricValues& values, std::string_view metric) {
  for (const auto& [name, value] : values) {
    if (name == metric) return value;
  }
  return std::numeric_limits<double>::quiet_NaN();
}

}  // namespace

double CandidateScores::mean(std::string_view metric) const {
  double sum = 0;
  for (const MetricValues& values : folds) sum += value_of(values, metric);
  return sum / static_cast<double>(folds.size());  // 0 / 0 is NaN
}

double CandidateScores::deviation(std::string_view metric) const {
  const double middle = mean(metric);
  double squares = 0;
  for (const MetricValues& values : folds)
    squares += std::pow(value_of(values, metric) - middle, 2);
  return std::sqrt(squares / static_cast<double>(folds.size()));
}

Result<std::vector<CandidateScores>> cross_validate(const Problem& problem,
                                                    std::span<const Candidate> candidates,
                                                    std::span<const Fold> folds,
                                                    const CrossValidationOptions& options) {
  if (folds.empty()) return invalid_argument("there is no fold to judge on");
  Run run(problem, candidates, folds, options);
  for (const std::vector<size_t>& group : by_plan(candidates)) TRY_STATUS(run.run(group));
  return std::move(run).take();
}

Result<FittedCandidate> fit_candidate(const Problem& problem, const Candidate& candidate,
                                      std::span<const uint32_t> rows, const FitOptions& options) {
  TrainingRows train =
      TRY(prepare_rows(problem, rows, candidate.plan, options.seed, options.threads));
  const Target target = target_of(problem, train.rows);
  const TrainingData data = data_of(problem, train.matrix, train.preparation.width(), target);
  Fit fit = TRY(training::fit(*candidate.learner, data, candidate.hyperparameters, options));
  return FittedCandidate{std::move(train.preparation), std::move(fit), train.rows.size(),
                         std::move(train.notes)};
}

}  // namespace slipway::training
