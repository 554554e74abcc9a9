#include "lifecycle/folder_watch.h"

#include <fmt/format.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "base/log.h"

namespace slipway::lifecycle {
namespace {

// Not IN_MODIFY: each write of a large copy would wake us, and what counts is when it ends.
constexpr uint32_t kMask = IN_CREATE | IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE |
                           IN_DELETE_SELF | IN_MOVE_SELF | IN_ATTRIB | IN_ONLYDIR;

}  // namespace

Result<std::unique_ptr<FolderWatch>> FolderWatch::create() {
  const int descriptor = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
  if (descriptor < 0) {
    return unavailable(fmt::format("cannot watch folders by inotify: {}", std::strerror(errno)));
  }
  return std::unique_ptr<FolderWatch>(new FolderWatch(descriptor));
}

FolderWatch::~FolderWatch() { close(descriptor_); }

void FolderWatch::begin() {
  ++round_;
  complete_ = true;
}

void FolderWatch::add(const std::string& folder) {
  const int watch = inotify_add_watch(descriptor_, folder.c_str(), kMask);
  if (watch >= 0) {
    folders_[watch] = {folder, round_};
    return;
  }
  if (errno == ENOENT || errno == ENOTDIR || errno == EACCES) return;  // the scan tells
  complete_ = false;
  if (!warned_) {
    log_warning("cannot watch {} by inotify ({}): it is polled instead", folder,
                std::strerror(errno));
  }
  warned_ = true;
}

void FolderWatch::end() {
  std::erase_if(folders_, [this](const auto& entry) {
    if (entry.second.round == round_) return false;
    inotify_rm_watch(descriptor_, entry.first);
    return true;
  });
}

FolderWatch::Events FolderWatch::read() {
  Events events;
  alignas(inotify_event) std::array<char, 16 * 1024> buffer;
  while (true) {
    const ssize_t got = ::read(descriptor_, buffer.data(), buffer.size());
    if (got <= 0) return events;
    for (ssize_t at = 0; at < got;) {
      inotify_event event;
      std::memcpy(&event, buffer.data() + at, sizeof(event));
      const char* name = buffer.data() + at + sizeof(event);
      at += static_cast<ssize_t>(sizeof(event) + event.len);
      if ((event.mask & IN_IGNORED) != 0) {
        folders_.erase(event.wd);
        continue;
      }
      events.any = true;
      const auto folder = folders_.find(event.wd);
      if ((event.mask & IN_MOVED_TO) == 0 || event.len == 0 || folder == folders_.end()) continue;
      const std::filesystem::path moved = std::filesystem::path(folder->second.path) / name;
      events.moved_in.push_back(moved.lexically_normal().string());
    }
  }
}

}  // namespace slipway::lifecycle
