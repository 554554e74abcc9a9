// Zip archives (PKWARE's APPNOTE 6.3.10), read by the central directory.
//
// What several readers could see differently is refused: a local header with another name than the
// directory's, entries that overlap each other or the directory, data that give more or less than
// the declared size. All sizes are known, and held to the limits, before anything is unpacked.
#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <limits>

#include "formats/file_set.h"

namespace slipway::formats {
namespace {

constexpr std::string_view kLocalMagic("PK\x03\x04", 4);
constexpr std::string_view kDirectoryMagic("PK\x01\x02", 4);
constexpr std::string_view kEndMagic("PK\x05\x06", 4);
constexpr std::string_view kEnd64Magic("PK\x06\x06", 4);
constexpr std::string_view kEnd64PlaceMagic("PK\x06\x07", 4);
constexpr size_t kLocalBytes = 30;
constexpr size_t kDirectoryBytes = 46;
constexpr size_t kEndBytes = 22;
constexpr size_t kEnd64Bytes = 56;
constexpr size_t kEnd64PlaceBytes = 20;
constexpr uint32_t kIn64 = 0xFFFFFFFF;  // the real value is in a zip64 record
constexpr uint16_t kStored = 0;
constexpr uint16_t kDeflated = 8;
constexpr uint16_t kEncryptedFlag = 1;
constexpr uint64_t kEntriesMax = 1'000'000;
// Deflate's own bound: a block of a few bits stands for at most 258 bytes.
constexpr uint64_t kDeflateRatioMax = 1032;
constexpr uint32_t kFileTypeMask = 0170000;
constexpr uint32_t kLinkType = 0120000;

template <typename T>
T little_endian(std::string_view bytes, size_t at) {
  T value = 0;
  for (size_t i = sizeof(T); i-- > 0;) {
    value = static_cast<T>(value << 8 | static_cast<uint8_t>(bytes[at + i]));
  }
  return value;
}

Status malformed(std::string_view what, uint64_t offset) {
  return data_loss(fmt::format("The zip archive is malformed at byte {}: {}", offset, what));
}

struct Entry {
  uint16_t method = kStored;
  uint32_t crc = 0;
  uint64_t header = 0;  // offset of the local header
  std::string_view data;
};

struct Directory {
  uint64_t begin = 0;
  uint64_t end = 0;
  uint64_t entries = 0;
};

/// Where the directory lies, from the end record; from its 64-bit kin where there is one.
Result<Directory> find_directory(std::string_view bytes) {
  constexpr size_t kCommentMax = 0xFFFF;
  const size_t searched = std::min(bytes.size(), kEndBytes + kCommentMax);
  size_t end = std::string_view::npos;
  for (size_t back = kEndBytes; back <= searched; ++back) {
    const size_t at = bytes.size() - back;
    if (bytes.substr(at).starts_with(kEndMagic) &&
        little_endian<uint16_t>(bytes, at + 20) == back - kEndBytes) {
      end = at;
      break;
    }
  }
  if (end == std::string_view::npos) {
    return data_loss("The zip archive has no directory at its end: it is truncated");
  }
  const auto disk = little_endian<uint16_t>(bytes, end + 4);
  Directory found{little_endian<uint32_t>(bytes, end + 16), end,
                  little_endian<uint16_t>(bytes, end + 10)};
  uint64_t size = little_endian<uint32_t>(bytes, end + 12);
  const bool has64 =
      end >= kEnd64PlaceBytes && bytes.substr(end - kEnd64PlaceBytes).starts_with(kEnd64PlaceMagic);
  if (has64) {
    const auto at = little_endian<uint64_t>(bytes, end - kEnd64PlaceBytes + 8);
    if (at > end - kEnd64PlaceBytes || end - kEnd64PlaceBytes - at < kEnd64Bytes ||
        !bytes.substr(at).starts_with(kEnd64Magic)) {
      return malformed("no 64-bit end record where one is announced", end);
    }
    found = {little_endian<uint64_t>(bytes, at + 48), at, little_endian<uint64_t>(bytes, at + 32)};
    size = little_endian<uint64_t>(bytes, at + 40);
  } else if (disk != 0) {
    return unimplemented("The zip archive is one of several parts");
  }
  if (found.begin > found.end || size != found.end - found.begin) {
    return malformed(fmt::format("a directory of {} bytes from {}", size, found.begin), end);
  }
  if (found.entries > kEntriesMax || found.entries > size / kDirectoryBytes) {
    return malformed(fmt::format("{} entries in {} bytes", found.entries, size), end);
  }
  return found;
}

/// Puts the 64-bit values of an extra field where the 32-bit ones say that they are there.
Status apply_zip64(std::string_view extra, uint64_t offset, uint64_t& size, uint64_t& packed,
                   uint64_t& header) {
  while (extra.size() >= 4) {
    const auto kind = little_endian<uint16_t>(extra, 0);
    const auto length = little_endian<uint16_t>(extra, 2);
    if (length > extra.size() - 4) break;
    std::string_view field = extra.substr(4, length);
    extra.remove_prefix(4 + length);
    if (kind != 1) continue;
    for (uint64_t* value : {&size, &packed, &header}) {
      if (*value != kIn64) continue;
      if (field.size() < 8) return malformed("a 64-bit field that is too short", offset);
      *value = little_endian<uint64_t>(field, 0);
      field.remove_prefix(8);
    }
    return {};
  }
  return {};
}

class Zip final : public FileSet {
 public:
  Zip(std::string_view bytes, const Limits& limits) : bytes_(bytes), limits_(limits) {}

  Status open() {
    const Directory directory = TRY(find_directory(bytes_));
    uint64_t at = directory.begin;
    for (uint64_t i = 0; i < directory.entries; ++i) TRY_STATUS(add_entry(directory, at));
    TRY_STATUS(check_overlap());
    return check_names(files_);
  }

  const std::vector<File>& files() const override { return files_; }

  Result<std::string> read(size_t file) const override {
    const Entry& entry = entries_[file];
    std::string text = entry.method == kStored
                           ? std::string(entry.data)
                           : TRY(inflate_entry(file, files_[file].size_bytes, /*whole=*/true));
    TRY_STATUS(check_sum(file, text));
    return text;
  }

  Result<std::string> read_start(size_t file, size_t bytes_max) const override {
    const Entry& entry = entries_[file];
    if (entry.method == kStored) return std::string(entry.data.substr(0, bytes_max));
    return inflate_entry(file, std::min<uint64_t>(bytes_max, files_[file].size_bytes),
                         /*whole=*/false);
  }

  std::optional<std::string_view> stored(size_t file) const override {
    if (entries_[file].method != kStored) return std::nullopt;
    return entries_[file].data;
  }

 private:
  Status add_entry(const Directory& directory, uint64_t& at);
  Status add_file(Entry entry, std::string_view name, uint64_t size, uint64_t packed);
  Status check_overlap() const;
  Status check_sum(size_t file, std::string_view text) const;
  Result<std::string> inflate_entry(size_t file, uint64_t size, bool whole) const;
  Status corrupt(size_t file, std::string_view why) const {
    return data_loss(fmt::format("The zip archive is corrupt: {}: {}", files_[file].name, why));
  }

  const std::string_view bytes_;
  const Limits limits_;
  std::vector<File> files_;
  std::vector<Entry> entries_;
  uint64_t total_bytes_ = 0;
  uint64_t directory_begin_ = 0;
};

Status Zip::add_entry(const Directory& directory, uint64_t& at) {
  directory_begin_ = directory.begin;
  if (directory.end - at < kDirectoryBytes || !bytes_.substr(at).starts_with(kDirectoryMagic)) {
    return malformed("no directory entry where one is expected", at);
  }
  const std::string_view record = bytes_.substr(at, kDirectoryBytes);
  const uint64_t name_bytes = little_endian<uint16_t>(record, 28);
  const uint64_t extra_bytes = little_endian<uint16_t>(record, 30);
  const uint64_t comment_bytes = little_endian<uint16_t>(record, 32);
  const uint64_t whole = kDirectoryBytes + name_bytes + extra_bytes + comment_bytes;
  if (whole > directory.end - at) return malformed("a directory entry beyond the end", at);
  const std::string_view name = bytes_.substr(at + kDirectoryBytes, name_bytes);
  const auto flags = little_endian<uint16_t>(record, 8);
  Entry entry;
  entry.method = little_endian<uint16_t>(record, 10);
  entry.crc = little_endian<uint32_t>(record, 16);
  entry.header = little_endian<uint32_t>(record, 42);
  uint64_t packed = little_endian<uint32_t>(record, 20);
  uint64_t size = little_endian<uint32_t>(record, 24);
  const auto made_by = static_cast<uint8_t>(record[5]);
  const uint32_t mode = little_endian<uint32_t>(record, 38) >> 16;
  TRY_STATUS(apply_zip64(bytes_.substr(at + kDirectoryBytes + name_bytes, extra_bytes), at, size,
                         packed, entry.header));
  const uint64_t offset = at;
  at += whole;
  if (name.ends_with('/')) return {};  // a folder
  constexpr uint8_t kUnix = 3;
  if (made_by == kUnix && (mode & kFileTypeMask) == kLinkType) return {};
  if ((flags & kEncryptedFlag) != 0) {
    return unimplemented("The zip archive is encrypted; unpack it with its password first");
  }
  if (entry.method != kStored && entry.method != kDeflated) {
    return unimplemented(fmt::format(
        "The zip archive is packed by method {}; stored (0) and deflated (8) are read (byte {})",
        entry.method, offset));
  }
  return add_file(entry, name, size, packed);
}

Status Zip::add_file(Entry entry, std::string_view name, uint64_t size, uint64_t packed) {
  const uint64_t header = entry.header;
  if (header > directory_begin_ || directory_begin_ - header < kLocalBytes ||
      !bytes_.substr(header).starts_with(kLocalMagic)) {
    return malformed("an entry without a header of its own", header);
  }
  const uint64_t name_bytes = little_endian<uint16_t>(bytes_, header + 26);
  const uint64_t extra_bytes = little_endian<uint16_t>(bytes_, header + 28);
  const uint64_t data = header + kLocalBytes + name_bytes + extra_bytes;
  if (data > directory_begin_ || packed > directory_begin_ - data) {
    return malformed("an entry that reaches into the directory", header);
  }
  if (bytes_.substr(header + kLocalBytes, name_bytes) != name) {
    return malformed("an entry that has two names", header);
  }
  const bool fits = entry.method == kStored ? size == packed : size / kDeflateRatioMax <= packed;
  if (!fits) return malformed(fmt::format("{} bytes packed into {}", size, packed), header);
  if (size > limits_.decompressed_bytes_max - total_bytes_) {
    return resource_exhausted(
        fmt::format("The archive unpacks to more than the limit: decompressed_bytes_max {}",
                    limits_.decompressed_bytes_max));
  }
  total_bytes_ += size;
  uint64_t explained = 0;
  if (__builtin_mul_overflow(uint64_t{bytes_.size()}, limits_.decompression_ratio_max, &explained))
    explained = UINT64_MAX;
  if (total_bytes_ > std::max(explained, limits_.decompressed_bytes_free)) {
    return resource_exhausted(fmt::format(
        "The archive unpacks to more than its size explains: {} bytes of {} (decompression_ratio_"
        "max {})",
        total_bytes_, bytes_.size(), limits_.decompression_ratio_max));
  }
  entry.data = bytes_.substr(data, packed);
  files_.push_back({std::string(name), size});
  entries_.push_back(entry);
  return {};
}

Status Zip::check_overlap() const {
  std::vector<const Entry*> sorted;
  sorted.reserve(entries_.size());
  for (const Entry& entry : entries_) sorted.push_back(&entry);
  std::ranges::sort(sorted, {}, [](const Entry* entry) { return entry->header; });
  for (size_t i = 1; i < sorted.size(); ++i) {
    const std::string_view before = sorted[i - 1]->data;
    const auto end = static_cast<uint64_t>(before.data() + before.size() - bytes_.data());
    if (sorted[i]->header < end) return malformed("entries that overlap", sorted[i]->header);
  }
  return {};
}

Status Zip::check_sum(size_t file, std::string_view text) const {
  const uLong sum =
      crc32_z(0, reinterpret_cast<const Bytef*>(text.data()), static_cast<z_size_t>(text.size()));
  if (sum != entries_[file].crc) return corrupt(file, "its checksum is another");
  return {};
}

/// `size` bytes of what the entry unpacks to, which must be all of it if it is read whole.
Result<std::string> Zip::inflate_entry(size_t file, uint64_t size, bool whole) const {
  // zlib's counters are 32 bits; input and output go in by slices.
  constexpr uint64_t kSlice = 1 << 30;
  z_stream stream{};
  if (inflateInit2(&stream, -15) != Z_OK) return internal_error("zlib does not start");
  const std::unique_ptr<z_stream, int (*)(z_stream*)> end(&stream, inflateEnd);
  std::string_view in = entries_[file].data;
  std::string out(size, '\0');
  uint64_t done = 0;
  char beyond = 0;
  while (true) {
    const bool full = done == size;  // one byte more tells whether there is more than was declared
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(in.data()));
    stream.avail_in = static_cast<uInt>(std::min<uint64_t>(in.size(), kSlice));
    stream.next_out = reinterpret_cast<Bytef*>(full ? &beyond : out.data() + done);
    stream.avail_out = full ? 1 : static_cast<uInt>(std::min(size - done, kSlice));
    const uInt given = stream.avail_in;
    const uInt room = stream.avail_out;
    const int code = inflate(&stream, Z_NO_FLUSH);
    in.remove_prefix(given - stream.avail_in);
    if (full && stream.avail_out == 0) return corrupt(file, "more data than its size says");
    if (!full) done += room - stream.avail_out;
    if (!whole && done == size) return out;
    if (code == Z_STREAM_END) break;
    if (code == Z_BUF_ERROR) return corrupt(file, "its data end too early");
    if (code != Z_OK) return corrupt(file, stream.msg == nullptr ? "bad data" : stream.msg);
  }
  if (done != size) return corrupt(file, "less data than its size says");
  return out;
}

}  // namespace

bool looks_like_zip(std::string_view start) {
  return start.starts_with(kLocalMagic) || start.starts_with(kEndMagic);
}

Result<std::unique_ptr<const FileSet>> open_zip(std::string_view bytes, const Limits& limits) {
  auto zip = std::make_unique<Zip>(bytes, limits);
  TRY_STATUS(zip->open());
  return std::unique_ptr<const FileSet>(std::move(zip));
}

}  // namespace slipway::formats
