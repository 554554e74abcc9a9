// Runs as JSON.
#include "base/file.h"
#include "cli/json_writer.h"
#include "cli/runs_output.h"

namespace slipway::cli {
namespace {

using experiments::NamedTexts;
using experiments::RunCandidate;
using experiments::RunMetric;
using experiments::RunRecord;

void write_texts(JsonWriter& json, const char* key, const NamedTexts& texts) {
  json.key(key);
  json.begin('{');
  for (const auto& [name, value] : texts) {
    json.key(name);
    json.string(value);
  }
  json.end('}');
}

void write_metrics(JsonWriter& json, const std::vector<RunMetric>& metrics) {
  json.key("metrics");
  json.begin('{');
  for (const RunMetric& metric : metrics) {
    json.key(metric.name);
    json.begin('{');
    json.key("mean");
    json.real(metric.mean);
    json.key("deviation");
    json.real(metric.deviation);
    if (!metric.folds.empty()) {
      json.key("folds");
      json.begin('[');
      for (const double fold : metric.folds) json.real(fold);
      json.end(']');
    }
    json.end('}');
  }
  json.end('}');
}

/// Milliseconds since 1970 as seconds; null: not known.
void write_time(JsonWriter& json, const char* key, int64_t ms) {
  json.key(key);
  if (ms == 0) {
    json.raw("null");
  } else {
    json.real(static_cast<double>(ms) / 1000);
  }
}

void write_candidate(JsonWriter& json, const RunCandidate& candidate) {
  json.begin('{');
  json.key("learner");
  json.string(candidate.learner);
  write_texts(json, "parameters", candidate.parameters);
  if (candidate.resources > 0) {
    json.key("round");
    json.number(candidate.round);
    json.key("resources");
    json.number(candidate.resources);
  }
  if (candidate.error.empty()) {
    json.key("fit_seconds");
    json.real(candidate.fit_seconds);
    write_metrics(json, candidate.metrics);
  } else {
    json.key("error");
    json.string(candidate.error);
  }
  json.end('}');
}

void write_head(JsonWriter& json, const RunRecord& run) {
  const auto text = [&](const char* key, std::string_view value) {
    json.key(key);
    json.string(value);
  };
  const auto count = [&](const char* key, uint64_t value) {
    json.key(key);
    json.number(value);
  };
  json.key("run");
  json.raw(std::to_string(run.number));
  text("id", run.id);
  text("status", run_status_name(run.status));
  if (!run.error.empty()) text("error", run.error);
  write_time(json, "started", run.started_ms);
  write_time(json, "finished", run.finished_ms);
  text("tool", run.tool);
  text("command", run.command);
  text("folder", run.folder);
  json.key("data");
  json.begin('{');
  text("path", run.data_path);
  text("sha256", run.data_sha256);
  count("bytes", run.data_bytes);
  count("rows", run.data_rows);
  count("columns", run.data_columns);
  json.end('}');
  text("target", run.target);
  text("task", run.task);
  text("scoring", run.scoring);
  text("partition", run.partition);
  count("folds", run.folds);
  count("train_rows", run.train_rows);
  count("seed", run.seed);
  text("learner", run.learner);
  count("candidates", run.tried);
  json.key("bundle");
  json.begin('{');
  text("path", run.artifact_path);
  text("sha256", run.artifact_sha256);
  count("bytes", run.artifact_bytes);
  json.end('}');
}

void write_test(JsonWriter& json, const RunRecord& run) {
  json.key("test");
  json.begin('{');
  for (const RunMetric& metric : run.test_metrics) {
    json.key(metric.name);
    json.real(metric.mean);
  }
  json.end('}');
}

}  // namespace

std::string artifact_state(const RunRecord& run) {
  if (run.artifact_path.empty()) return {};
  Limits limits;
  limits.file_bytes_max = UINT64_MAX;
  const Result<FileBytes> bytes = map_file(run.artifact_path, limits);
  if (!bytes.ok()) return "gone";
  return sha256_hex(*bytes) == run.artifact_sha256 ? "unchanged" : "changed";
}

std::string runs_json(std::span<const RunRecord> runs) {
  JsonWriter json;
  json.begin('{');
  json.key("runs");
  json.begin('[');
  for (const RunRecord& run : runs) {
    json.begin('{');
    write_head(json, run);
    if (!run.candidates.empty()) write_metrics(json, run.candidates[0].metrics);
    write_test(json, run);
    json.end('}');
  }
  json.end(']');
  json.end('}');
  return json.text() + "\n";
}

std::string run_json(const RunRecord& run) {
  JsonWriter json;
  json.begin('{');
  write_head(json, run);
  json.key("bundle_state");
  json.string(artifact_state(run));
  write_texts(json, "parameters", run.parameters);
  write_texts(json, "preparation", run.preparation);
  json.key("notes");
  json.strings(run.notes);
  write_test(json, run);
  json.key("leaderboard");
  json.begin('[');
  for (const RunCandidate& candidate : run.candidates) write_candidate(json, candidate);
  json.end(']');
  json.end('}');
  return json.text() + "\n";
}

}  // namespace slipway::cli
