// `slipway train`: from a table to a bundle.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <csignal>
#include <cstdio>
#include <new>
#include <optional>

#include "base/file.h"
#include "base/machine.h"
#include "cli/commands.h"
#include "cli/conversion.h"
#include "cli/json_writer.h"
#include "cli/output_file.h"
#include "cli/packing.h"
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

/// "C=0.1,1" into the grid. INVALID_ARGUMENT: no '=', no value, a name twice.
Status add_values(const std::string& text, training::Grid& grid) {
  const size_t equals = text.find('=');
  if (equals == 0 || equals == std::string::npos || equals + 1 == text.size()) {
    return invalid_argument(
        fmt::format("--param: expected NAME=VALUE or NAME=VALUE,VALUE, got \"{}\"", text));
  }
  const std::string name = text.substr(0, equals);
  std::vector<std::string> values;
  for (size_t at = equals + 1; at <= text.size();) {
    const size_t comma = std::min(text.find(',', at), text.size());
    values.push_back(text.substr(at, comma - at));
    at = comma + 1;
  }
  if (!grid.emplace(name, std::move(values)).second) {
    return invalid_argument(fmt::format("--param: {} is given twice", name));
  }
  return {};
}

Result<TrainingPlan> plan_of(const TrainOptions& options) {
  TrainingPlan plan;
  plan.problem.target = options.target;
  plan.problem.ignored = options.ignored;
  if (options.task == "classification") plan.problem.task = training::Task::kClassification;
  if (options.task == "regression") plan.problem.task = training::Task::kRegression;
  plan.learners = options.learners;
  for (const std::string& text : options.hyperparameters) TRY_STATUS(add_values(text, plan.grid));
  plan.draws = options.draws;
  TRY_STATUS(set_preparation(options.preparation, plan));
  plan.folds = options.folds;
  plan.test_share = options.test_share;
  plan.scoring = options.scoring;
  plan.seed = options.seed;
  plan.threads = options.threads > 0 ? options.threads : detect_machine().cpus();
  plan.budget_seconds = options.budget_s;
  plan.stop = &stop_asked;
  return plan;
}

/// On a terminal, how far the search is.
class Progress {
 public:
  explicit Progress(std::string scoring)
      : scoring_(std::move(scoring)), shown_(::isatty(STDERR_FILENO) != 0) {}
  ~Progress() {
    if (printed_) fmt::print(stderr, "\r\x1b[K");
  }
  void fits(size_t done, size_t total, double best) {
    const auto now = std::chrono::steady_clock::now();
    if (!shown_ || now - last_ < std::chrono::milliseconds(200)) return;
    last_ = now;
    printed_ = true;
    const double seconds = std::chrono::duration<double>(now - begin_).count();
    const double left = seconds / static_cast<double>(done) * static_cast<double>(total - done);
    fmt::print(stderr, "\r\x1b[K{} of {} fits, {:.0f} s left{}", done, total, left,
               std::isnan(best) ? "" : fmt::format(", best {} {:.4f}", scoring_, best));
    std::fflush(stderr);
  }

 private:
  const std::string scoring_;
  const bool shown_;
  bool printed_ = false;
  const std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
  std::chrono::steady_clock::time_point last_ = begin_;
};

std::string candidate_text(const training::Candidate& candidate) {
  const std::string combination = training::combination_text(candidate.hyperparameters);
  return combination.empty() ? std::string(candidate.learner->name)
                             : fmt::format("{} {}", candidate.learner->name, combination);
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
                  ? fmt::format("cross-validation, mean of {} folds", run.folds)
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
  json.key("leaderboard");
  json.begin('[');
  for (const size_t i : run.ranking) {
    json.begin('{');
    json.key("learner");
    json.string(run.candidates[i].learner->name);
    json.key("parameters");
    write_texts(json, run.candidates[i].hyperparameters);
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
  fmt::print("{} of '{}': {} rows, {} columns, {} features; {} by {}-fold cross-validation\n\n",
             task_name(run.problem.task), run.problem.target, run.problem.rows.size(),
             run.problem.features.size(), run.features.size(), run.scoring, run.folds);
  fmt::print("{:>4}  {:>10} {:>8} {:>9}  {}\n", "", run.scoring, "+/-", "fit, s", "learner");
  for (size_t place_in = 0; place_in < std::min(run.ranking.size(), kShown); ++place_in) {
    const size_t i = run.ranking[place_in];
    fmt::print("{:>4}  {:>10.4f} {:>8.4f} {:>9.3f}  {}\n", place_in + 1,
               run.scores[i].mean(run.scoring), run.scores[i].deviation(run.scoring),
               run.scores[i].fit_seconds, candidate_text(run.candidates[i]));
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
    if (run.scores[i].status.ok()) continue;
    fmt::print(stderr, "slipway: {}: {}\n", candidate_text(run.candidates[i]),
               run.scores[i].status.message());
  }
  if (run.was_stopped) fmt::print(stderr, "slipway: stopped; this is the best so far\n");
}

/// The model as a bundle. What was learnt and what is read back of the file have to answer the same
/// first, on rows of the table and on others, made up from what the model compares its input with.
Result<Packed> pack_run(const TrainOptions& options, const TrainingRun& run,
                        const std::string& details) {
  const auto open_rows = [&](const Signature& signature) {
    return data::open_frame_rows(*run.problem.frame, signature, {}, {options.target});
  };
  ConversionOptions wanted;
  wanted.format = "slipway";
  wanted.name = options.target;
  wanted.open_rows = open_rows;
  Conversion written = TRY(convert_graph(run.graph, wanted));
  if (!written.agrees() && written.unchecked.empty()) {
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
  request.open_rows = open_rows;
  return pack_bytes("model.onnx", written.bytes, request);
}

/// Empty of what is no file.
std::string digest_of(const std::string& path) {
  Limits limits;
  limits.file_bytes_max = UINT64_MAX;
  const Result<FileBytes> bytes = map_file(path, limits);
  return bytes.ok() ? sha256_hex(*bytes) : std::string();
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
  Result<data::Frame> frame = data::read_frame(options.data, read);
  if (!frame.ok()) return std::move(frame).status().with_context(options.data);
  const std::string digest = digest_of(options.data);
  std::optional<Progress> progress(plan.scoring);
  plan.progress = [&](size_t done, size_t total, double best) {
    progress->fits(done, total, best);
  };
  Result<TrainingRun> run = run_training(*frame, plan);
  progress.reset();
  if (!run.ok()) return std::move(run).status().with_context(options.data);
  const std::string details = details_of(options, *run, digest);
  const Packed packed = TRY(pack_run(options, *run, details));
  const std::string place =
      options.out.empty() ? packed.name + std::string(bundle::kSlipEnding) : options.out;
  TRY_STATUS(write_output(place, packed.bytes));
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
