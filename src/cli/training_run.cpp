#include "cli/training_run.h"

#include "training/selection/portfolio.h"

namespace slipway::cli {
namespace {

using training::Candidate;
using training::Problem;

training::SearchPlan search_plan(const TrainingPlan& plan) {
  training::SearchPlan search = plan.search;
  search.base = plan.preparation;
  search.scale_as_needed = plan.scale_as_needed;
  search.seed = plan.seed;
  return search;
}

/// `candidates`: none of an automatic search, which finds its own.
Status search(const TrainingPlan& plan, std::vector<Candidate> candidates,
              const training::Partition& partition, TrainingRun& run) {
  training::SelectionOptions options;
  options.scoring = run.scoring;
  options.seed = plan.seed;
  options.threads = plan.threads;
  options.budget_seconds = plan.budget_seconds;
  options.stop = plan.stop;
  options.halving = plan.search.halving;
  options.memory = plan.memory;
  options.progress = plan.progress;
  training::Selection found;
  if (plan.is_automatic) {
    found = TRY(select_automatically(run.problem, partition, search_plan(plan), options,
                                     run.problem.notes));
  } else {
    found = TRY(select(run.problem, std::move(candidates), partition, options));
  }
  run.candidates = std::move(found.candidates);
  run.scores = std::move(found.scores);
  run.ranking = std::move(found.ranking);
  run.rounds = std::move(found.rounds);
  run.was_stopped = found.was_stopped;
  return {};
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
  std::ranges::copy(fitted.notes, std::back_inserter(run.problem.notes));
  run.hyperparameters = fitted.fit.hyperparameters.texts();
  run.features = fitted.preparation.names();
  run.train_rows = fitted.rows;
  run.graph = TRY(graph_of(run.problem, fitted, std::string(best.learner->name)));
  if (rows.test.empty()) return {};
  const std::vector<uint32_t> test = frame_rows(run.problem, rows.test);
  const std::vector<double> x = TRY(fitted.preparation.transform(*run.problem.frame, test));
  run.test_metrics = TRY(judge(fitted.fit, run.problem, test, x, fitted.preparation.width()));
  return {};
}

}  // namespace

Result<TrainingRun> run_training(const data::Frame& frame, const TrainingPlan& plan) {
  TrainingRun run;
  run.problem = TRY(make_problem(frame, plan.problem));
  std::vector<Candidate> candidates;
  if (!plan.is_automatic) {
    candidates = TRY(make_candidates(search_plan(plan), run.problem, run.problem.notes));
  }
  run.scoring = plan.scoring.empty() ? training::usual_metric(run.problem.task) : plan.scoring;
  TRY_STATUS(check_metric(run.problem, run.scoring));
  const training::Partition rows = TRY(make_partition(run.problem, plan.partition));
  run.partition = partition_text(plan.partition, rows);
  run.folds = rows.folds.size();
  TRY_STATUS(search(plan, std::move(candidates), rows, run));
  TRY_STATUS(fit_best(plan, rows, run));
  return run;
}

}  // namespace slipway::cli
