// Writing tar archives: POSIX ustar, with a pax header where a name is long (IEEE 1003.1-2017,
// pax).
//
//   std::string tar;
//   append_tar_file(tar, "model.onnx", bytes);
//   finish_tar(tar);
//
// No time, owner or mode of the machine goes into it: the same files give the same bytes.
// Thread rule: pure functions.
#pragma once

#include <string>
#include <string_view>

namespace slipway::formats {

void append_tar_file(std::string& tar, std::string_view name, std::string_view bytes);
/// The two empty blocks at the end.
void finish_tar(std::string& tar);

}  // namespace slipway::formats
