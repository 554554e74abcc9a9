// `slipway train`: from a table to a bundle.
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <new>

#include "base/machine.h"
#include "cli/commands.h"
#include "cli/conversion.h"
#include "cli/json_writer.h"
#include "cli/leaderboard.h"
#include "cli/output_file.h"
#include "cli/packing.h"
#include "cli/search_progress.h"
#include "cli/train_journal.h"
#include "cli/train_record.h"
#include "cli/training_profile.h"
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

/// Where things went.
struct Outcome {
  const std::string& place;    // of the bundle
  const std::string& details;  // what it says of the training
  std::optional<int64_t> run;  // in the records
};

void print_json(const TrainingRun& run, const Outcome& outcome) {
  JsonWriter json;
  json.begin('{');
  json.key("bundle");
  json.string(outcome.place);
  if (outcome.run) {
    json.key("run");
    json.number(static_cast<uint64_t>(*outcome.run));
  }
  json.key("task");
  json.string(task_name(run.problem.task));
  json.key("stopped");
  json.boolean(run.was_stopped);
  json.key("notes");
  json.strings(run.problem.notes);
  json.key("warnings");
  json.strings(run.warnings);
  json.key("model");
  json.raw(outcome.details);
  write_leaderboard(json, run);
  json.end('}');
  fmt::print("{}\n", json.text());
}

void print_table(const TrainingRun& run, const Outcome& outcome) {
  fmt::print("{} of '{}': {} rows, {} columns, {} features; {} by {}\n\n",
             task_name(run.problem.task), run.problem.target, run.problem.rows.size(),
             run.problem.features.size(), run.features.size(), run.scoring, run.partition);
  fmt::print("{}", leaderboard_text(run));
  if (!run.test_metrics.empty()) {
    fmt::print("\non the rows that were kept back:\n");
    for (const auto& [name, value] : run.test_metrics) fmt::print("  {:<32} {:.4f}\n", name, value);
  }
  fmt::print("\nwrote {}; serve it: slipway serve {}\n", outcome.place, outcome.place);
  if (outcome.run) fmt::print("run {}: slipway runs show {}\n", *outcome.run, *outcome.run);
}

void tell(const TrainingRun& run) {
  for (const std::string& note : run.problem.notes) fmt::print(stderr, "slipway: {}\n", note);
  for (const std::string& warning : run.warnings) fmt::print(stderr, "slipway: {}\n", warning);
  constexpr size_t kFailuresShown = 10;
  const std::vector<size_t> failed = failed_candidates(run);
  for (size_t i = 0; i < std::min(failed.size(), kFailuresShown); ++i) {
    fmt::print(stderr, "slipway: {}: {}\n", training::candidate_text(run.candidates[failed[i]]),
               run.scores[failed[i]].status.message());
  }
  if (failed.size() > kFailuresShown) {
    fmt::print(stderr, "slipway: {} more candidates failed\n", failed.size() - kFailuresShown);
  }
  if (run.was_stopped) fmt::print(stderr, "slipway: stopped; this is the best so far\n");
}

std::string profile_of(const TrainingRun& run, unsigned threads) {
  std::vector<const data::Column*> columns;
  columns.reserve(run.problem.features.size());
  for (const std::string& name : run.problem.features) {
    columns.push_back(run.problem.frame->find(name));
  }
  return training_profile(columns, run.problem.frame->find(run.problem.target), threads);
}

/// The model as a bundle. What was learnt and what is read back of the file have to answer the same
/// first, on rows of the table and on others, made up from what the model compares its input with.
Result<Packed> pack_run(const TrainOptions& options, const TrainingRun& run,
                        const std::string& details, unsigned threads) {
  const auto open_rows = [&](const Signature& signature) {
    return data::open_frame_rows(*run.problem.frame, signature, {}, {options.target});
  };
  ConversionOptions wanted;
  wanted.format = "slipway";
  wanted.name = options.target;
  wanted.open_rows = open_rows;
  // ONNX has no search for neighbours: written as distances to all rows, it takes ten times as
  // long.
  constexpr size_t kManyBytes = size_t{1} << 20;
  wanted.own_first = std::ranges::any_of(run.graph->nodes(), [](const Node& node) {
    return node.op->name() == "neighbors" && node.op->size_bytes() > kManyBytes;
  });
  Conversion written = TRY(convert_graph(run.graph, wanted));
  if (!written.agrees() && written.unchecked.empty() && !wanted.own_first) {
    // Where a tree asks for the last bit of a feature, ONNX's nodes may differ in it.
    wanted.own_first = true;
    written = TRY(convert_graph(run.graph, wanted));
  }
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
  request.profile = profile_of(run, threads);
  request.open_rows = open_rows;
  return pack_bytes("model.onnx", written.bytes, request);
}

Status train_on(const TrainOptions& options, const data::Table& table, TrainingPlan& plan,
                TrainRecord& record) {
  const auto journal = TRY(open_journal(options, table.file.sha256));
  plan.memory = journal.get();
  Result<TrainingRun> run = [&] {
    SearchProgress progress;
    plan.progress = [&](const training::SelectionProgress& at) { progress.show(at); };
    return run_training(table.frame, plan);
  }();
  if (!run.ok()) return std::move(run).status().with_context(options.data);
  const std::string details = details_of(options, *run, table.file.sha256);
  const Packed packed = TRY(pack_run(options, *run, details, plan.threads));
  const std::string place =
      options.out.empty() ? packed.name + std::string(bundle::kSlipEnding) : options.out;
  TRY_STATUS(write_output(place, packed.bytes));
  close_journal(options, *run, journal.get());
  tell(*run);
  record.finish(*run, details, place, packed.bytes);
  if (options.json) {
    print_json(*run, {place, details, record.number()});
  } else {
    print_table(*run, {place, details, record.number()});
  }
  return {};
}

/// Rules are for texts as they stand in the file, whatever they look like.
Status read_as_texts(const data::CleaningRules* rules, data::Schema& schema) {
  if (rules == nullptr) return {};
  for (const auto& [name, list] : *rules) {
    std::optional<data::ColumnKind>& kind = schema.columns[name].kind;
    if (kind && *kind != data::ColumnKind::kText && *kind != data::ColumnKind::kCategory) {
      return invalid_argument(fmt::format(
          "column '{}' has cleaning rules, which are for texts, and the type {}; let the rules end "
          "with number or unit",
          name, data::column_kind_name(*kind)));
    }
    kind = data::ColumnKind::kText;
  }
  return {};
}

Status run_command(const TrainOptions& options) {
  data::ReadOptions read = TRY(table_options(options.table));
  Result<TrainingPlan> made = plan_of(options);
  if (!made.ok()) return made.status();
  TrainingPlan& plan = *made;
  TRY_STATUS(read_as_texts(plan.preparation.rules.get(), read.schema));
  Result<data::Table> table = data::read_table(options.data, read);
  if (!table.ok()) return std::move(table).status().with_context(options.data);
  TrainRecord record(options, *table);
  Status status;
  try {
    status = train_on(options, *table, plan, record);
  } catch (const std::bad_alloc&) {
    status = resource_exhausted("not enough memory");
  }
  if (!status.ok()) record.fail(status);
  return status;
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
