#include "formats/tar_writer.h"

#include <fmt/format.h>

#include <algorithm>

namespace slipway::formats {
namespace {

constexpr size_t kBlock = 512;
constexpr size_t kNameBytes = 100;
constexpr uint64_t kSizeOctalMax = (uint64_t{1} << 33) - 1;  // eleven octal digits

void put(std::string& header, size_t at, std::string_view text) {
  std::ranges::copy(text, header.begin() + static_cast<ptrdiff_t>(at));
}

void append_entry(std::string& tar, char type, std::string_view name, std::string_view bytes) {
  std::string header(kBlock, '\0');
  put(header, 0, name.substr(0, kNameBytes));
  put(header, 100, "0000644");
  put(header, 108, "0000000");
  put(header, 116, "0000000");
  put(header, 124, fmt::format("{:011o}", std::min<uint64_t>(bytes.size(), kSizeOctalMax)));
  put(header, 136, "00000000000");
  put(header, 148, "        ");  // of the sum itself, blanks count
  header[156] = type;
  put(header, 257, std::string_view("ustar\00000", 8));
  uint64_t sum = 0;
  for (const char c : header) sum += static_cast<uint8_t>(c);
  put(header, 148, fmt::format("{:06o}", sum));
  header[154] = '\0';
  tar.append(header).append(bytes);
  tar.append((kBlock - bytes.size() % kBlock) % kBlock, '\0');
}

/// "LENGTH KEY=VALUE\n", where the length counts its own digits.
std::string record(std::string_view key, std::string_view value) {
  const size_t rest = key.size() + value.size() + 3;
  size_t length = rest + 1;
  while (length != rest + fmt::formatted_size("{}", length)) {
    length = rest + fmt::formatted_size("{}", length);
  }
  return fmt::format("{} {}={}\n", length, key, value);
}

}  // namespace

void append_tar_file(std::string& tar, std::string_view name, std::string_view bytes) {
  std::string extended;
  if (name.size() > kNameBytes) extended.append(record("path", name));
  if (bytes.size() > kSizeOctalMax) {
    extended.append(record("size", fmt::format("{}", bytes.size())));
  }
  if (!extended.empty()) append_entry(tar, 'x', "PaxHeaders", extended);
  append_entry(tar, '0', name, bytes);
}

void finish_tar(std::string& tar) { tar.append(2 * kBlock, '\0'); }

}  // namespace slipway::formats
