#include "lifecycle/s3_listing.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <utility>

namespace slipway::lifecycle {
namespace {

constexpr size_t kObjectsMax = 1000;  // of one answer, as S3 itself has it
constexpr size_t kErrorBytesMax = 300;

/// What stands between <name> and </name>, from `at` on, which moves behind it.
std::optional<std::string_view> element(std::string_view xml, std::string_view name, size_t& at) {
  const std::string open = fmt::format("<{}>", name);
  const std::string close = fmt::format("</{}>", name);
  const size_t begin = xml.find(open, at);
  if (begin == std::string_view::npos) return std::nullopt;
  const size_t end = xml.find(close, begin + open.size());
  if (end == std::string_view::npos) return std::nullopt;
  at = end + close.size();
  return xml.substr(begin + open.size(), end - begin - open.size());
}

std::string text_of(std::string_view xml, std::string_view name) {
  size_t at = 0;
  std::string_view raw = element(xml, name, at).value_or("");
  static constexpr std::array<std::pair<std::string_view, char>, 7> kEntities = {{{"&amp;", '&'},
                                                                                  {"&lt;", '<'},
                                                                                  {"&gt;", '>'},
                                                                                  {"&quot;", '"'},
                                                                                  {"&apos;", '\''},
                                                                                  {"&#34;", '"'},
                                                                                  {"&#39;", '\''}}};
  std::string text;
  while (!raw.empty()) {
    const auto entity = std::ranges::find_if(
        kEntities, [&](const auto& known) { return raw.starts_with(known.first); });
    text.push_back(entity == kEntities.end() ? raw.front() : entity->second);
    raw.remove_prefix(entity == kEntities.end() ? 1 : entity->first.size());
  }
  return text;
}

bool decode(std::string& text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out.push_back(text[i] == '+' ? ' ' : text[i]);
      continue;
    }
    unsigned byte = 0;
    const char* digits = text.data() + i + 1;
    if (i + 2 >= text.size() || std::from_chars(digits, digits + 2, byte, 16).ptr != digits + 2) {
      return false;
    }
    out.push_back(static_cast<char>(byte));
    i += 2;
  }
  text = std::move(out);
  return true;
}

}  // namespace

Result<S3Listing> read_listing(std::string_view xml) {
  size_t at = xml.find("<ListBucketResult");
  if (at == std::string_view::npos || xml.find("</ListBucketResult>") == std::string_view::npos) {
    return data_loss("the answer is no listing of a bucket");
  }
  S3Listing listing;
  const bool encoded = text_of(xml, "EncodingType") == "url";
  while (const auto contents = element(xml, "Contents", at)) {
    if (listing.objects.size() == kObjectsMax) return data_loss("the listing has too many objects");
    S3Object object{text_of(*contents, "Key"), text_of(*contents, "ETag"), 0};
    const std::string size = text_of(*contents, "Size");
    const auto [end, error] =
        std::from_chars(size.data(), size.data() + size.size(), object.size_bytes);
    if (object.key.empty() || error != std::errc() || end != size.data() + size.size() ||
        (encoded && !decode(object.key))) {
      return data_loss("the listing holds an object without key or size");
    }
    listing.objects.push_back(std::move(object));
  }
  if (text_of(xml, "IsTruncated") == "true") {
    listing.next = text_of(xml, "NextContinuationToken");
    if (listing.next.empty()) return data_loss("the listing does not say how it goes on");
  }
  return listing;
}

std::string read_s3_error(std::string_view xml) {
  if (xml.find("<Error>") == std::string_view::npos) return {};
  std::string text = text_of(xml, "Code") + ": " + text_of(xml, "Message");
  std::erase_if(text, [](char c) { return static_cast<unsigned char>(c) < 0x20; });
  return text.substr(0, kErrorBytesMax);
}

}  // namespace slipway::lifecycle
