#include "formats/file_set.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_set>

namespace slipway::formats {
namespace {

constexpr size_t kNameBytesMax = 1024;

/// For messages: what a hostile name holds beside printable characters does not get to a terminal.
std::string shown(std::string_view name) {
  constexpr size_t kShownMax = 100;
  std::string text(name.substr(0, kShownMax));
  std::replace_if(
      text.begin(), text.end(), [](char c) { return c >= 0 && (c < ' ' || c == 0x7F); }, '?');
  return text;
}

bool is_plain(std::string_view name) {
  if (name.empty() || name.size() > kNameBytesMax || name.starts_with('/')) return false;
  const bool odd = std::any_of(name.begin(), name.end(), [](char c) {
    return c == '\\' || (c >= 0 && c < ' ') || c == 0x7F;
  });
  if (odd || (name.size() > 1 && name[1] == ':')) return false;
  for (size_t begin = 0; begin <= name.size();) {
    const size_t end = std::min(name.find('/', begin), name.size());
    if (name.substr(begin, end - begin) == "..") return false;
    begin = end + 1;
  }
  return true;
}

}  // namespace

std::optional<size_t> FileSet::find(std::string_view name) const {
  const std::vector<File>& all = files();
  const auto found = std::ranges::find(all, name, &File::name);
  if (found == all.end()) return std::nullopt;
  return static_cast<size_t>(found - all.begin());
}

Status check_names(const std::vector<FileSet::File>& files) {
  std::unordered_set<std::string_view> seen;
  for (const FileSet::File& file : files) {
    if (!is_plain(file.name)) {
      return invalid_argument(fmt::format(
          "The archive holds a name that leads out of it or is none: \"{}\"", shown(file.name)));
    }
    if (!seen.insert(file.name).second) {
      return invalid_argument(
          fmt::format("The archive holds two files of one name: \"{}\"", shown(file.name)));
    }
  }
  return {};
}

}  // namespace slipway::formats
