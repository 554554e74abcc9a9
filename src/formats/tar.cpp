// Tar archives: POSIX ustar and pax (IEEE 1003.1-2017, pax), GNU's long names and large numbers.
//
// Files lie in the bytes as they are, so nothing is unpacked and nothing can overlap. Links are
// passed over, so that no name can stand for another.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "formats/file_set.h"

namespace slipway::formats {
namespace {

constexpr size_t kBlock = 512;
constexpr size_t kNameAt = 0;
constexpr size_t kNameBytes = 100;
constexpr size_t kSizeAt = 124;
constexpr size_t kSizeBytes = 12;
constexpr size_t kSumAt = 148;
constexpr size_t kSumBytes = 8;
constexpr size_t kTypeAt = 156;
constexpr size_t kMagicAt = 257;
constexpr size_t kPrefixAt = 345;
constexpr size_t kPrefixBytes = 155;
constexpr size_t kEntriesMax = 100'000;
constexpr size_t kExtendedBytesMax = 1 << 20;  // of one pax header or long name

Status malformed(std::string_view what, uint64_t offset) {
  return data_loss(fmt::format("The tar archive is malformed at byte {}: {}", offset, what));
}

std::string_view until_zero(std::string_view field) { return field.substr(0, field.find('\0')); }

/// Octal digits with blanks or zeros around them; GNU's base 256 if the first bit is set.
std::optional<uint64_t> number(std::string_view field) {
  if ((static_cast<uint8_t>(field[0]) & 0x80) != 0) {
    uint64_t value = static_cast<uint8_t>(field[0]) & 0x7F;
    for (const char c : field.substr(1)) {
      if ((value >> 55) != 0) return std::nullopt;
      value = value << 8 | static_cast<uint8_t>(c);
    }
    return value;
  }
  field = until_zero(field);
  while (field.starts_with(' ')) field.remove_prefix(1);
  while (field.ends_with(' ')) field.remove_suffix(1);
  uint64_t value = 0;
  if (field.empty()) return value;
  const char* end = field.data() + field.size();
  const auto [stop, error] = std::from_chars(field.data(), end, value, 8);
  if (error != std::errc() || stop != end) return std::nullopt;
  return value;
}

bool sum_fits(std::string_view header) {
  const std::optional<uint64_t> wanted = number(header.substr(kSumAt, kSumBytes));
  uint64_t sum = 0;
  for (size_t i = 0; i < kBlock; ++i) {
    const bool blank = i >= kSumAt && i < kSumAt + kSumBytes;
    sum += blank ? ' ' : static_cast<uint8_t>(header[i]);
  }
  return wanted.has_value() && sum == *wanted;
}

/// What an extended header says of the next file.
struct Extended {
  std::optional<std::string> name;
  std::optional<uint64_t> size;
};

/// Pax records: "LENGTH KEY=VALUE\n".
Status read_records(std::string_view text, uint64_t offset, Extended& extended) {
  while (!text.empty()) {
    uint64_t length = 0;
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, length);
    const auto digits = static_cast<uint64_t>(stop - text.data());
    if (error != std::errc() || length > text.size() || length < digits + 2 || *stop != ' ' ||
        text[length - 1] != '\n') {
      return malformed("an extended header that cannot be read", offset);
    }
    const std::string_view record = text.substr(digits + 1, length - digits - 2);
    text.remove_prefix(length);
    const size_t equals = record.find('=');
    if (equals == std::string_view::npos) return malformed("a record without a key", offset);
    const std::string_view key = record.substr(0, equals);
    const std::string_view value = record.substr(equals + 1);
    if (key == "path") extended.name = std::string(value);
    if (key.starts_with("GNU.sparse")) {
      return unimplemented("The tar archive holds a sparse file; pack it without --sparse");
    }
    if (key != "size") continue;
    uint64_t size = 0;
    const auto parsed = std::from_chars(value.data(), value.data() + value.size(), size);
    if (parsed.ec != std::errc()) return malformed("a size that is no number", offset);
    extended.size = size;
  }
  return {};
}

class Tar final : public FileSet {
 public:
  explicit Tar(std::string_view bytes) : bytes_(bytes) {}

  Status open() {
    size_t at = 0;
    Extended extended;
    for (size_t headers = 0; bytes_.size() - at >= kBlock; ++headers) {
      const std::string_view header = bytes_.substr(at, kBlock);
      if (header.find_first_not_of('\0') == std::string_view::npos) return check_names(files_);
      if (headers == kEntriesMax) {
        return resource_exhausted(fmt::format("The tar archive holds over {} files", kEntriesMax));
      }
      TRY_STATUS(add_entry(header, at, extended));
    }
    if (at != bytes_.size()) return malformed("a header that is cut off", at);
    return check_names(files_);
  }

  const std::vector<File>& files() const override { return files_; }
  Result<std::string> read(size_t file) const override { return std::string(data_[file]); }
  Result<std::string> read_start(size_t file, size_t bytes_max) const override {
    return std::string(data_[file].substr(0, bytes_max));
  }
  std::optional<std::string_view> stored(size_t file) const override { return data_[file]; }

 private:
  Status add_entry(std::string_view header, size_t& at, Extended& extended) {
    const size_t offset = at;
    if (!sum_fits(header)) return malformed("a header whose checksum is another", offset);
    const std::optional<uint64_t> declared = number(header.substr(kSizeAt, kSizeBytes));
    if (!declared) return malformed("a size that is no number", offset);
    const char type = header[kTypeAt];
    const bool is_header = type == 'x' || type == 'g' || type == 'L' || type == 'K';
    const uint64_t size = !is_header && extended.size ? *extended.size : *declared;
    const size_t left = bytes_.size() - at - kBlock;
    if (size > left) return malformed(fmt::format("{} bytes of {}", size, left), offset);
    const std::string_view data = bytes_.substr(at + kBlock, size);
    at += kBlock + std::min<size_t>((size + kBlock - 1) / kBlock * kBlock, left);
    if (is_header) return read_extended(type, data, offset, extended);
    if (type == 'S') {
      return unimplemented("The tar archive holds a sparse file; pack it without --sparse");
    }
    std::string name = extended.name ? std::move(*extended.name) : header_name(header);
    extended = {};
    while (name.starts_with("./")) name.erase(0, 2);  // as `tar -C folder .` writes
    const bool is_file = (type == '0' || type == '\0' || type == '7') && !name.ends_with('/');
    if (!is_file) return {};
    files_.push_back({std::move(name), size});
    data_.push_back(data);
    return {};
  }

  static Status read_extended(char type, std::string_view data, size_t offset, Extended& extended) {
    if (data.size() > kExtendedBytesMax) return malformed("a header of that many bytes", offset);
    if (type == 'L') extended.name = std::string(until_zero(data));
    if (type == 'x') return read_records(data, offset, extended);
    return {};  // 'g' is of all files, 'K' of a link's target
  }

  static std::string header_name(std::string_view header) {
    std::string name(until_zero(header.substr(kNameAt, kNameBytes)));
    const bool is_posix = header.substr(kMagicAt).starts_with(std::string_view("ustar\0", 6));
    const std::string_view prefix = until_zero(header.substr(kPrefixAt, kPrefixBytes));
    return is_posix && !prefix.empty() ? fmt::format("{}/{}", prefix, name) : name;
  }

  const std::string_view bytes_;
  std::vector<File> files_;
  std::vector<std::string_view> data_;
};

}  // namespace

bool looks_like_tar(std::string_view start) {
  return start.size() >= kBlock && start[0] != '\0' && sum_fits(start.substr(0, kBlock));
}

Result<std::unique_ptr<const FileSet>> open_tar(std::string_view bytes, const Limits& limits) {
  if (bytes.size() > limits.decompressed_bytes_max) {
    return resource_exhausted(fmt::format("The archive is larger than the limit: {} bytes",
                                          limits.decompressed_bytes_max));
  }
  auto tar = std::make_unique<Tar>(bytes);
  TRY_STATUS(tar->open());
  return std::unique_ptr<const FileSet>(std::move(tar));
}

}  // namespace slipway::formats
