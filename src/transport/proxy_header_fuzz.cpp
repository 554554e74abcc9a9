// PROXY headers of arbitrary bytes. However they come in pieces, the verdict is the same, and falls
// within the limit.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "transport/internal/proxy_header.h"

namespace slipway::transport {
namespace {

void fuzz_proxy_header(std::string_view bytes) {
  ProxyHeader whole;
  const ProxyParse verdict = parse_proxy_header(bytes, whole);
  if (verdict == ProxyParse::kNeedMore && bytes.size() >= kProxyHeaderBytesMax) std::abort();
  if (verdict == ProxyParse::kDone && whole.size > bytes.size()) std::abort();
  for (size_t size = 1; size < bytes.size(); size++) {
    ProxyHeader part;
    const ProxyParse early = parse_proxy_header(bytes.substr(0, size), part);
    if (early == ProxyParse::kNeedMore) continue;
    if (early != verdict || (early == ProxyParse::kDone &&
                             (part.size != whole.size || part.address != whole.address))) {
      std::abort();
    }
    return;
  }
}

}  // namespace
}  // namespace slipway::transport

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size > 0) slipway::transport::fuzz_proxy_header({reinterpret_cast<const char*>(data), size});
  return 0;
}
