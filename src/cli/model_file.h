// From a file to something that runs: the one place that joins readers and engine.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/ed25519.h"
#include "engine/executable.h"
#include "formats/model_format.h"
#include "lifecycle/scan.h"
#include "serving/model_source.h"
#include "serving/served_model.h"

namespace slipway::cli {

/// Every reader that this program has. Thread-safe.
const formats::FormatSet& all_formats();

/// Whether the file begins as one of their files does.
bool is_model_file(const std::string& path);

/// What a bundle or a model archive of TorchServe says that it is; none if the file is neither.
std::optional<lifecycle::ArchiveNames> archive_names(const std::string& path);

/// A model file, read; the report says why if there is no graph.
struct ModelFile {
  formats::ReadReport report;
  std::string digest;  // "sha256:...", or empty if it was not wanted
  std::string method;  // what MLflow's predict calls, if it is another output; else empty
  std::shared_ptr<const RequestSchema> schema;  // of MLflow's signature; null: none
};

/// Whether a file's digest is asked for: of a large one it takes as long as all the rest.
enum class Digest : uint8_t { kWanted, kNotWanted };

/// Reads and lowers. Errors: the file cannot be read, or is no model file.
Result<ModelFile> read_model_file(const std::string& path, const std::string& select,
                                  uint64_t model_bytes_max, Digest digest = Digest::kWanted);

/// Holds a compiled model to what lies beside it or in its bundle: expected answers, samples. If
/// definitions stand in for custom code, there must be such rows, or the operator must have said
/// that none are needed. FAILED_PRECONDITION says what differs or is missing.
Status check_answers(const std::string& path, const ModelFile& file, const Executable& model);

/// The same of what was read with the model, whatever lies beside the file now.
Status check_own_answers(const std::string& path, const ModelFile& file, const Executable& model);

/// Errors: what the engine cannot run; RESOURCE_EXHAUSTED if memory does not suffice.
Result<std::shared_ptr<const Executable>> compile_model(const ModelFile& file,
                                                        const std::string& path);

/// OK if no key is given, or if the model comes from a bundle that one of them signed.
/// PERMISSION_DENIED says what is missing.
Status check_signature(const formats::ReadReport& report, std::span<const Ed25519Key> keys);
/// Public keys in PEM; the error names the file.
Result<std::vector<Ed25519Key>> read_public_keys(const std::vector<std::string>& paths);

/// The serving layer's loader. Thread-safe.
class FileModelLoader final : public serving::ModelLoader {
 public:
  /// With keys, only bundles that one of them signed are loaded.
  FileModelLoader(std::string select, uint64_t model_bytes_max, std::vector<Ed25519Key> keys)
      : select_(std::move(select)), model_bytes_max_(model_bytes_max), keys_(std::move(keys)) {}
  Result<serving::LoadedModel> load(const serving::VersionSource& source) override;

 private:
  const std::string select_;  // which model, in files that hold several
  const uint64_t model_bytes_max_;
  const std::vector<Ed25519Key> keys_;
};

}  // namespace slipway::cli
