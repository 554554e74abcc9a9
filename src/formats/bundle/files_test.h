// Files of a test, as an archive or folder holds them.
#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "formats/file_set.h"

namespace slipway::bundle {

class Files final : public formats::FileSet {
 public:
  Files(std::initializer_list<std::pair<std::string, std::string>> all) {
    for (const auto& [name, content] : all) {
      files_.push_back({name, content.size()});
      contents_.push_back(content);
    }
  }
  const std::vector<File>& files() const override { return files_; }
  Result<std::string> read(size_t file) const override { return contents_[file]; }
  Result<std::string> read_start(size_t file, size_t bytes_max) const override {
    return contents_[file].substr(0, bytes_max);
  }
  std::optional<std::string_view> stored(size_t file) const override { return contents_[file]; }

 private:
  std::vector<File> files_;
  std::vector<std::string> contents_;
};

}  // namespace slipway::bundle
