// `slipway sign`: signatures of bundles, and keys to make them with.
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <system_error>

#include "base/ed25519.h"
#include "base/file.h"
#include "cli/commands.h"
#include "cli/output_file.h"
#include "formats/bundle/slip.h"

namespace slipway::cli {
namespace {

constexpr uint64_t kBundleBytesMax = 4ULL << 30;

/// A new file; never in the place of another, since that may be the only copy of a key.
Status write_new(const std::string& path, const std::string& text, mode_t mode) {
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
  if (file < 0) {
    return invalid_argument(
        fmt::format("{} cannot be made: {}", path, std::generic_category().message(errno)));
  }
  const bool is_whole =
      ::write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  if (::close(file) == 0 && is_whole) return {};
  return unavailable(fmt::format("{} cannot be written (is the disk full?)", path));
}

Result<Ed25519Key> make_key(const std::string& name) {
  constexpr mode_t kPrivate = 0600;
  constexpr mode_t kPublic = 0644;
  const Ed25519KeyPair pair = TRY(make_ed25519_pair());
  TRY_STATUS(write_new(name + ".key", pair.private_pem, kPrivate));
  TRY_STATUS(write_new(name + ".pub", pair.public_pem, kPublic));
  fmt::print("made {0}.key, which is secret, and {0}.pub\n", name);
  return parse_private_key(pair.private_pem);
}

Result<Ed25519Key> read_key(const std::string& path) {
  const std::string pem = TRY(read_file(path, Limits()));
  Result<Ed25519Key> key = parse_private_key(pem);
  if (!key.ok()) return std::move(key).status().with_context(path);
  return key;
}

Status sign_one(const std::string& path, const Ed25519Key& key, const std::string& name) {
  Limits limits;
  limits.file_bytes_max = kBundleBytesMax;
  const std::string bytes = TRY(read_file(path, limits));
  Result<std::string> tar = bundle::sign_slip(bytes, key);
  if (!tar.ok()) return std::move(tar).status().with_context(path);
  TRY_STATUS(write_output(path, *tar));
  fmt::print("signed {} with {}\n", path, name);
  return {};
}

Status run(const SignOptions& options) {
  if (options.key.empty() && options.new_key.empty()) {
    return invalid_argument("say which key signs: --key FILE, or --new-key NAME to make one");
  }
  if (options.bundles.empty() && options.new_key.empty()) {
    return invalid_argument("say which bundles are to be signed");
  }
  const bool is_new = !options.new_key.empty();
  const Ed25519Key key = TRY(is_new ? make_key(options.new_key) : read_key(options.key));
  const Ed25519Key half = TRY(public_half(key));
  for (const std::string& path : options.bundles) {
    TRY_STATUS(sign_one(path, key, key_name(half)));
  }
  return {};
}

}  // namespace

int sign(const SignOptions& options) {
  const Status status = run(options);
  if (status.ok()) return kExitOk;
  fmt::print(stderr, "slipway: {}\n", status.message());
  return kExitFailure;
}

}  // namespace slipway::cli
