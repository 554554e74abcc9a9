#include "formats/bundle/internal/mar.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>

#include "formats/bundle/bundle.h"
#include "formats/bundle/slip.h"
#include "formats/decompress.h"

namespace slipway::bundle {
namespace {

constexpr std::string_view kManifest = "MAR-INF/MANIFEST.json";
constexpr uint64_t kManifestBytesMax = 1 << 20;
constexpr size_t kNameBytesMax = 256;
constexpr size_t kVersionBytesMax = 64;
constexpr size_t kStartBytes = 16;
/// The number that PyTorch's first file format begins with, as a pickle of protocol 2.
constexpr std::string_view kOldTorch = "\x80\x02\x8a\x0al\xfc\x9c\x46\xf9";

/// What a name may hold: it stands in paths and in lines of logs.
bool is_usable(std::string_view text, size_t bytes_max) {
  return text.size() <= bytes_max && std::ranges::none_of(text, [](char c) {
           const auto byte = static_cast<unsigned char>(c);
           return byte < 0x20 || byte == 0x7F || c == '/' || c == '\\';
         });
}

/// A text, or a number as a text: versions are written both ways. Empty if it is not there.
Result<std::string> read_field(const simdjson::dom::object& object, std::string_view key) {
  simdjson::dom::element value;
  if (object[key].get(value) != simdjson::SUCCESS || value.is_null()) return std::string();
  std::string_view text;
  if (value.get_string().get(text) == simdjson::SUCCESS) return std::string(text);
  if (value.is_number()) return std::string(simdjson::minify(value));
  return invalid_argument(fmt::format("{}: \"{}\" is no text", kManifest, key));
}

enum class Held : uint8_t { kOther, kTorchScript, kEagerWeights, kLibrary };

/// What PyTorch's zip archives hold, told by the names in them.
Held kind_of_zip(const formats::FileSet& inner) {
  Held held = Held::kOther;
  for (const formats::FileSet::File& file : inner.files()) {
    if (file.name.ends_with("/constants.pkl")) return Held::kTorchScript;
    if (file.name.ends_with("/data.pkl")) held = Held::kEagerWeights;
  }
  return held;
}

Held kind_of(const formats::FileSet& files, size_t file) {
  const Result<std::string> start = files.read_start(file, kStartBytes);
  if (!start.ok()) return Held::kOther;
  if (is_old_torch_file(*start)) return Held::kEagerWeights;
  if (start->starts_with("\x7f"
                         "ELF"))
    return Held::kLibrary;
  if (!formats::looks_like_zip(*start)) return Held::kOther;
  const Result<std::string> bytes = files.read(file);
  if (!bytes.ok()) return Held::kOther;
  const auto inner = formats::open_zip(*bytes, Limits());
  return inner.ok() ? kind_of_zip(**inner) : Held::kOther;
}

std::string_view describe(Held held) {
  switch (held) {
    case Held::kTorchScript: return "a TorchScript program of PyTorch";
    case Held::kEagerWeights: return "the weights of an eager PyTorch model, whose code is Python";
    case Held::kLibrary: return "a compiled library";
    case Held::kOther: return "no model that Slipway reads";
  }
  return "";
}

}  // namespace

bool is_old_torch_file(std::string_view start) { return start.starts_with(kOldTorch); }

std::optional<size_t> find_manifest(const formats::FileSet& files) {
  if (const auto place = files.find(kManifest)) return place;
  // A tar archive holds everything in one folder.
  for (size_t i = 0; i < files.files().size(); ++i) {
    const std::string_view name = files.files()[i].name;
    if (name.ends_with(kManifest) && name.find('/') + 1 == name.size() - kManifest.size()) return i;
  }
  return std::nullopt;
}

Result<Manifest> parse_manifest(std::string_view text) {
  simdjson::dom::parser parser;
  simdjson::dom::object root;
  const simdjson::padded_string padded(text);
  if (const auto error = parser.parse(padded).get_object().get(root)) {
    return invalid_argument(
        fmt::format("{} is no JSON object: {}", kManifest, simdjson::error_message(error)));
  }
  simdjson::dom::object model;
  if (root["model"].get_object().get(model) != simdjson::SUCCESS) {
    return invalid_argument(fmt::format("{} has no entry \"model\"", kManifest));
  }
  Manifest manifest;
  manifest.model_name = TRY(read_field(model, "modelName"));
  manifest.model_version = TRY(read_field(model, "modelVersion"));
  manifest.serialized_file = TRY(read_field(model, "serializedFile"));
  manifest.model_file = TRY(read_field(model, "modelFile"));
  manifest.handler = TRY(read_field(model, "handler"));
  if (!is_usable(manifest.model_name, kNameBytesMax)) {
    return invalid_argument(fmt::format("{}: modelName cannot be a model's name", kManifest));
  }
  if (!is_usable(manifest.model_version, kVersionBytesMax)) {
    return invalid_argument(fmt::format("{}: modelVersion cannot be a version", kManifest));
  }
  return manifest;
}

Result<Manifest> read_manifest(const formats::FileSet& files, size_t manifest) {
  if (files.files()[manifest].size_bytes > kManifestBytesMax) {
    return resource_exhausted(fmt::format("{} is over {} bytes", kManifest, kManifestBytesMax));
  }
  const std::string text = TRY(files.read(manifest));
  Manifest read = TRY(parse_manifest(text));
  const std::string& name = files.files()[manifest].name;
  if (!read.serialized_file.empty()) {
    read.serialized_file.insert(0, name, 0, name.size() - kManifest.size());
  }
  return read;
}

Status not_read(const formats::FileSet& files, const Manifest& manifest) {
  constexpr size_t kShownBytes = 100;
  const std::optional<size_t> place =
      manifest.serialized_file.empty() ? std::nullopt : files.find(manifest.serialized_file);
  std::string what = "it names no file that holds a model";
  if (place.has_value()) {
    what = fmt::format("its model {} is {}", manifest.serialized_file.substr(0, kShownBytes),
                       describe(kind_of(files, *place)));
  } else if (!manifest.serialized_file.empty()) {
    what =
        fmt::format("its model {} is not in it", manifest.serialized_file.substr(0, kShownBytes));
  } else if (!manifest.model_file.empty()) {
    what = fmt::format("its model is Python code ({})", manifest.model_file.substr(0, kShownBytes));
  }
  return invalid_argument(fmt::format(
      "this TorchServe archive holds nothing that Slipway serves: {}; its handler {} is "
      "Python, which is not run",
      what,
      manifest.handler.empty() ? "is not named and" : manifest.handler.substr(0, kShownBytes)));
}

Result<ArchiveIdentity> identify_archive(FileBytes bytes, const Limits& limits) {
  const formats::Compression compression = formats::detect_compression(bytes);
  if (compression != formats::Compression::kNone) {
    bytes = TRY(formats::decompress(bytes, compression, limits));
  }
  std::unique_ptr<const formats::FileSet> files;
  if (formats::looks_like_zip(bytes)) {
    files = TRY(formats::open_zip(bytes, limits));
  } else if (formats::looks_like_tar(bytes)) {
    files = TRY(formats::open_tar(bytes, limits));
  }
  if (files != nullptr) {
    if (const std::optional<size_t> slip = find_slip_manifest(*files)) {
      const std::string text = TRY(files->read(*slip));
      SlipManifest manifest = TRY(parse_slip_manifest(text));
      if (manifest.version.empty()) manifest.version = "1";
      return ArchiveIdentity{std::move(manifest.name), std::move(manifest.version)};
    }
  }
  const auto place = files == nullptr ? std::nullopt : find_manifest(*files);
  if (!place.has_value()) return not_found(fmt::format("there is no {} in it", kManifest));
  Manifest manifest = TRY(read_manifest(*files, *place));
  return ArchiveIdentity{std::move(manifest.model_name), std::move(manifest.model_version)};
}

}  // namespace slipway::bundle
