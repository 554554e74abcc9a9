#include "cli/training_run.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>

namespace slipway::cli {
namespace {

using training::Candidate;
using training::CandidateScores;
using training::Learner;
using training::Problem;
using training::Task;

constexpr std::array<std::string_view, 5> kUsualClassifiers = {
    "logistic_regression", "random_forest", "gradient_boosting", "knn", "naive_bayes"};
constexpr std::array<std::string_view, 5> kUsualRegressors = {"ridge", "lasso", "random_forest",
                                                              "gradient_boosting", "knn"};
constexpr std::array<std::string_view, 7> kUnscaled = {
    "decision_tree", "random_forest",  "extra_trees", "gradient_boosting",
    "naive_bayes",   "multinomial_nb", "bernoulli_nb"};

/// Learners that this program has of those that are usual.
std::vector<std::string> usual_learners(Task task) {
  const auto& usual = task == Task::kClassification ? kUsualClassifiers : kUsualRegressors;
  std::vector<std::string> names;
  for (const std::string_view name : usual) {
    if (training::find_learner(name, task).ok()) names.emplace_back(name);
  }
  return names;
}

bool knows(const Learner& learner, std::string_view hyperparameter) {
  return std::ranges::any_of(learner.hyperparameters, [&](const training::Hyperparameter& entry) {
    return entry.name == hyperparameter;
  });
}

Result<std::vector<Candidate>> make_candidates(const TrainingPlan& plan, const Problem& problem) {
  const bool is_given = !plan.learners.empty();
  const std::vector<std::string> names = is_given ? plan.learners : usual_learners(problem.task);
  const auto combinations =
      TRY(plan.draws > 0 ? training::draw_from_grid(plan.grid, plan.draws, plan.seed)
                         : training::expand_grid(plan.grid));
  std::vector<Candidate> candidates;
  for (const std::string& name : names) {
    const Learner* learner = TRY(training::find_learner(name, problem.task));
    const bool knows_all = std::ranges::all_of(
        plan.grid, [&](const auto& entry) { return knows(*learner, entry.first); });
    // Of several learners, those that have other hyperparameters keep their defaults.
    std::vector<training::HyperparameterTexts> tried = combinations;
    if (!knows_all && names.size() > 1) tried = {{}};
    Candidate candidate;
    candidate.learner = learner;
    candidate.plan = plan.preparation;
    const bool unscaled = std::ranges::find(kUnscaled, learner->name) != kUnscaled.end();
    if (plan.scale_as_needed && unscaled) {
      candidate.plan.scale = training::PreparationPlan::Scale::kNone;
    }
    for (training::HyperparameterTexts& texts : tried) {
      TRY_STATUS(training::Hyperparameters::check(learner->name, learner->hyperparameters, texts)
                     .status());
      candidate.hyperparameters = std::move(texts);
      candidates.push_back(candidate);
    }
  }
  const bool grid_was_used =
      plan.grid.empty() || std::ranges::any_of(candidates, [](const Candidate& candidate) {
        return !candidate.hyperparameters.empty();
      });
  if (!grid_was_used) {
    return invalid_argument(
        fmt::format("no learner has all of the hyperparameters that are to be "
                    "tried: {}",
                    training::combination_text(combinations[0])));
  }
  return candidates;
}

bool is_better(double a, double b, std::string_view metric) {
  if (std::isnan(a) || std::isnan(b)) return std::isnan(b) && !std::isnan(a);
  return training::is_loss(metric) ? a < b : a > b;
}

/// Stops a search when its time is over or its user says so.
class Watch {
 public:
  explicit Watch(const TrainingPlan& plan) : plan_(plan) {
    end_ = std::chrono::steady_clock::now() +
           std::chrono::duration_cast<std::chrono::steady_clock::duration>(
               std::chrono::duration<double>(plan.budget_seconds));
  }
  bool is_over() const {
    return (plan_.stop != nullptr && plan_.stop->load()) ||
           (plan_.budget_seconds > 0 && std::chrono::steady_clock::now() > end_);
  }

 private:
  const TrainingPlan& plan_;
  std::chrono::steady_clock::time_point end_;
};

/// Candidates are judged a few at a time, so that what is done by the end of the time counts.
Status search(const TrainingPlan& plan, std::span<const training::Fold> folds, TrainingRun& run) {
  const Watch watch(plan);
  training::CrossValidationOptions options{plan.seed, plan.threads, plan.stop, {}};
  const size_t together = plan.budget_seconds > 0 ? 1 : run.candidates.size();
  const size_t total = run.candidates.size() * folds.size();
  size_t done = 0;
  size_t first = 0;
  double best = std::nan("");
  std::vector<training::CandidateScores> partial(run.candidates.size());
  options.progress = [&](size_t candidate, size_t, const training::MetricValues& metrics) {
    CandidateScores& scores = partial[first + candidate];
    scores.folds.push_back(metrics);
    const double mean = scores.mean(run.scoring);
    if (scores.folds.size() == folds.size() && is_better(mean, best, run.scoring)) best = mean;
    if (plan.progress) plan.progress(++done, total, best);
  };
  for (; first < run.candidates.size(); first += together) {
    if (first > 0 && watch.is_over()) {
      run.was_stopped = true;
      CandidateScores left;
      left.status = Status(StatusCode::kCancelled, "not tried: the time was over");
      run.scores.resize(run.candidates.size(), left);
      return {};
    }
    auto scores = TRY(cross_validate(
        run.problem, std::span(run.candidates).subspan(first, together), folds, options));
    std::ranges::move(scores, std::back_inserter(run.scores));
  }
  run.was_stopped = plan.stop != nullptr && plan.stop->load();
  return {};
}

/// Before anything is computed.
Status check_metric(const TrainingRun& run) {
  const std::vector<std::string> names = training::metric_names(run.problem);
  if (std::ranges::find(names, run.scoring) != names.end()) return {};
  return invalid_argument(fmt::format("there is no metric '{}' of a {}; there are {}", run.scoring,
                                      task_name(run.problem.task), fmt::join(names, ", ")));
}

Status rank(TrainingRun& run) {
  for (size_t i = 0; i < run.scores.size(); ++i) {
    if (run.scores[i].status.ok()) run.ranking.push_back(i);
  }
  if (run.ranking.empty()) {
    return run.scores.empty() ? internal_error("nothing was tried") : run.scores[0].status;
  }
  std::ranges::stable_sort(run.ranking, [&](size_t a, size_t b) {
    return is_better(run.scores[a].mean(run.scoring), run.scores[b].mean(run.scoring), run.scoring);
  });
  if (!std::isnan(run.scores[run.ranking[0]].mean(run.scoring))) return {};
  return invalid_argument(fmt::format("{} cannot be told of these models", run.scoring));
}

Result<std::shared_ptr<const Graph>> graph_of(const Problem& problem,
                                              const training::FittedCandidate& fitted,
                                              const std::string& path) {
  Signature signature = fitted.preparation.signature();
  GraphBuilder builder(static_cast<uint32_t>(signature.columns.size()));
  const ValueId features = TRY(fitted.preparation.append(builder, "preparation"));
  training::ModelNaming naming;
  naming.labels = problem.labels;
  naming.columns = fitted.preparation.names();
  naming.path = path;
  signature.outputs = TRY(fitted.fit.model->append(builder, features, naming));
  return std::move(builder).finish(std::move(signature));
}

/// The best once more, on all training rows.
Status fit_best(const TrainingPlan& plan, const training::Partition& rows, TrainingRun& run) {
  const Candidate& best = run.candidates[run.ranking[0]];
  const std::vector<uint32_t> train = frame_rows(run.problem, rows.train);
  const training::FittedCandidate fitted =
      TRY(fit_candidate(run.problem, best, train, {plan.seed, plan.threads, nullptr}));
  run.warnings = fitted.fit.warnings;
  run.hyperparameters = fitted.fit.hyperparameters.texts();
  run.features = fitted.preparation.names();
  run.train_rows = train.size();
  run.graph = TRY(graph_of(run.problem, fitted, std::string(best.learner->name)));
  if (rows.test.empty()) return {};
  const std::vector<uint32_t> test = frame_rows(run.problem, rows.test);
  const std::vector<double> matrix = TRY(fitted.preparation.transform(*run.problem.frame));
  const uint32_t width = fitted.preparation.width();
  run.test_metrics =
      TRY(judge(fitted.fit, run.problem, test, training::rows_of(matrix, width, test), width));
  return {};
}

}  // namespace

Result<TrainingRun> run_training(const data::Frame& frame, const TrainingPlan& plan) {
  TrainingRun run;
  run.problem = TRY(make_problem(frame, plan.problem));
  run.candidates = TRY(make_candidates(plan, run.problem));
  run.scoring = plan.scoring.empty() ? training::usual_metric(run.problem.task) : plan.scoring;
  TRY_STATUS(check_metric(run));
  const training::Partition rows = TRY(make_partition(run.problem, plan.partition));
  run.partition = partition_text(plan.partition, rows);
  run.folds = rows.folds.size();
  TRY_STATUS(search(plan, rows.folds, run));
  TRY_STATUS(rank(run));
  TRY_STATUS(fit_best(plan, rows, run));
  return run;
}

}  // namespace slipway::cli
