// Any text as an address: what is accepted is canonical, and a prefix never matches beyond itself.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "lifecycle/url.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace slipway::lifecycle;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto url = parse_url(text);
  if (!url.ok()) return 0;
  const auto again = parse_url(url->text());
  if (!again.ok() || again->text() != url->text()) std::abort();
  const std::vector<Url> prefixes = {*parse_url("https://models.example.com/team"),
                                     *parse_url("s3://bucket/live/")};
  if (allowed_by(*url, prefixes) && !url->text().starts_with("https://models.example.com/team") &&
      !url->text().starts_with("s3://bucket/live/")) {
    std::abort();
  }
  static_cast<void>(parse_location(*url, text));
  return 0;
}
