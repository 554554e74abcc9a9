#include "cli/runs_export.h"

#include <fmt/format.h>

#include <filesystem>

#include "base/civil_day.h"
#include "base/file.h"
#include "base/json_escape.h"
#include "cli/version.h"
#include "formats/bundle/slip.h"
#include "formats/file_set.h"
#include "graph/codecs/op_codec.h"

namespace slipway::cli {
namespace {

using experiments::MlflowRun;
using experiments::RunRecord;

constexpr std::string_view kOnnxEnding = ".onnx";
// The oldest onnx package whose loader takes what is written.
constexpr std::string_view kOnnxVersion = "1.15.0";

std::string json_text(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

/// "2026-11-22 08:14:12.505000", as MLflow writes it.
std::string utc_text(int64_t ms) {
  constexpr int64_t kDayMs = 86'400'000;
  const int64_t days = ms / kDayMs - (ms % kDayMs < 0 ? 1 : 0);
  const int64_t rest = ms - days * kDayMs;
  const CivilDay day = civil_from_days(days);
  return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02}.{:03}000", day.year, day.month, day.day,
                     rest / 3'600'000, rest / 60'000 % 60, rest / 1000 % 60, rest % 1000);
}

/// The flavours of MLflow that read the file, as JSON, which YAML reads too. A file with operators
/// of our own is for no other program.
std::string flavors_of(const std::string& file, std::string_view bytes) {
  std::string flavors = fmt::format("{{\"slipway\": {{\"data\": {}, \"version\": {}}}",
                                    json_text(file), json_text(kVersion));
  const bool is_plain_onnx =
      file.ends_with(kOnnxEnding) && bytes.find(kOwnDomain) == std::string_view::npos;
  if (is_plain_onnx) {
    flavors.append(fmt::format(
        ", \"onnx\": {{\"code\": null, \"data\": {0}, \"onnx_version\": {1}, "
        "\"providers\": [\"CPUExecutionProvider\"], \"save_as_external_data\": false}}, "
        "\"python_function\": {{\"data\": {0}, \"loader_module\": \"mlflow.onnx\"}}",
        json_text(file), json_text(kOnnxVersion)));
  }
  return flavors + "}";
}

/// The bundle's model as model/MLmodel and its file.
Status add_model(const formats::FileSet& files, MlflowRun& run) {
  const auto manifest_place = files.find(bundle::kSlipManifest);
  if (!manifest_place) return {};
  const std::string text = TRY(files.read(*manifest_place));
  const bundle::SlipManifest manifest = TRY(bundle::parse_slip_manifest(text));
  const auto place = files.find(manifest.model);
  if (!place) return {};
  std::string bytes = TRY(files.read(*place));
  const std::string flavors = flavors_of(manifest.model, bytes);
  const std::string created = utc_text(run.record.finished_ms);
  run.artifacts.push_back(
      {"model/MLmodel", fmt::format("artifact_path: model\nflavors: {}\nmodel_uuid: {}\n"
                                    "run_id: {}\nutc_time_created: {}\n",
                                    flavors, json_text(run.record.id), json_text(run.record.id),
                                    json_text(created))});
  run.tags.emplace_back(
      "mlflow.log-model.history",
      fmt::format("[{{\"run_id\": {0}, \"artifact_path\": \"model\", \"flavors\": {1}, "
                  "\"model_uuid\": {0}, \"utc_time_created\": {2}}}]",
                  json_text(run.record.id), flavors, json_text(created)));
  run.artifacts.push_back({"model/" + manifest.model, std::move(bytes)});
  if (const auto card = files.find("MODEL_CARD.md")) {
    std::string words = TRY(files.read(*card));
    run.artifacts.push_back({"MODEL_CARD.md", std::move(words)});
  }
  return {};
}

}  // namespace

MlflowRun with_artifacts(RunRecord record) {
  MlflowRun run;
  run.record = std::move(record);
  const RunRecord& said = run.record;
  if (said.artifact_path.empty()) return run;
  Limits limits;
  limits.file_bytes_max = UINT64_MAX;
  Result<std::string> bytes = read_file(said.artifact_path, limits);
  const bool is_there = bytes.ok();
  if (!is_there || sha256_hex(*bytes) != said.artifact_sha256) {
    run.tags.emplace_back("slipway.bundle.state", is_there ? "changed" : "gone");
    return run;
  }
  const auto files = formats::open_tar(*bytes, limits);
  if (files.ok() && !add_model(**files, run).ok()) {
    run.artifacts.clear();
    run.tags.clear();
  }
  const std::string name = std::filesystem::path(said.artifact_path).filename().string();
  run.artifacts.push_back({name, std::move(bytes).value()});
  return run;
}

}  // namespace slipway::cli
