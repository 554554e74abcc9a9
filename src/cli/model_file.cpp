#include "cli/model_file.h"

#include <fmt/format.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <future>
#include <new>

#include "base/file.h"
#include "cli/answer_flags.h"
#include "cli/verification.h"
#include "engine/adjusted_model.h"
#include "engine/compile.h"
#include "formats/bundle/bundle.h"
#include "formats/bundle/slip.h"
#include "formats/catboost/format.h"
#include "formats/definitions_file.h"
#include "formats/lightgbm/format.h"
#include "formats/onnx/format.h"
#include "formats/pmml/reader.h"
#include "formats/sklearn/reader.h"
#include "formats/xgboost/format.h"
#include "lifecycle/model_list.h"
#include "protocols/kserve_v2/samples.h"

namespace slipway::cli {

namespace {

/// The digest of a large file takes as long as reading the model out of it: they go side by side.
/// It is computed when it is asked for, if it is not wanted anyway.
std::shared_future<std::string> begin_digest(const FileBytes& bytes, bool is_wanted) {
  constexpr size_t kWorthAThread = size_t{1} << 20;
  const bool beside = is_wanted && bytes.size() >= kWorthAThread;
  return std::async(beside ? std::launch::async : std::launch::deferred,
                    [bytes] { return "sha256:" + sha256_hex(bytes); })
      .share();
}

/// The digest of a folder: of its files' names and digests, in order.
Result<std::string> digest_of(const formats::FileSet& files, const Limits& limits) {
  uint64_t total = 0;
  std::string list;
  for (size_t i = 0; i < files.files().size(); ++i) {
    const std::string bytes = TRY(files.read(i));
    total += bytes.size();
    if (total > limits.file_bytes_max) {
      return resource_exhausted(fmt::format(
          "The folder is larger than the limit: file_bytes_max {}", limits.file_bytes_max));
    }
    list += fmt::format("{}  {}\n", sha256_hex(bytes), files.files()[i].name);
  }
  return sha256_hex(list);
}

Result<ModelFile> read_folder_as_model(const std::string& path, const std::string& select,
                                       const Limits& limits, Digest digest) {
  const auto files = TRY(formats::open_folder(path, limits));
  ModelFile file;
  if (digest == Digest::kWanted) file.digest = "sha256:" + TRY(digest_of(*files, limits));
  Result<formats::ReadReport> report = bundle::read_files(*files, {select}, all_formats(), limits);
  if (!report.ok()) return std::move(report).status().with_context(path);
  file.report = std::move(report).value();
  bundle::MlflowFacts facts = bundle::mlflow_facts(*files);
  file.method = std::move(facts.method);
  file.schema = std::move(facts.schema);
  return file;
}

/// What lies beside the model; null if nothing does.
Result<std::shared_ptr<const formats::Definitions>> read_definitions(
    const std::string& path, const std::function<std::string()>& digest) {
  std::shared_ptr<const formats::Definitions> definitions;
  const std::string name = path + std::string(formats::kDefinitionsSuffix);
  Limits limits;
  limits.file_bytes_max = formats::Definitions::kBytesMax;
  const Result<std::string> text = read_file(name, limits);
  if (text.status().code() == StatusCode::kNotFound) return definitions;
  if (!text.ok()) return text.status();
  return formats::parse_definitions_file(name, *text, digest);
}

Result<ModelFile> read_file_as_model(const std::string& path, const std::string& select,
                                     const Limits& limits, Digest digest) {
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) {
    return read_folder_as_model(path, select, limits, digest);
  }
  // A look first: gigabytes of something else need not be read to be refused.
  const std::string start = TRY(read_file_start(path, formats::FormatSet::kStartBytes));
  const formats::ModelFormat* format = all_formats().find(start);
  if (format == nullptr) {
    return invalid_argument(fmt::format("{} is not a model file that Slipway reads (expected {})",
                                        path, all_formats().description()));
  }
  FileBytes bytes = TRY(map_file(path, limits));
  ModelFile file;
  formats::ReadOptions options{.select = select};
  const bool wanted = digest == Digest::kWanted;
  const std::shared_future<std::string> file_digest = begin_digest(bytes, wanted);
  options.definitions = TRY(read_definitions(path, [&] { return file_digest.get(); }));
  Result<formats::ReadReport> report =
      format->read(std::move(bytes), options, all_formats(), limits);
  if (!report.ok()) return std::move(report).status().with_context(path);
  file.report = std::move(report).value();
  if (wanted) file.digest = file_digest.get();
  return file;
}

/// Holds a model to what a file beside it says that it answers; which kind of file tells its name.
Status check_companion(const std::string& name, const std::string& bytes, const Executable& model) {
  Status status = name.ends_with(".samples.json")
                      ? protocols::kserve_v2::check_samples(bytes, model)
                      : check_expected(model, bytes);
  return status.ok() ? status : std::move(status).with_context(name);
}

/// Of a bundle itself, rather than of what its model answers.
bool is_of_bundle(const formats::Companion& companion) {
  return companion.name == bundle::kSlipManifest || companion.name == bundle::kSlipSignature;
}

/// Runs what the author says that the model answers, where its bundle or folder says so. Gives how
/// many such files there are.
Result<size_t> check_read_companions(const formats::ReadReport& report, const Executable& model) {
  size_t checked = 0;
  for (const formats::Companion& companion : report.companions) {
    if (is_of_bundle(companion)) continue;
    TRY_STATUS(check_companion(companion.name, companion.bytes, model));
    ++checked;
  }
  return checked;
}

/// The same of files beside the model.
Result<size_t> check_companions_beside(const std::string& path, const Executable& model) {
  size_t checked = 0;
  std::vector<std::string> names = {path + ".samples.json", path + ".expected.csv"};
  // A version's folder holds one model: what it expects may leave out whose answers they are.
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  uint64_t version = 0;
  if (lifecycle::parse_version_number(folder.filename().string(), version)) {
    names.push_back((folder / "expected.csv").string());
  }
  for (const std::string& name : names) {
    Limits limits;
    limits.file_bytes_max = protocols::kserve_v2::kSamplesBytesMax;
    const Result<std::string> text = read_file(name, limits);
    if (text.status().code() == StatusCode::kNotFound) continue;
    TRY_STATUS(text.ok() ? check_companion(name, *text, model) : text.status());
    ++checked;
  }
  return checked;
}

/// What is defined has to be proved by some companion.
Status check_proof(const std::string& path, const ModelFile& file, size_t checked) {
  const std::vector<std::string>& defined = file.report.defined;
  if (checked > 0 || defined.empty() || file.report.defined_unverified) return {};
  return failed_precondition(fmt::format(
      "what {} computes is defined, but nothing proves it: put rows with the answers of the "
      "original beside the model, as {}.expected.csv (`slipway verify` shows what differs), or "
      "write 'unverified: true' in its definitions",
      fmt::join(defined, ", "), std::filesystem::path(path).filename().string()));
}

}  // namespace

const formats::FormatSet& all_formats() {
  static const formats::FormatSet formats = [] {
    formats::FormatSet set;
    set.add(bundle::make_format());  // first: it looks into what others might claim
    set.add(sklearn::make_skops_format());
    set.add(sklearn::make_format());
    set.add(catboost::make_format());
    set.add(lightgbm::make_format());
    set.add(xgboost::make_format());
    set.add(onnx::make_format());
    set.add(pmml::make_format());
    return set;
  }();
  return formats;
}

bool is_model_file(const std::string& path) {
  const Result<std::string> start = read_file_start(path, formats::FormatSet::kStartBytes);
  return start.ok() && all_formats().find(*start) != nullptr;
}

std::optional<lifecycle::ArchiveNames> archive_names(const std::string& path) {
  const Result<FileBytes> bytes = map_file(path, Limits());
  if (!bytes.ok()) return std::nullopt;
  try {
    Result<bundle::ArchiveIdentity> found = bundle::identify_archive(*bytes, Limits());
    if (!found.ok()) return std::nullopt;
    return lifecycle::ArchiveNames{std::move(found->name), std::move(found->version)};
  } catch (const std::bad_alloc&) {
    return std::nullopt;
  }
}

Result<ModelFile> read_model_file(const std::string& path, const std::string& select,
                                  uint64_t model_bytes_max, Digest digest) {
  Limits limits;
  limits.file_bytes_max = model_bytes_max;
  try {
    return read_file_as_model(path, select, limits, digest);
  } catch (const std::bad_alloc&) {
    return resource_exhausted("not enough memory to read this file").with_context(path);
  }
}

Result<std::shared_ptr<const Executable>> compile_model(const ModelFile& file,
                                                        const std::string& path) {
  try {
    std::shared_ptr<const Executable> model = TRY(engine::compile(file.report.graph));
    if (!model->signature().find_output(file.method)) return model;
    return engine::adjust_model(
        std::move(model), {.threshold = {}, .class_names = {}, .default_output = file.method});
  } catch (const std::bad_alloc&) {
    return resource_exhausted("not enough memory for this model").with_context(path);
  }
}

Status check_answers(const std::string& path, const ModelFile& file, const Executable& model) {
  try {
    const size_t beside = TRY(check_companions_beside(path, model));
    const size_t inside = TRY(check_read_companions(file.report, model));
    return check_proof(path, file, beside + inside);
  } catch (const std::bad_alloc&) {
    return resource_exhausted("not enough memory to check what it answers").with_context(path);
  }
}

Status check_own_answers(const std::string& path, const ModelFile& file, const Executable& model) {
  const size_t checked = TRY(check_read_companions(file.report, model));
  return check_proof(path, file, checked);
}

Status check_signature(const formats::ReadReport& report, std::span<const Ed25519Key> keys) {
  if (keys.empty()) return {};
  const auto find = [&](std::string_view name) -> const std::string* {
    for (const formats::Companion& companion : report.companions) {
      if (companion.name == name) return &companion.bytes;
    }
    return nullptr;
  };
  const std::string* manifest = find(bundle::kSlipManifest);
  const std::string* signature = find(bundle::kSlipSignature);
  if (manifest == nullptr) {
    return permission_denied(
        "a signature is required, and only a .slip bundle has one (`slipway pack` makes one)");
  }
  if (signature == nullptr) {
    return permission_denied(
        "a signature is required, and this bundle has none (`slipway sign` signs it)");
  }
  if (signer_of(*manifest, *signature, keys) == nullptr) {
    return permission_denied("the bundle's signature is of none of the required keys");
  }
  return {};
}

Result<std::vector<Ed25519Key>> read_public_keys(const std::vector<std::string>& paths) {
  std::vector<Ed25519Key> keys;
  for (const std::string& path : paths) {
    const std::string pem = TRY(read_file(path, Limits()));
    Result<Ed25519Key> key = parse_public_key(pem);
    if (!key.ok()) return std::move(key).status().with_context(path);
    keys.push_back(std::move(key).value());
  }
  return keys;
}

Result<serving::LoadedModel> FileModelLoader::load(const serving::VersionSource& source) {
  const std::string& path = source.path;
  const auto start = std::chrono::steady_clock::now();
  ModelFile file = TRY(read_model_file(path, select_, model_bytes_max_));
  if (Status status = file.report.status(); !status.ok()) {
    return std::move(status).with_context(path);
  }
  if (Status status = check_signature(file.report, keys_); !status.ok()) {
    return std::move(status).with_context(path);
  }
  serving::LoadedModel model;
  model.executable = TRY(compile_model(file, path));
  TRY_STATUS(check_answers(path, file, *model.executable));
  model.class_name = file.report.info.class_name;
  model.library = file.report.info.library;
  model.library_version = file.report.info.library_version;
  model.digest = std::move(file.digest);
  model.schema = std::move(file.schema);
  model.file_bytes = file.report.info.file_bytes;
  model.warnings = file.report.info.warnings;
  if (source.settings != nullptr) {
    Status applied = apply_settings(*source.settings, model);
    if (!applied.ok()) return std::move(applied).with_context(path);
  }
  model.load_seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return model;
}

}  // namespace slipway::cli
