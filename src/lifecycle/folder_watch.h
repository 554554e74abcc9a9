// FolderWatch: Linux's inotify over a set of folders, told anew in each round.
//
//   Scan --add(folder)--> inotify --read()--> something changed; these paths came by a rename
//
// Owns its descriptor. Single-sequence, but for descriptor(), which may be polled elsewhere.
//
//   watch->begin();  watch->add("/models");  watch->end();
//   poll(watch->descriptor()) ...
//   FolderWatch::Events events = watch->read();
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/status.h"

namespace slipway::lifecycle {

class FolderWatch {
 public:
  struct Events {
    bool any = false;
    std::vector<std::string> moved_in;  // files and folders that a rename brought
  };

  static Result<std::unique_ptr<FolderWatch>> create();
  ~FolderWatch();
  FolderWatch(const FolderWatch&) = delete;
  FolderWatch& operator=(const FolderWatch&) = delete;

  int descriptor() const { return descriptor_; }
  void begin();
  /// To be called before the folder is read, so that no change falls between.
  void add(const std::string& folder);
  /// Drops the folders that this round did not add.
  void end();
  /// What has happened since the last call; never waits.
  Events read();
  /// False if some folder could not be watched: then only polling sees its changes.
  bool complete() const { return complete_; }

 private:
  explicit FolderWatch(int descriptor) : descriptor_(descriptor) {}

  struct Folder {
    std::string path;
    uint64_t round = 0;
  };
  const int descriptor_;
  std::map<int, Folder> folders_;  // by watch descriptor
  uint64_t round_ = 0;
  bool complete_ = true;
  bool warned_ = false;
};

}  // namespace slipway::lifecycle
