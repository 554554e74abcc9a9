// `slipway train`: from a table to a bundle.
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <new>

#include "base/file.h"
#include "base/machine.h"
#include "cli/commands.h"
#include "cli/conversion.h"
#include "cli/json_writer.h"
#include "cli/output_file.h"
#include "cli/packing.h"
#include "cli/search_progress.h"
#include "cli/train_journal.h"
#include "cli/training_run.h"
#include "data/frame_rows.h"
#include "formats/bundle/slip.h"

namespace slipway::cli {
namespace {

using training::CandidateScores;

std::atomic<bool> stop_asked{false};

/// Ctrl-C ends the search with the best so far; a second one ends the program.
void ask_to_stop(int) {
  if (stop_asked.exchange(true)) std::_Exit(130);
}

Result<TrainingPlan> plan_of(const TrainOptions& options) {
  TrainingPlan plan;
  plan.problem.target = options.target;
  plan.problem.ignored = options.ignored;
  if (options.task == "classification") plan.problem.task = training::Task::kClassification;
  if (options.task == "regression") plan.problem.task = training::Task::kRegression;
  TRY_STATUS(set_selection(options.selection, options.seed, plan));
  TRY_STATUS(set_preparation(options.preparation, plan));
  plan.threads = options.threads > 0 ? options.threads : detect_machine().cpus();
  plan.stop = &stop_asked;
  return plan;
}

void write_metrics(JsonWriter& json, const training::MetricValues& metrics) {
  json.begin('{');
  for (const auto& [name, value] : metrics) {
    json.key(name);
    json.real(value);
  }
  json.end('}');
}

void write_texts(JsonWriter& json, const training::HyperparameterTexts& texts) {
  json.begin('{');
  for (const auto& [name, value] : texts) {
    json.key(name);
    json.string(value);
  }
  json.end('}');
}

training::MetricValues mean_metrics(const CandidateScores& scores) {
  training::MetricValues means;
  for (const auto& [name, value] : scores.folds[0]) means.emplace_back(name, scores.mean(name));
  return means;
}

/// What the bundle's manifest says of the training.
std::string details_of(const TrainOptions& options, const TrainingRun& run,
                       const std::string& digest) {
  const training::Candidate& best = run.candidates[run.ranking[0]];
  const CandidateScores& scores = run.scores[run.ranking[0]];
  JsonWriter json;
  json.begin('{');
  json.key("learner");
  json.string(best.learner->name);
  json.key("parameters");
  write_texts(json, run.hyperparameters);
  json.key("metrics");
  write_metrics(json, run.test_metrics.empty() ? mean_metrics(scores) : run.test_metrics);
  json.key("metrics_of");
  json.string(run.test_metrics.empty()
                  ? fmt::format("{}, mean of {} folds", run.partition, run.folds)
                  : "rows that were kept back");
  json.key("selection");
  json.begin('{');
  json.key("scoring");
  json.string(run.scoring);
  json.key("mean");
  json.real(scores.mean(run.scoring));
  json.key("deviation");
  json.real(scores.deviation(run.scoring));
  json.key("candidates");
  json.number(run.candidates.size());
  json.end('}');
  json.key("preparation");
  json.begin('{');
  write_preparation(json, options.preparation, best.plan);
  json.key("features");
  json.strings(run.features);
  json.end('}');
  json.key("training_data");
  json.begin('{');
  json.key("sha256");
  json.string(digest);
  json.key("rows");
  json.number(run.train_rows);
  json.key("target");
  json.string(run.problem.target);
  json.end('}');
  json.key("seed");
  json.number(options.seed);
  json.end('}');
  return json.text();
}

void print_json(const TrainingRun& run, const std::string& place, const std::string& details) {
  JsonWriter json;
  json.begin('{');
  json.key("bundle");
  json.string(place);
  json.key("task");
  json.string(task_name(run.problem.task));
  json.key("stopped");
  json.boolean(run.was_stopped);
  json.key("notes");
  json.strings(run.problem.notes);
  json.key("warnings");
  json.strings(run.warnings);
  json.key("model");
  json.raw(details);
  json.key("validation");
  json.string(run.partition);
  if (!run.rounds.empty()) {
    json.key("rounds");
    json.begin('[');
    for (const training::HalvingRound& round : run.rounds) {
      json.begin('{');
      json.key("candidates");
      json.number(round.candidates);
      json.key("resources");
      json.number(round.resources);
      json.end('}');
    }
    json.end(']');
  }
  json.key("leaderboard");
  json.begin('[');
  for (const size_t i : run.ranking) {
    json.begin('{');
    json.key("learner");
    json.string(run.candidates[i].learner->name);
    json.key("parameters");
    write_texts(json, run.candidates[i].hyperparameters);
    if (!run.candidates[i].preparation.empty()) {
      json.key("preparation");
      write_texts(json, run.candidates[i].preparation);
    }
    if (!run.rounds.empty()) {
      json.key("round");
      json.number(run.scores[i].round);
      json.key("resources");
      json.number(run.scores[i].resources);
    }
    json.key("mean");
    json.real(run.scores[i].mean(run.scoring));
    json.key("deviation");
    json.real(run.scores[i].deviation(run.scoring));
    json.key("fit_seconds");
    json.real(run.scores[i].fit_seconds);
    json.key("metrics");
    write_metrics(json, mean_metrics(run.scores[i]));
    json.end('}');
  }
  json.end(']');
  json.end('}');
  fmt::print("{}\n", json.text());
}

void print_table(const TrainingRun& run, const std::string& place) {
  constexpr size_t kShown = 20;
  fmt::print("{} of '{}': {} rows, {} columns, {} features; {} by {}\n\n",
             task_name(run.problem.task), run.problem.target, run.problem.rows.size(),
             run.problem.features.size(), run.features.size(), run.scoring, run.partition);
  fmt::print("{:>4}  {:>10} {:>8} {:>9}  {}\n", "", run.scoring, "+/-", "fit, s", "learner");
  for (size_t place_in = 0; place_in < std::min(run.ranking.size(), kShown); ++place_in) {
    const size_t i = run.ranking[place_in];
    fmt::print("{:>4}  {:>10.4f} {:>8.4f} {:>9.3f}  {}\n", place_in + 1,
               run.scores[i].mean(run.scoring), run.scores[i].deviation(run.scoring),
               run.scores[i].fit_seconds, training::candidate_text(run.candidates[i]));
  }
  if (run.ranking.size() > kShown) fmt::print("      ... {} more\n", run.ranking.size() - kShown);
  if (!run.test_metrics.empty()) {
    fmt::print("\non the rows that were kept back:\n");
    for (const auto& [name, value] : run.test_metrics) fmt::print("  {:<32} {:.4f}\n", name, value);
  }
  fmt::print("\nwrote {}; serve it: slipway serve {}\n", place, place);
}

void tell(const TrainingRun& run) {
  for (const std::string& note : run.problem.notes) fmt::print(stderr, "slipway: {}\n", note);
  for (const std::string& warning : run.warnings) fmt::print(stderr, "slipway: {}\n", warning);
  for (size_t i = 0; i < run.scores.size(); ++i) {
    const StatusCode code = run.scores[i].status.code();
    // What the time did not suffice for is told by one line below.
    if (code == StatusCode::kOk || code == StatusCode::kCancelled) continue;
    fmt::print(stderr, "slipway: {}: {}\n", training::candidate_text(run.candidates[i]),
               run.scores[i].status.message());
  }
  if (run.was_stopped) fmt::print(stderr, "slipway: stopped; this is the best so far\n");
}

/// The model as a bundle. What was learnt and what is read back of the file have to answer the same
/// first, on rows made up from what the model compares its input with.
Result<Packed> pack_run(const TrainOptions& options, const TrainingRun& run,
                        const std::string& details) {
  const Conversion written =
      TRY(convert_graph(run.graph, {.format = "onnx", .name = options.target}));
  if (!written.unchecked.empty()) return internal_error(written.unchecked);
  if (!written.agrees()) {
    for (const OutputDifference& output : written.outputs) {
      if (output.cells_different == 0) continue;
      return internal_error(fmt::format("the file answers otherwise than the model: {}: {}",
                                        output.name, output.worst));
    }
  }
  PackRequest request;
  request.name = options.name.empty() ? options.target : options.name;
  request.version = options.version;
  request.details = details;
  request.data_name = options.data;
  request.open_rows = [&](const Signature& signature) {
    return data::open_frame_rows(*run.problem.frame, signature, {}, {options.target});
  };
  return pack_bytes("model.onnx", written.bytes, request);
}

/// Empty of what is no file.
std::string digest_of(const std::string& path) {
  Limits limits;
  limits.file_bytes_max = UINT64_MAX;
  const Result<FileBytes> bytes = map_file(path, limits);
  return bytes.ok() ? sha256_hex(*bytes) : std::string();
}

Status run_command(const TrainOptions& options) {
  const data::ReadOptions read = TRY(table_options(options.table));
  Result<TrainingPlan> made = plan_of(options);
  if (!made.ok()) return made.status();
  TrainingPlan& plan = *made;
  Result<data::Frame> frame = data::read_frame(options.data, read);
  if (!frame.ok()) return std::move(frame).status().with_context(options.data);
  const std::string digest = digest_of(options.data);
  const auto journal = TRY(open_journal(options, digest));
  plan.memory = journal.get();
  Result<TrainingRun> run = [&] {
    SearchProgress progress;
    plan.progress = [&](const training::SelectionProgress& at) { progress.show(at); };
    return run_training(*frame, plan);
  }();
  if (!run.ok()) return std::move(run).status().with_context(options.data);
  const std::string details = details_of(options, *run, digest);
  const Packed packed = TRY(pack_run(options, *run, details));
  const std::string place =
      options.out.empty() ? packed.name + std::string(bundle::kSlipEnding) : options.out;
  TRY_STATUS(write_output(place, packed.bytes));
  close_journal(options, *run, journal.get());
  tell(*run);
  if (options.json) {
    print_json(*run, place, details);
  } else {
    print_table(*run, place);
  }
  return {};
}

}  // namespace

int train(const TrainOptions& options) {
  std::signal(SIGINT, ask_to_stop);
  Status status;
  try {
    status = run_command(options);
  } catch (const std::bad_alloc&) {
    status = resource_exhausted("not enough memory");
  }
  if (status.ok()) return kExitOk;
  fmt::print(stderr, "slipway: {}\n", status.message());
  return status.code() == StatusCode::kUnimplemented ? kExitUnsupported : kExitFailure;
}

}  // namespace slipway::cli
