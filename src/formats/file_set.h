// FileSet: files by name, as an archive or a folder holds them.
//
//   bytes of a .zip or .tar --open_zip, open_tar--> FileSet --formats/bundle, skops--> one model
//   a folder on disk        --open_folder-------->
//
// Names are relative, with '/' between their parts, and are only ever compared with other names:
// nothing is written anywhere, and no name becomes a path. A set with a name that could lead
// elsewhere ("../x", "/etc/x", "a\\b") or occurs twice is refused whole: its maker meant no good.
//
// Limits: entries, length of names, what all files together unpack to (Limits::decompressed_*),
// before anything is unpacked. Thread rule: immutable; the bytes must outlive a set of an archive.
//
//   const auto files = TRY(open_zip(bytes, limits));
//   if (const auto place = files->find("schema.json")) std::string text = TRY(files->read(*place));
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/limits.h"
#include "base/status.h"

namespace slipway::formats {

class FileSet {
 public:
  struct File {
    std::string name;
    uint64_t size_bytes = 0;
  };

  virtual ~FileSet() = default;
  /// Regular files, in the order of the archive; of a folder sorted by name.
  virtual const std::vector<File>& files() const = 0;
  /// The whole file. DATA_LOSS names the file and what is wrong with it.
  virtual Result<std::string> read(size_t file) const = 0;
  /// Its first bytes, fewer if it is shorter.
  virtual Result<std::string> read_start(size_t file, size_t bytes_max) const = 0;
  /// The whole file without a copy, where the archive holds it as it is.
  virtual std::optional<std::string_view> stored(size_t file) const = 0;

  std::optional<size_t> find(std::string_view name) const;
};

/// True if a file that starts so is a zip archive, or a tar archive (its first 512 bytes decide).
bool looks_like_zip(std::string_view start);
bool looks_like_tar(std::string_view start);

/// Stored and deflated entries, zip64. UNIMPLEMENTED for encrypted entries and other methods.
Result<std::unique_ptr<const FileSet>> open_zip(std::string_view bytes, const Limits& limits);
/// Old, ustar, pax and GNU headers. Links and devices are passed over.
Result<std::unique_ptr<const FileSet>> open_tar(std::string_view bytes, const Limits& limits);
/// A folder on disk and what lies below it, to a few levels. Hidden files are passed over.
Result<std::unique_ptr<const FileSet>> open_folder(const std::string& path, const Limits& limits);

/// For those who make a FileSet: INVALID_ARGUMENT if a name could lead elsewhere or occurs twice.
Status check_names(const std::vector<FileSet::File>& files);

}  // namespace slipway::formats
