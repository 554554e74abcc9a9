#include "protocols/token_keys.h"

#include <fcntl.h>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

#include "base/check.h"

namespace slipway::protocols {
namespace {

constexpr std::string_view kScheme = "Bearer";
constexpr std::string_view kLetters =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr size_t kKeyBytes = 24;

/// 192 random bits as letters that stand in a header and in JSON as they are.
std::string random_key() {
  std::array<unsigned char, kKeyBytes> bytes{};
  size_t filled = 0;
  while (filled < bytes.size()) {
    const ssize_t got = getrandom(bytes.data() + filled, bytes.size() - filled, 0);
    CHECK(got > 0 || errno == EINTR);
    if (got > 0) filled += static_cast<size_t>(got);
  }
  std::string text;
  for (size_t i = 0; i < bytes.size(); i += 3) {
    const uint32_t group = uint32_t{bytes[i]} << 16U | uint32_t{bytes[i + 1]} << 8U | bytes[i + 2];
    for (int shift = 18; shift >= 0; shift -= 6) text += kLetters[group >> shift & 63U];
  }
  return text;
}

/// The key behind "Bearer"; empty if the header is another one.
std::string_view bearer_key(std::string_view header) {
  if (!header.starts_with(kScheme)) return {};
  header.remove_prefix(kScheme.size());
  const size_t begin = header.find_first_not_of(" \t");
  if (begin == 0 || begin == std::string_view::npos) return {};
  return header.substr(begin);
}

Status failed(const std::string& path) {
  return unavailable(
      fmt::format("the file of keys {} cannot be written: {}", path, std::strerror(errno)));
}

bool write_all(int file, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(file, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    text.remove_prefix(static_cast<size_t>(written));
  }
  return true;
}

}  // namespace

bool equal_secrets(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  unsigned difference = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    difference |= static_cast<unsigned char>(a[i]) ^ static_cast<unsigned char>(b[i]);
  }
  return difference == 0;
}

TokenKeys::TokenKeys(std::string path, std::chrono::seconds lifetime, std::string api_key)
    : path_(std::move(path)),
      lifetime_(lifetime),
      api_key_(std::move(api_key)),
      management_(make_key()),
      inference_(make_key()) {}

TokenKeys::Key TokenKeys::make_key() const {
  return {random_key(), std::chrono::system_clock::now() + lifetime_};
}

Result<std::shared_ptr<TokenKeys>> TokenKeys::create(std::string path,
                                                     std::chrono::seconds lifetime) {
  std::shared_ptr<TokenKeys> keys(new TokenKeys(std::move(path), lifetime, random_key()));
  const MutexLock lock(keys->mutex_);
  TRY_STATUS(keys->write(keys->management_, keys->inference_));
  return keys;
}

bool TokenKeys::accepts(Kind kind, std::string_view authorization) const {
  const std::string_view given = bearer_key(authorization);
  const MutexLock lock(mutex_);
  const Key& key = kind == Kind::kManagement ? management_ : inference_;
  return equal_secrets(given, key.text) && std::chrono::system_clock::now() < key.expires;
}

bool TokenKeys::accepts_api_key(std::string_view authorization) const {
  return equal_secrets(bearer_key(authorization), api_key_);
}

Status TokenKeys::renew(Kind kind) {
  const MutexLock lock(mutex_);
  Key key = make_key();
  const bool is_management = kind == Kind::kManagement;
  TRY_STATUS(write(is_management ? key : management_, is_management ? inference_ : key));
  (is_management ? management_ : inference_) = std::move(key);
  return {};
}

/// Beside the file and then in its place: whoever reads it never sees half of it, and it never has
/// other permissions than these.
Status TokenKeys::write(const Key& management, const Key& inference) const {
  const auto time = [](WallTime at) {
    return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}",
                       fmt::gmtime(std::chrono::system_clock::to_time_t(at)));
  };
  const std::string text = fmt::format(
      "{{\n  \"management\": {{\n    \"key\": \"{}\",\n    \"expiration time\": \"{}\"\n  }},\n"
      "  \"inference\": {{\n    \"key\": \"{}\",\n    \"expiration time\": \"{}\"\n  }},\n"
      "  \"API\": {{\n    \"key\": \"{}\"\n  }}\n}}\n",
      management.text, time(management.expires), inference.text, time(inference.expires), api_key_);
  const std::string fresh = path_ + ".new";
  ::unlink(fresh.c_str());
  const int file = ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (file < 0) return failed(path_);
  const bool is_written = write_all(file, text);
  const int error = errno;
  const bool is_closed = ::close(file) == 0;
  if (!is_written) errno = error;
  if (!is_written || !is_closed || ::rename(fresh.c_str(), path_.c_str()) != 0) {
    Status status = failed(path_);
    ::unlink(fresh.c_str());
    return status;
  }
  return {};
}

}  // namespace slipway::protocols
