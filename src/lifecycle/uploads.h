// Uploads: the files of models that came over the network, in a folder of their own that goes with
// the server.
//
//   PUT, load --Uploads::write--> /tmp/slipway-uploads-XXXXXX/3/iris --Scanner::put--> a model
//
// Each has a name that no other had, so that it is never written over while it is read.
// Single-sequence.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/status.h"
#include "serving/model_control.h"

namespace slipway::lifecycle {

class Uploads {
 public:
  Uploads() = default;
  /// Removes the folder with what is in it.
  ~Uploads();
  Uploads(const Uploads&) = delete;
  Uploads& operator=(const Uploads&) = delete;

  /// Gives the path of a new file of this name.
  Result<std::string> write_file(std::string_view name, std::string_view content);
  /// Gives the path of a new folder of this name, with these files at their paths in it.
  /// Both: INVALID_ARGUMENT if a name or path cannot be a file's or leads out of the folder;
  /// RESOURCE_EXHAUSTED if there are too many; UNAVAILABLE if it cannot be written.
  Result<std::string> write_folder(std::string_view name,
                                   std::span<const serving::ModelFile> files);
  /// Removes what one of them gave; nothing else, and nothing for an empty path.
  void remove(const std::string& path);

 private:
  Result<std::string> make_place(std::string_view name);

  std::string folder_;  // empty until the first file
  uint64_t written_ = 0;
};

}  // namespace slipway::lifecycle
