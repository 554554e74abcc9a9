#include "cli/model_file.h"

#include <fmt/format.h>

#include <chrono>
#include <new>

#include "base/file.h"
#include "engine/compile.h"
#include "formats/pmml/reader.h"
#include "formats/sklearn/reader.h"
#include "protocols/kserve_v2/samples.h"

namespace slipway::cli {

namespace {

Result<ModelFile> read_file_as_model(const std::string& path, const std::string& select,
                                     const Limits& limits) {
  // A look first: gigabytes of something else need not be read to be refused.
  const std::string start = TRY(read_file_start(path, formats::FormatSet::kStartBytes));
  const formats::ModelFormat* format = all_formats().find(start);
  if (format == nullptr) {
    return invalid_argument(fmt::format("{} is not a model file that Slipway reads (expected {})",
                                        path, all_formats().description()));
  }
  std::string bytes = TRY(read_file(path, limits));
  ModelFile file;
  file.digest = "sha256:" + sha256_hex(bytes);
  Result<formats::ReadReport> report =
      format->read(std::move(bytes), {select}, all_formats(), limits);
  if (!report.ok()) return std::move(report).status().with_context(path);
  file.report = std::move(report).value();
  return file;
}

/// Runs what the author says that the model answers, where a file beside it says so.
Status check_samples_beside(const std::string& path, const Executable& model) {
  const std::string samples = path + ".samples.json";
  Limits limits;
  limits.file_bytes_max = protocols::kserve_v2::kSamplesBytesMax;
  const Result<std::string> text = read_file(samples, limits);
  if (text.status().code() == StatusCode::kNotFound) return {};
  Status status = text.ok() ? protocols::kserve_v2::check_samples(*text, model) : text.status();
  return status.ok() ? status : std::move(status).with_context(samples);
}

}  // namespace

const formats::FormatSet& all_formats() {
  static const formats::FormatSet formats = [] {
    formats::FormatSet set;
    set.add(sklearn::make_format());
    set.add(pmml::make_format());
    return set;
  }();
  return formats;
}

Result<ModelFile> read_model_file(const std::string& path, const std::string& select,
                                  uint64_t model_bytes_max) {
  Limits limits;
  limits.file_bytes_max = model_bytes_max;
  try {
    return read_file_as_model(path, select, limits);
  } catch (const std::bad_alloc&) {
    return resource_exhausted("not enough memory to read this file").with_context(path);
  }
}

Result<std::shared_ptr<const Executable>> compile_model(const ModelFile& file,
                                                        const std::string& path) {
  try {
    return std::shared_ptr<const Executable>(TRY(engine::compile(file.report.graph)));
  } catch (const std::bad_alloc&) {
    return resource_exhausted("not enough memory for this model").with_context(path);
  }
}

Result<serving::LoadedModel> FileModelLoader::load(const serving::VersionSource& source) {
  const std::string& path = source.path;
  const auto start = std::chrono::steady_clock::now();
  ModelFile file = TRY(read_model_file(path, select_, model_bytes_max_));
  if (Status status = file.report.status(); !status.ok()) {
    return std::move(status).with_context(path);
  }
  serving::LoadedModel model;
  model.executable = TRY(compile_model(file, path));
  try {
    TRY_STATUS(check_samples_beside(path, *model.executable));
  } catch (const std::bad_alloc&) {
    return resource_exhausted("not enough memory to check the samples").with_context(path);
  }
  model.class_name = file.report.info.class_name;
  model.library = file.report.info.library;
  model.library_version = file.report.info.library_version;
  model.digest = std::move(file.digest);
  model.file_bytes = file.report.info.file_bytes;
  model.warnings = file.report.info.warnings;
  model.load_seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return model;
}

}  // namespace slipway::cli
