// Header fields as libnghttp2 takes them; a scratch that is reused. Only for Http2Session's
// sources.
#pragma once

#include <nghttp2/nghttp2.h>

#include <vector>

namespace slipway::transport {

struct Http2Fields {
  std::vector<nghttp2_nv> list;
};

}  // namespace slipway::transport
