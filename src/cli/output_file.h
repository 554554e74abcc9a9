// OutputFile: a file that takes its place only when it is whole, so that a run that fails leaves
// what was there, and a file may be read while its successor is written.
//
//   OutputFile out("scores.csv");  // or "-", stdout
//   TRY_STATUS(out.open());
//   std::fputs("...", out.file());
//   TRY_STATUS(out.finish());
#pragma once

#include <cstdio>
#include <string>
#include <string_view>

#include "base/status.h"

namespace slipway::cli {

class OutputFile {
 public:
  explicit OutputFile(std::string path) : path_(std::move(path)) {}
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;
  /// Without finish(): removes what was written.
  ~OutputFile();

  /// Makes a new file of a name of its own beside the place, with the mode of the file that it will
  /// replace. A link is followed; what is no regular file (a pipe, a device) or lies in a folder
  /// that takes no new file is written directly.
  Status open();
  std::FILE* file() const { return file_; }
  /// Flushes, and puts the file in its place.
  Status finish();

 private:
  Status failed(int reason) const;

  std::string path_;
  std::string partial_;  // empty: written directly
  std::FILE* file_ = nullptr;
};

/// All of it at once.
Status write_output(const std::string& path, std::string_view bytes);

}  // namespace slipway::cli
