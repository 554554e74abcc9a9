#include "cli/output_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>

namespace slipway::cli {
namespace {

constexpr mode_t kPermissions = 07777;

/// The mode that a file at this place has, or would get.
mode_t mode_at(const std::string& path) {
  struct stat found {};
  if (stat(path.c_str(), &found) == 0) return found.st_mode & kPermissions;
  const mode_t mask = umask(0);  // the command line has no other thread that makes files
  umask(mask);
  return 0666U & ~mask;
}

}  // namespace

OutputFile::~OutputFile() {
  if (file_ != nullptr && file_ != stdout) std::fclose(file_);
  if (!partial_.empty()) std::remove(partial_.c_str());
}

Status OutputFile::open() {
  if (path_ == "-") {
    file_ = stdout;
    return {};
  }
  namespace fs = std::filesystem;
  std::error_code none;
  const fs::file_type kind = fs::status(path_, none).type();
  if (kind == fs::file_type::regular) {
    const fs::path place = fs::canonical(path_, none);
    if (!none) path_ = place.string();
  }
  if (kind == fs::file_type::regular || kind == fs::file_type::not_found) {
    partial_ = path_ + ".XXXXXX";
    const int descriptor = mkostemp(partial_.data(), O_CLOEXEC);
    if (descriptor >= 0) {
      file_ = fchmod(descriptor, mode_at(path_)) == 0 ? fdopen(descriptor, "wb") : nullptr;
      if (file_ != nullptr) return {};
      const int reason = errno;
      close(descriptor);
      return failed(reason);
    }
    partial_.clear();
  }
  file_ = std::fopen(path_.c_str(), "wb");
  return file_ != nullptr ? Status() : failed(errno);
}

Status OutputFile::finish() {
  if (file_ == stdout) return {};
  if (std::fclose(std::exchange(file_, nullptr)) != 0) return failed(errno);
  if (partial_.empty()) return {};
  if (std::rename(partial_.c_str(), path_.c_str()) != 0) return failed(errno);
  partial_.clear();
  return {};
}

Status OutputFile::failed(int reason) const {
  return unavailable(fmt::format("cannot write {}: {}", path_, std::strerror(reason)));
}

Status write_output(const std::string& path, std::string_view bytes) {
  OutputFile out(path);
  TRY_STATUS(out.open());
  if (std::fwrite(bytes.data(), 1, bytes.size(), out.file()) != bytes.size() ||
      std::fflush(out.file()) != 0) {
    return unavailable(fmt::format("cannot write {} (is the disk full?)", path));
  }
  return out.finish();
}

}  // namespace slipway::cli
