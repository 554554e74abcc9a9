// The descriptors of all .proto files under protocols/proto, as protoc writes them: embedded by the
// build (cmake/embed_file.cmake).
#pragma once

#include <string_view>

namespace slipway::protocols {

/// A google.protobuf.FileDescriptorSet.
std::string_view proto_descriptors();

}  // namespace slipway::protocols
