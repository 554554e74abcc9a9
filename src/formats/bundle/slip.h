// Slipway's own bundle (.slip): a model with all that is known of it, as a plain tar archive or a
// folder. docs/bundle.md describes it.
//
//   slipway.json   the manifest: name, version, which file is the model, what it takes and gives,
//                  metrics, parameters; and of every other file its size and SHA-256
//   slipway.sig    if it is signed: the Ed25519 signature of slipway.json, 64 bytes
//   model.onnx     the model, as any reader takes it; a model of several files is a folder model/
//   expected.csv   rows with their answers, checked before the model is served
//   MODEL_CARD.md  the same for people
//
//   SlipContents --write_slip--> tar bytes --sign_slip--> tar bytes --read_slip--> ReadReport
//
// A reader checks every file against the manifest before it reads the model, and the signature is
// of the manifest; so who signs the manifest signs the model. Thread rule: pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/ed25519.h"
#include "base/status.h"
#include "formats/file_set.h"

namespace slipway::bundle {

inline constexpr std::string_view kSlipManifest = "slipway.json";
inline constexpr std::string_view kSlipSignature = "slipway.sig";
inline constexpr std::string_view kSlipEnding = ".slip";
/// The version of the layout, "slipway_bundle" in the manifest.
inline constexpr int kSlipLayout = 1;

struct SlipFile {
  std::string name;
  uint64_t bytes = 0;
  std::string sha256;  // lower-case hexadecimal
};

/// What readers need of slipway.json.
struct SlipManifest {
  std::string name;     // may be empty
  std::string version;  // "1", "2.3"; may be empty
  std::string model;    // a file, or a folder with a '/' at its end
  std::string select;   // which model, in a file that holds several; may be empty
  std::vector<SlipFile> files;
};

/// INVALID_ARGUMENT names the entry that is missing or wrong; UNIMPLEMENTED: a later layout.
Result<SlipManifest> parse_slip_manifest(std::string_view text);

/// The manifest at the top, or in the one folder that all files are in.
std::optional<size_t> find_slip_manifest(const formats::FileSet& files);

/// OK if the files beside the manifest are those that it lists, byte by byte, and no others.
/// DATA_LOSS names the first that is missing, another, or too many.
Status check_slip_files(const formats::FileSet& files, size_t manifest_place,
                        const SlipManifest& manifest);

/// What a new bundle holds.
struct SlipContents {
  std::string name;
  std::string version;
  std::string model;  // as in SlipManifest
  std::string select;
  std::string
      details;  // more entries of the manifest as JSON text: "metrics": {...}, ...; or empty
  std::vector<std::pair<std::string, std::string>> files;  // names and bytes
};

/// The same contents give the same bytes. INVALID_ARGUMENT: a name that no reader would take.
Result<std::string> write_slip(const SlipContents& contents);

/// The bundle with its signature in the place of one that it may have. INVALID_ARGUMENT: the bytes
/// are no bundle; DATA_LOSS: its files are not those of the manifest.
Result<std::string> sign_slip(std::string_view tar, const Ed25519Key& private_key);

}  // namespace slipway::bundle
