#include "experiments/mlflow_export.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <optional>
#include <system_error>

#include "base/file.h"
#include "base/json_escape.h"

namespace slipway::experiments {
namespace {

namespace fs = std::filesystem;

constexpr size_t kValueBytesMax = 6000;  // of a parameter in MLflow
constexpr size_t kNameBytesMax = 250;
constexpr size_t kIdDigits = 32;
// Of MLflow's enumerations RunStatus and SourceType.
constexpr int kRunning = 1;
constexpr int kFinished = 3;
constexpr int kFailed = 4;
constexpr int kKilled = 5;
constexpr int kLocal = 4;

Status failed(const fs::path& path, const char* what) {
  return unavailable(fmt::format("cannot {} {}", what, path.string()));
}

Status make_folder(const fs::path& path) {
  std::error_code error;
  fs::create_directories(path, error);
  if (!error) return {};
  return unavailable(fmt::format("cannot make {}: {}", path.string(), error.message()));
}

Status write_file(const fs::path& path, std::string_view bytes) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  file.close();
  return file ? Status() : failed(path, "write");
}

/// A double-quoted scalar of YAML: JSON's strings are among them.
std::string scalar(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

/// What MLflow takes as a name; it becomes one of a file.
std::string key_of(std::string_view name) {
  std::string key(name.substr(0, kNameBytesMax));
  for (char& c : key) {
    const bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                          (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
    if (!is_plain) c = '_';
  }
  if (key.empty() || key[0] == '.') key.insert(0, 1, '_');
  return key;
}

/// MLflow reads a parameter's first line.
std::string value_of(std::string_view text) {
  std::string value(text.substr(0, kValueBytesMax));
  std::ranges::replace(value, '\n', ' ');
  std::ranges::replace(value, '\r', ' ');
  return value;
}

std::string uri_of(const fs::path& path) {
  std::string uri = "file://";
  for (const char c : path.string()) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte <= 0x20 || byte >= 0x7F || std::string_view("%?#\"<>").find(c) != std::string::npos) {
      uri.append(fmt::format("%{:02X}", byte));
    } else {
      uri.push_back(c);
    }
  }
  return uri;
}

std::string digits_of(std::string_view text) { return sha256_hex(text).substr(0, kIdDigits); }

/// The value behind "name:" in a meta.yaml that MLflow or this file wrote.
std::optional<std::string> name_in(const fs::path& meta) {
  Limits limits;
  limits.file_bytes_max = 1 << 20;
  const Result<std::string> text = read_file(meta.string(), limits);
  if (!text.ok()) return std::nullopt;
  constexpr std::string_view kName = "\nname: ";
  const std::string lines = "\n" + *text;
  const size_t at = lines.find(kName);
  if (at == std::string::npos) return std::nullopt;
  const size_t begin = at + kName.size();
  return lines.substr(begin, std::min(lines.find('\n', begin), lines.size()) - begin);
}

/// The number of the experiment of this name; of its own making one that the name gives.
Result<std::string> find_experiment(const fs::path& root, const std::string& name) {
  std::error_code error;
  for (fs::directory_iterator entry(root, error), end; !error && entry != end;
       entry.increment(error)) {
    const std::optional<std::string> found = name_in(entry->path() / "meta.yaml");
    if (found && (*found == name || *found == scalar(name) || *found == "'" + name + "'")) {
      return entry->path().filename().string();
    }
  }
  if (error) return failed(root, "read");
  // 18 digits, as MLflow's own.
  const std::string digits = sha256_hex(name).substr(0, 15);
  uint64_t drawn = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), drawn, 16);
  return fmt::format("{:018}", drawn % 900'000'000'000'000'000 + 100'000'000'000'000'000);
}

Status write_experiment(const fs::path& folder, const std::string& id, const std::string& name,
                        int64_t time_ms) {
  std::error_code error;
  if (fs::exists(folder / "meta.yaml", error)) return {};
  TRY_STATUS(make_folder(folder));
  return write_file(folder / "meta.yaml",
                    fmt::format("artifact_location: {}\ncreation_time: {}\nexperiment_id: '{}'\n"
                                "last_update_time: {}\nlifecycle_stage: active\nname: {}\n",
                                scalar(uri_of(folder)), time_ms, id, time_ms, scalar(name)));
}

/// A run of MLflow, in the making.
struct Tree {
  fs::path experiment;
  std::string experiment_id;
  std::string id;
  std::string name;
  int status = kFinished;
  int64_t started_ms = 0;
  int64_t finished_ms = 0;
  NamedTexts params;
  NamedTexts tags;
  std::vector<std::pair<std::string, std::string>> metrics;  // names and lines
  std::vector<ExportedFile> artifacts;
  std::string dataset;  // its id; empty: none
};

std::string meta_of(const Tree& tree) {
  return fmt::format(
      "artifact_uri: {}\nend_time: {}\nentry_point_name: ''\nexperiment_id: '{}'\n"
      "lifecycle_stage: active\nrun_id: {}\nrun_name: {}\nrun_uuid: {}\nsource_name: ''\n"
      "source_type: {}\nsource_version: ''\nstart_time: {}\nstatus: {}\ntags: []\n"
      "user_id: slipway\n",
      scalar(uri_of(tree.experiment / tree.id / "artifacts")),
      tree.finished_ms == 0 ? "null" : fmt::format("{}", tree.finished_ms), tree.experiment_id,
      scalar(tree.id), scalar(tree.name), scalar(tree.id), kLocal, tree.started_ms, tree.status);
}

Status write_texts(const fs::path& folder, const NamedTexts& texts, bool one_line) {
  TRY_STATUS(make_folder(folder));
  for (const auto& [name, value] : texts) {
    TRY_STATUS(write_file(folder / key_of(name), one_line ? value_of(value) : value));
  }
  return {};
}

Status write_artifacts(const fs::path& folder, const std::vector<ExportedFile>& files) {
  TRY_STATUS(make_folder(folder));
  for (const ExportedFile& file : files) {
    const fs::path path = (folder / file.name).lexically_normal();
    const fs::path inside = path.lexically_relative(folder);
    if (inside.empty() || *inside.begin() == ".." || *inside.begin() == ".") {
      return invalid_argument(fmt::format("{} is no name of an artifact", file.name));
    }
    TRY_STATUS(make_folder(path.parent_path()));
    TRY_STATUS(write_file(path, file.bytes));
  }
  return {};
}

/// Under another name until it is whole: MLflow may be looking.
Status write_tree(const Tree& tree) {
  const fs::path partial = tree.experiment / fmt::format(".{}.partial", tree.id);
  std::error_code error;
  fs::remove_all(partial, error);
  TRY_STATUS(write_texts(partial / "params", tree.params, true));
  TRY_STATUS(write_texts(partial / "tags", tree.tags, false));
  TRY_STATUS(write_texts(partial / "metrics", tree.metrics, false));
  TRY_STATUS(write_artifacts(partial / "artifacts", tree.artifacts));
  if (!tree.dataset.empty()) {
    const std::string input = digits_of(tree.dataset + tree.id);
    TRY_STATUS(make_folder(partial / "inputs" / input));
    TRY_STATUS(
        write_file(partial / "inputs" / input / "meta.yaml",
                   fmt::format("destination_id: {}\ndestination_type: RUN\nsource_id: {}\n"
                               "source_type: DATASET\ntags:\n  mlflow.data.context: training\n",
                               scalar(tree.id), scalar(tree.dataset))));
  }
  TRY_STATUS(write_file(partial / "meta.yaml", meta_of(tree)));
  fs::rename(partial, tree.experiment / tree.id, error);
  return error ? failed(tree.experiment / tree.id, "write") : Status();
}

void add_metric(Tree& tree, const std::string& name, double value, int64_t time_ms) {
  if (std::isnan(value)) return;  // undefined: MLflow would draw it as 0
  tree.metrics.emplace_back(name, fmt::format("{} {} 0\n", time_ms, value));
}

/// "accuracy", "accuracy_std" and, fold by fold, "fold_accuracy".
void add_metrics(Tree& tree, const std::vector<RunMetric>& metrics) {
  for (const RunMetric& metric : metrics) {
    add_metric(tree, metric.name, metric.mean, tree.started_ms);
    add_metric(tree, metric.name + "_std", metric.deviation, tree.started_ms);
    std::string lines;
    for (size_t i = 0; i < metric.folds.size(); ++i) {
      if (std::isnan(metric.folds[i])) continue;
      lines.append(fmt::format("{} {} {}\n", tree.started_ms, metric.folds[i], i));
    }
    if (!lines.empty()) tree.metrics.emplace_back("fold_" + metric.name, std::move(lines));
  }
}

int status_of(RunStatus status) {
  switch (status) {
    case RunStatus::kRunning: return kRunning;
    case RunStatus::kFailed: return kFailed;
    case RunStatus::kInterrupted: return kKilled;
    case RunStatus::kStopped:  // it has its model
    case RunStatus::kFinished: break;
  }
  return kFinished;
}

/// The table; gives its id.
Result<std::string> write_dataset(const fs::path& experiment, const RunRecord& run) {
  const std::string name = fs::path(run.data_path).filename().string();
  const std::string digest = run.data_sha256.substr(0, kIdDigits);
  if (digest.empty() || name.empty()) return std::string();
  std::string id = digits_of(name + digest);
  const fs::path folder = experiment / "datasets" / id;
  const std::string profile =
      fmt::format("{{\"num_rows\": {}, \"num_columns\": {}}}", run.data_rows, run.data_columns);
  const std::string source = fmt::format("{{\"uri\": {}}}", scalar(run.data_path));
  TRY_STATUS(make_folder(folder));
  TRY_STATUS(
      write_file(folder / "meta.yaml",
                 fmt::format("digest: {}\nname: {}\nprofile: {}\nschema: null\nsource: {}\n"
                             "source_type: local\n",
                             scalar(digest), scalar(name), scalar(profile), scalar(source))));
  return id;
}

Tree tree_of(const RunRecord& run, const fs::path& experiment, const std::string& id) {
  Tree tree;
  tree.experiment = experiment;
  tree.experiment_id = experiment.filename().string();
  tree.id = id;
  tree.status = status_of(run.status);
  tree.started_ms = run.started_ms;
  tree.finished_ms = run.finished_ms;
  return tree;
}

Tree parent_tree(const MlflowRun& exported, const fs::path& experiment) {
  const RunRecord& run = exported.record;
  Tree tree = tree_of(run, experiment, run.id);
  tree.name = fmt::format("{}-{}", run.target, run.number);
  tree.params = run.parameters;
  for (const auto& [name, value] : run.preparation) tree.params.emplace_back("prep." + name, value);
  const auto param = [&](const char* name, const std::string& value) {
    if (!value.empty()) tree.params.emplace_back(name, value);
  };
  param("learner", run.learner);
  param("task", run.task);
  param("target", run.target);
  param("scoring", run.scoring);
  param("partition", run.partition);
  param("seed", fmt::format("{}", run.seed));
  if (run.folds > 0) param("cv", fmt::format("{}", run.folds));
  tree.tags = exported.tags;
  const auto tag = [&](const char* name, const std::string& value) {
    if (!value.empty()) tree.tags.emplace_back(name, value);
  };
  tag("mlflow.runName", tree.name);
  tag("mlflow.source.name", run.command);
  tag("mlflow.source.type", "LOCAL");
  tag("mlflow.note.content", fmt::format("{}", fmt::join(run.notes, "\n")));
  tag("slipway.run", fmt::format("{}", run.number));
  tag("slipway.status", std::string(run_status_name(run.status)));
  tag("slipway.error", run.error);
  tag("slipway.version", run.tool);
  tag("slipway.folder", run.folder);
  tag("slipway.data.sha256", run.data_sha256);
  tag("slipway.bundle.sha256", run.artifact_sha256);
  if (!run.candidates.empty()) add_metrics(tree, run.candidates[0].metrics);
  for (const RunMetric& metric : run.test_metrics) {
    add_metric(tree, "test_" + metric.name, metric.mean, run.started_ms);
  }
  tree.artifacts = exported.artifacts;
  return tree;
}

Tree child_tree(const RunRecord& run, size_t place, const fs::path& experiment) {
  const RunCandidate& candidate = run.candidates[place];
  Tree tree = tree_of(run, experiment, digits_of(fmt::format("{}:{}", run.id, place)));
  tree.name = fmt::format("{}-{}-{}", run.target, run.number, place + 1);
  tree.status = candidate.error.empty() ? kFinished : kFailed;
  tree.params = candidate.parameters;
  tree.params.emplace_back("learner", candidate.learner);
  tree.tags = {{"mlflow.runName", tree.name},
               {"mlflow.parentRunId", run.id},
               {"mlflow.source.type", "LOCAL"}};
  if (!candidate.error.empty()) tree.tags.emplace_back("slipway.error", candidate.error);
  if (candidate.resources > 0) {
    tree.params.emplace_back("halving.round", fmt::format("{}", candidate.round));
    tree.params.emplace_back("halving.resources", fmt::format("{}", candidate.resources));
  }
  add_metrics(tree, candidate.metrics);
  add_metric(tree, "fit_seconds", candidate.fit_seconds, run.started_ms);
  return tree;
}

}  // namespace

Result<bool> export_to_mlflow(const std::string& folder, const std::string& experiment,
                              const MlflowRun& run) {
  std::error_code error;
  const fs::path root = fs::absolute(folder, error).lexically_normal();
  TRY_STATUS(make_folder(root));
  const std::string id = TRY(find_experiment(root, experiment));
  const fs::path place = root / id;
  TRY_STATUS(write_experiment(place, id, experiment, run.record.started_ms));
  if (fs::exists(place / run.record.id, error)) return false;
  Tree tree = parent_tree(run, place);
  tree.dataset = TRY(write_dataset(place, run.record));
  const size_t nested = run.record.candidates.size() > 1 ? run.record.candidates.size() : 0;
  for (size_t i = 0; i < nested; ++i) {
    TRY_STATUS(write_tree(child_tree(run.record, i, place)));
  }
  // Last, since it is what tells whether the run is there.
  TRY_STATUS(write_tree(tree));
  return true;
}

}  // namespace slipway::experiments
