// Model archives of TorchServe (.mar): a zip or tar archive whose MAR-INF/MANIFEST.json says what
// the model is called, which version it is, and which file holds it.
//
//   MANIFEST.json --parse_manifest--> Manifest --serialized_file--> the member that is read
//
// The handler is Python code and is not run. An archive of PyTorch's own models is refused with a
// sentence that says what it holds.
//
// Thread rule: pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/status.h"
#include "formats/file_set.h"

namespace slipway::bundle {

struct Manifest {
  std::string model_name;       // empty: not said
  std::string model_version;    // empty: not said
  std::string serialized_file;  // the model's file; empty: not said
  std::string model_file;       // Python code of an eager model
  std::string handler;
};

/// At the top, or in the one folder that a tar archive has.
std::optional<size_t> find_manifest(const formats::FileSet& files);
/// INVALID_ARGUMENT if the text is no manifest, or a name or version in it cannot be one.
Result<Manifest> parse_manifest(std::string_view text);
/// The file is named as it is in the set.
Result<Manifest> read_manifest(const formats::FileSet& files, size_t manifest);

/// The error for an archive whose model Slipway does not read: what there is in its place.
Status not_read(const formats::FileSet& files, const Manifest& manifest);
/// True if a file that starts so holds weights as PyTorch wrote them before it made zip archives.
bool is_old_torch_file(std::string_view start);

}  // namespace slipway::bundle
