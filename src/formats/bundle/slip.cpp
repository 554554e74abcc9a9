#include "formats/bundle/slip.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <unordered_map>

#include "base/file.h"
#include "base/json_escape.h"
#include "formats/tar_writer.h"

namespace slipway::bundle {
namespace {

constexpr size_t kNameBytesMax = 256;
constexpr size_t kVersionBytesMax = 64;
constexpr size_t kDigestDigits = 64;

/// What a name may hold: it stands in paths and in lines of logs.
bool is_usable(std::string_view text, size_t bytes_max) {
  return text.size() <= bytes_max && std::ranges::none_of(text, [](char c) {
           const auto byte = static_cast<unsigned char>(c);
           return byte < 0x20 || byte == 0x7F || c == '/' || c == '\\';
         });
}

Status wrong(std::string_view what) {
  return invalid_argument(fmt::format("{}: {}", kSlipManifest, what));
}

/// A text that may be missing.
Result<std::string> text_of(const simdjson::dom::object& root, std::string_view key) {
  simdjson::dom::element value;
  if (root[key].get(value) != simdjson::SUCCESS) return std::string();
  std::string_view text;
  if (value.get_string().get(text) != simdjson::SUCCESS) {
    return wrong(fmt::format("\"{}\" is no text", key));
  }
  return std::string(text);
}

Result<std::vector<SlipFile>> files_of(const simdjson::dom::object& root) {
  simdjson::dom::object entries;
  if (root["files"].get_object().get(entries) != simdjson::SUCCESS) {
    return wrong("\"files\" is missing, or no object");
  }
  std::vector<SlipFile> files;
  for (const auto& [name, value] : entries) {
    SlipFile file;
    file.name = std::string(name);
    std::string_view digest;
    if (value["bytes"].get_uint64().get(file.bytes) != simdjson::SUCCESS ||
        value["sha256"].get_string().get(digest) != simdjson::SUCCESS ||
        digest.size() != kDigestDigits) {
      return wrong(fmt::format("\"files\": \"{}\" has no \"bytes\" or no \"sha256\" of {} digits",
                               name.substr(0, kNameBytesMax), kDigestDigits));
    }
    file.sha256 = std::string(digest);
    files.push_back(std::move(file));
  }
  return files;
}

bool is_listed(const std::vector<SlipFile>& files, std::string_view model) {
  return std::ranges::any_of(files, [&](const SlipFile& file) {
    return model.ends_with('/') ? file.name.starts_with(model) : file.name == model;
  });
}

/// "iris/" of "iris/slipway.json".
std::string_view folder_of(const formats::FileSet& files, size_t manifest_place) {
  const std::string_view name = files.files()[manifest_place].name;
  return name.substr(0, name.size() - kSlipManifest.size());
}

Status check_file(const formats::FileSet& files, size_t place, const SlipFile& listed) {
  const formats::FileSet::File& file = files.files()[place];
  if (file.size_bytes != listed.bytes) {
    return data_loss(fmt::format("{} has {} bytes, {} in {}", file.name, file.size_bytes,
                                 listed.bytes, kSlipManifest));
  }
  std::string copy;
  std::optional<std::string_view> bytes = files.stored(place);
  if (!bytes) {
    copy = TRY(files.read(place));
    bytes = copy;
  }
  const std::string digest = sha256_hex(*bytes);
  if (digest == listed.sha256) return {};
  return data_loss(fmt::format("{} was changed: its SHA-256 is {}, {} in {}", file.name, digest,
                               listed.sha256, kSlipManifest));
}

}  // namespace

Result<SlipManifest> parse_slip_manifest(std::string_view text) {
  simdjson::dom::parser parser;
  simdjson::dom::object root;
  const simdjson::padded_string padded(text);
  if (const auto error = parser.parse(padded).get_object().get(root)) {
    return wrong(fmt::format("no JSON object: {}", simdjson::error_message(error)));
  }
  int64_t layout = 0;
  if (root["slipway_bundle"].get_int64().get(layout) != simdjson::SUCCESS || layout < 1) {
    return wrong("\"slipway_bundle\", the number of the layout, is missing");
  }
  if (layout > kSlipLayout) {
    return unimplemented(fmt::format("{}: layout {} is later than this program's, {}",
                                     kSlipManifest, layout, kSlipLayout));
  }
  SlipManifest manifest;
  manifest.name = TRY(text_of(root, "name"));
  manifest.version = TRY(text_of(root, "version"));
  manifest.model = TRY(text_of(root, "model"));
  manifest.select = TRY(text_of(root, "select"));
  manifest.files = TRY(files_of(root));
  if (!is_usable(manifest.name, kNameBytesMax)) return wrong("\"name\" cannot be a model's name");
  if (!is_usable(manifest.version, kVersionBytesMax)) {
    return wrong("\"version\" cannot be a version");
  }
  if (manifest.model.empty()) return wrong("\"model\", the model's file, is missing");
  if (!is_listed(manifest.files, manifest.model)) {
    return wrong(fmt::format("\"model\": {} is not among \"files\"",
                             manifest.model.substr(0, kNameBytesMax)));
  }
  return manifest;
}

std::optional<size_t> find_slip_manifest(const formats::FileSet& files) {
  if (const auto place = files.find(kSlipManifest)) return place;
  for (size_t i = 0; i < files.files().size(); ++i) {
    const std::string_view name = files.files()[i].name;
    const size_t slash = name.find('/');
    if (slash == std::string_view::npos || name.substr(slash + 1) != kSlipManifest) continue;
    const std::string_view folder = name.substr(0, slash + 1);
    const bool holds_all = std::ranges::all_of(
        files.files(),
        [&](const formats::FileSet::File& file) { return file.name.starts_with(folder); });
    return holds_all ? std::optional(i) : std::nullopt;
  }
  return std::nullopt;
}

Status check_slip_files(const formats::FileSet& files, size_t manifest_place,
                        const SlipManifest& manifest) {
  const std::string_view folder = folder_of(files, manifest_place);
  std::unordered_map<std::string_view, const SlipFile*> listed;
  for (const SlipFile& file : manifest.files) {
    if (!listed.emplace(file.name, &file).second) {
      return wrong(fmt::format("\"files\": \"{}\" is listed twice", file.name));
    }
  }
  for (size_t i = 0; i < files.files().size(); ++i) {
    const std::string& path = files.files()[i].name;
    if (!path.starts_with(folder)) continue;
    const std::string_view name = std::string_view(path).substr(folder.size());
    if (name == kSlipManifest || name == kSlipSignature) continue;
    const auto entry = listed.find(name);
    if (entry == listed.end()) {
      return data_loss(fmt::format("{} is not listed in {}", path, kSlipManifest));
    }
    TRY_STATUS(check_file(files, i, *entry->second));
    listed.erase(entry);
  }
  if (listed.empty()) return {};
  const auto first = std::ranges::min_element(
      listed, [](const auto& a, const auto& b) { return a.first < b.first; });
  return data_loss(fmt::format("{} is missing, though {} lists it", first->first, kSlipManifest));
}

Result<std::string> write_slip(const SlipContents& contents) {
  std::string text = fmt::format("{{\n\"slipway_bundle\": {}", kSlipLayout);
  const auto field = [&](std::string_view key, std::string_view value) {
    text.append(fmt::format(",\n\"{}\": ", key));
    append_json_string(text, value);
  };
  if (!contents.name.empty()) field("name", contents.name);
  if (!contents.version.empty()) field("version", contents.version);
  field("model", contents.model);
  if (!contents.select.empty()) field("select", contents.select);
  if (!contents.details.empty()) text.append(",\n").append(contents.details);
  text.append(",\n\"files\": {");
  bool first = true;
  std::vector<formats::FileSet::File> names = {{std::string(kSlipManifest), 0},
                                               {std::string(kSlipSignature), 0}};
  for (const auto& [name, bytes] : contents.files) {
    text.append(first ? "\n  " : ",\n  ");
    first = false;
    append_json_string(text, name);
    text.append(
        fmt::format(": {{\"bytes\": {}, \"sha256\": \"{}\"}}", bytes.size(), sha256_hex(bytes)));
    names.push_back({name, bytes.size()});
  }
  text.append("\n}\n}\n");
  TRY_STATUS(formats::check_names(names));
  TRY_STATUS(parse_slip_manifest(text).status());
  std::string tar;
  formats::append_tar_file(tar, kSlipManifest, text);
  for (const auto& [name, bytes] : contents.files) formats::append_tar_file(tar, name, bytes);
  formats::finish_tar(tar);
  return tar;
}

Result<std::string> sign_slip(std::string_view tar, const Ed25519Key& private_key) {
  if (!formats::looks_like_tar(tar)) {
    return invalid_argument(fmt::format("no {} bundle: expected a tar archive", kSlipEnding));
  }
  const auto files = TRY(formats::open_tar(tar, Limits()));
  const std::optional<size_t> place = find_slip_manifest(*files);
  if (!place) {
    return invalid_argument(
        fmt::format("no {} bundle: there is no {}", kSlipEnding, kSlipManifest));
  }
  const std::string text = TRY(files->read(*place));
  const SlipManifest manifest = TRY(parse_slip_manifest(text));
  TRY_STATUS(check_slip_files(*files, *place, manifest));
  const std::string_view folder = folder_of(*files, *place);
  const std::string signature = TRY(sign_bytes(text, private_key));
  std::string out;
  formats::append_tar_file(out, fmt::format("{}{}", folder, kSlipManifest), text);
  formats::append_tar_file(out, fmt::format("{}{}", folder, kSlipSignature), signature);
  for (size_t i = 0; i < files->files().size(); ++i) {
    const std::string& name = files->files()[i].name;
    const std::string_view rest = std::string_view(name).substr(folder.size());
    if (i == *place || rest == kSlipSignature) continue;
    formats::append_tar_file(out, name, *files->stored(i));
  }
  formats::finish_tar(out);
  return out;
}

}  // namespace slipway::bundle
