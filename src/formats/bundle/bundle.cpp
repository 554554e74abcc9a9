#include "formats/bundle/bundle.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "formats/bundle/internal/definitions.h"
#include "formats/bundle/internal/mar.h"
#include "formats/bundle/internal/mlflow.h"
#include "formats/bundle/slip.h"
#include "formats/decompress.h"

namespace slipway::bundle {
namespace {

using formats::FileSet;
using formats::FormatSet;
using formats::ModelFormat;
using formats::ReadOptions;
using formats::ReadReport;

constexpr std::string_view kName = "bundle";
constexpr std::string_view kSkopsSchema = "schema.json";
constexpr size_t kModelsMax = 200;
constexpr uint64_t kCompanionBytesMax = 64 << 20;
constexpr size_t kCompanionsMax = 8;

std::string_view base_name(std::string_view name) { return name.substr(name.rfind('/') + 1); }

std::string_view folder_of(std::string_view name) {
  const size_t slash = name.rfind('/');
  return slash == std::string_view::npos ? std::string_view() : name.substr(0, slash);
}

bool is_archive(std::string_view start) {
  return formats::looks_like_zip(start) || formats::looks_like_tar(start);
}

/// A file that some format may read.
struct Member {
  size_t file = 0;
  const ModelFormat* format = nullptr;
  bool is_sure = true;  // a text may begin as an old pickle does
};

/// Texts begin with the same letters as pickles of protocols 0 and 1.
bool is_surely(const ModelFormat& format, std::string_view start) {
  return format.name() != "pickle" || start.starts_with('\x80');
}

/// A zip that is not opened, unless it is a skops file.
Result<const ModelFormat*> format_of_zip(const FileSet& files, size_t file,
                                         const FormatSet& formats, const Limits& limits) {
  const std::string bytes = TRY(files.read(file));
  const auto inner = formats::open_zip(bytes, limits);
  const bool is_skops = inner.ok() && (*inner)->find(kSkopsSchema).has_value();
  return is_skops ? formats.named("skops") : nullptr;
}

/// The files that are models. Companions are none, whatever they look like.
Result<std::vector<Member>> find_members(const FileSet& files, const FormatSet& formats,
                                         const Limits& limits) {
  std::vector<Member> members;
  for (size_t i = 0; i < files.files().size() && members.size() < kModelsMax; ++i) {
    const std::string_view name = files.files()[i].name;
    if (is_companion(name) || name.ends_with(formats::kDefinitionsSuffix) ||
        base_name(name).starts_with('.')) {
      continue;
    }
    const std::string start = TRY(files.read_start(i, FormatSet::kStartBytes));
    const ModelFormat* format = formats.find(start);
    if (format == nullptr) continue;
    if (format->name() == kName) {  // an archive or something compressed inside
      if (formats::looks_like_zip(start)) {
        format = TRY(format_of_zip(files, i, formats, limits));
      } else if (is_archive(start)) {
        format = nullptr;
      }
      if (format == nullptr) continue;
    }
    members.push_back({i, format, is_surely(*format, start)});
  }
  const bool some_sure = std::ranges::any_of(members, &Member::is_sure);
  if (some_sure) std::erase_if(members, [](const Member& member) { return !member.is_sure; });
  return members;
}

std::string listed(const FileSet& files) {
  constexpr size_t kShownMax = 8;
  std::string text;
  for (size_t i = 0; i < std::min(files.files().size(), kShownMax); ++i) {
    text += (i == 0 ? "" : ", ") + files.files()[i].name;
  }
  if (files.files().size() > kShownMax) text += ", ...";
  return text.empty() ? "no file" : text;
}

/// Which member `select` names, and what it leaves to select inside it. A path that names no
/// member is one inside the only member.
Result<Member> choose(const FileSet& files, const std::vector<Member>& members,
                      std::string& select) {
  for (const Member& member : members) {
    const std::string& name = files.files()[member.file].name;
    if (select == name || (select.starts_with(name) && select[name.size()] == '/')) {
      select.erase(0, std::min(select.size(), name.size() + 1));
      return member;
    }
  }
  if (members.size() == 1) return members[0];
  std::string names;
  for (const Member& member : members) {
    names += (names.empty() ? "" : ", ") + files.files()[member.file].name;
  }
  return not_found(fmt::format("--select {}: no model of that name; there is: {}", select, names));
}

/// Files that tell what the model answers: in the same folder as the model, or at the top.
Status add_companions(const FileSet& files, std::string_view model, ReadReport& report) {
  for (size_t i = 0; i < files.files().size(); ++i) {
    const FileSet::File& file = files.files()[i];
    const std::string_view folder = folder_of(file.name);
    if (!is_companion(file.name) || (!folder.empty() && folder != folder_of(model))) continue;
    if (file.size_bytes > kCompanionBytesMax || report.companions.size() == kCompanionsMax) {
      return resource_exhausted(fmt::format("{} is more than is checked: {} bytes, {} at most",
                                            file.name, file.size_bytes, kCompanionBytesMax));
    }
    std::string bytes = TRY(files.read(i));
    report.companions.push_back({file.name, std::move(bytes)});
  }
  return {};
}

void set_container(ReadReport& report, std::string_view outer) {
  std::string& container = report.info.container;
  container = container.empty() ? std::string(outer) : fmt::format("{} in {}", container, outer);
}

Result<ReadReport> read_set(const FileSet& files, const ReadOptions& options,
                            const FormatSet& formats, const Limits& limits, bool in_archive);
Result<ReadReport> read_plain_set(const FileSet& files, const ReadOptions& options,
                                  const FormatSet& formats, const Limits& limits, bool in_archive);

Result<ReadReport> read_archive(const FileSet& files, std::string_view kind,
                                const ReadOptions& options, const FormatSet& formats,
                                const Limits& limits) {
  ReadReport report = TRY(read_set(files, options, formats, limits, true));
  set_container(report, kind);
  return report;
}

class BundleFormat final : public ModelFormat {
 public:
  std::string_view name() const override { return kName; }
  std::string_view description() const override {
    return "a bundle (.slip), a zip or tar archive with a model inside (skops, MLflow, TorchServe "
           "too)";
  }
  bool recognises(std::string_view start) const override {
    return is_archive(start) || formats::detect_compression(start) != formats::Compression::kNone;
  }

  Result<ReadReport> read(FileBytes bytes, const ReadOptions& options, const FormatSet& formats,
                          const Limits& limits) const override {
    const uint64_t file_bytes = bytes.size();
    const formats::Compression compression = formats::detect_compression(bytes);
    if (compression != formats::Compression::kNone) {
      if (bytes.size() > limits.file_bytes_max) {
        return resource_exhausted(
            fmt::format("The file is larger than the limit: {} bytes, file_bytes_max {}",
                        bytes.size(), limits.file_bytes_max));
      }
      bytes = TRY(formats::decompress(bytes, compression, limits));
    }
    ReadReport report = TRY(read_plain(std::move(bytes), compression, options, formats, limits));
    report.info.file_bytes = file_bytes;
    if (compression != formats::Compression::kNone) {
      report.info.compression = formats::compression_name(compression);
    }
    return report;
  }

 private:
  static Result<ReadReport> read_plain(FileBytes bytes, formats::Compression compression,
                                       const ReadOptions& options, const FormatSet& formats,
                                       const Limits& limits) {
    if (formats::looks_like_zip(bytes)) {
      const auto files = TRY(formats::open_zip(bytes, limits));
      const ModelFormat* skops = formats.named("skops");
      if (files->find(kSkopsSchema) && !files->find("MLmodel") && skops != nullptr) {
        return skops->read(std::move(bytes), options, formats, limits);
      }
      return read_archive(*files, "zip", options, formats, limits);
    }
    if (formats::looks_like_tar(bytes)) {
      const auto files = TRY(formats::open_tar(bytes, limits));
      return read_archive(*files, "tar", options, formats, limits);
    }
    const ModelFormat* format = formats.find(bytes.view().substr(0, FormatSet::kStartBytes));
    if (format == nullptr || format->name() == kName) {
      return invalid_argument(fmt::format("what the {} file unpacks to is no model (expected {})",
                                          formats::compression_name(compression),
                                          formats.description()));
    }
    Limits inner = limits;  // what was unpacked was held to its own limit
    inner.file_bytes_max = std::max<uint64_t>(limits.file_bytes_max, bytes.size());
    return format->read(std::move(bytes), options, formats, inner);
  }
};

/// The files of a folder in a set, by their names from there.
class SubFolder final : public FileSet {
 public:
  SubFolder(const FileSet& whole, std::string_view folder) : whole_(whole) {
    for (size_t i = 0; i < whole.files().size(); ++i) {
      const File& file = whole.files()[i];
      if (!file.name.starts_with(folder)) continue;
      files_.push_back({file.name.substr(folder.size()), file.size_bytes});
      places_.push_back(i);
    }
  }
  const std::vector<File>& files() const override { return files_; }
  Result<std::string> read(size_t file) const override { return whole_.read(places_[file]); }
  Result<std::string> read_start(size_t file, size_t bytes_max) const override {
    return whole_.read_start(places_[file], bytes_max);
  }
  std::optional<std::string_view> stored(size_t file) const override {
    return whole_.stored(places_[file]);
  }

 private:
  const FileSet& whole_;
  std::vector<File> files_;
  std::vector<size_t> places_;
};

/// The one file that is a bundle's model. Archives are unpacked before they are packed anew, so
/// that nothing has to be opened inside: only skops files are zip archives.
Result<ReadReport> read_slip_file(const FileSet& files, size_t place, ReadOptions options,
                                  const FormatSet& formats, const Limits& limits) {
  const std::string& name = files.files()[place].name;
  std::string bytes = TRY(files.read(place));
  const formats::Compression compression = formats::detect_compression(bytes);
  if (compression != formats::Compression::kNone) {
    bytes = TRY(formats::decompress(bytes, compression, limits));
  }
  const std::string_view start = std::string_view(bytes).substr(0, FormatSet::kStartBytes);
  const ModelFormat* format = formats.find(start);
  if (formats::looks_like_zip(start)) format = formats.named("skops");
  if (format == nullptr || format->name() == kName) {
    return invalid_argument(fmt::format("{} is no model that Slipway reads (expected {})", name,
                                        formats.description()));
  }
  options.definitions = TRY(find_definitions(files, name, bytes, true));
  Result<ReadReport> report = format->read(std::move(bytes), options, formats, limits);
  if (!report.ok()) return std::move(report).status().with_context(name);
  return report;
}

/// A bundle of Slipway's own: the files are checked before the model is read.
Result<ReadReport> read_slip(const FileSet& files, size_t place, const ReadOptions& options,
                             const FormatSet& formats, const Limits& limits) {
  const std::string& path = files.files()[place].name;
  const std::string folder = path.substr(0, path.size() - kSlipManifest.size());
  std::string text = TRY(files.read(place));
  const SlipManifest manifest = TRY(parse_slip_manifest(text));
  TRY_STATUS(check_slip_files(files, place, manifest));
  const std::string model = folder + manifest.model;
  ReadOptions inner = options;
  if (inner.select.empty()) inner.select = manifest.select;
  ReadReport report;
  if (model.ends_with('/')) {
    report = TRY(read_plain_set(SubFolder(files, model), inner, formats, limits, true));
  } else {
    report = TRY(read_slip_file(files, *files.find(model), inner, formats, limits));
    TRY_STATUS(add_companions(files, path, report));
  }
  set_container(report, "slip");
  report.companions.push_back({std::string(kSlipManifest), std::move(text)});
  if (const auto signature = files.find(folder + std::string(kSlipSignature))) {
    std::string bytes = TRY(files.read_start(*signature, kEd25519SignatureBytes + 1));
    report.companions.push_back({std::string(kSlipSignature), std::move(bytes)});
  }
  return report;
}

/// Of a TorchServe archive the file that its manifest names, if it names one. What lies beside it
/// is the handler's.
Status keep_serialized(const FileSet& files, size_t place, std::vector<Member>& members) {
  const Manifest manifest = TRY(read_manifest(files, place));
  std::erase_if(members, [&](const Member& member) {
    if (member.file == place) return true;
    const std::string& name = files.files()[member.file].name;
    if (!manifest.serialized_file.empty() && name != manifest.serialized_file) return true;
    const Result<std::string> start = files.read_start(member.file, FormatSet::kStartBytes);
    return !start.ok() || is_old_torch_file(*start);
  });
  return members.empty() ? not_read(files, manifest) : Status();
}

Result<ReadReport> read_plain_set(const FileSet& files, const ReadOptions& options,
                                  const FormatSet& formats, const Limits& limits, bool in_archive) {
  if (const std::optional<size_t> model = find_mlmodel(files)) {
    ReadReport report = TRY(read_mlflow(files, *model, options, formats, limits, in_archive));
    TRY_STATUS(add_companions(files, files.files()[*model].name, report));
    return report;
  }
  std::vector<Member> members = TRY(find_members(files, formats, limits));
  if (const std::optional<size_t> manifest = find_manifest(files)) {
    TRY_STATUS(keep_serialized(files, *manifest, members));
  }
  if (members.empty()) {
    return invalid_argument(
        fmt::format("no model inside that Slipway reads; there is: {}", listed(files)));
  }
  if (members.size() > 1 && options.select.empty()) {
    ReadReport report;
    for (const Member& member : members) {
      report.candidates.push_back(
          {files.files()[member.file].name, std::string(member.format->description())});
    }
    return report;
  }
  ReadOptions inner = options;
  const Member member = members.size() == 1 && options.select.empty()
                            ? members[0]
                            : TRY(choose(files, members, inner.select));
  const std::string& name = files.files()[member.file].name;
  std::string bytes = TRY(files.read(member.file));
  inner.definitions = TRY(find_definitions(files, name, bytes, in_archive));
  Result<ReadReport> read = member.format->read(std::move(bytes), inner, formats, limits);
  if (!read.ok()) return std::move(read).status().with_context(name);
  TRY_STATUS(add_companions(files, name, *read));
  return std::move(read).value();
}

Result<ReadReport> read_set(const FileSet& files, const ReadOptions& options,
                            const FormatSet& formats, const Limits& limits, bool in_archive) {
  if (const std::optional<size_t> manifest = find_slip_manifest(files)) {
    return read_slip(files, *manifest, options, formats, limits);
  }
  return read_plain_set(files, options, formats, limits, in_archive);
}

}  // namespace

bool is_companion(std::string_view name) {
  return base_name(name) == "expected.csv" || name.ends_with(".expected.csv") ||
         name.ends_with(".samples.json");
}

Result<ReadReport> read_files(const FileSet& files, const ReadOptions& options,
                              const FormatSet& formats, const Limits& limits) {
  return read_set(files, options, formats, limits, false);
}

std::unique_ptr<const formats::ModelFormat> make_format() {
  return std::make_unique<BundleFormat>();
}

}  // namespace slipway::bundle
