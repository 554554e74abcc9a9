#include "transport/internal/proxy_header.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <array>
#include <charconv>
#include <cstdint>

namespace slipway::transport {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view kSignature = "\r\n\r\n\0\r\nQUIT\n"sv;
constexpr size_t kFixedBytes = 16;
constexpr std::string_view kTextStart = "PROXY ";
constexpr size_t kTextBytesMax = 107;

std::string text_of(int family, const char* address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  return inet_ntop(family, address, text.data(), text.size()) == nullptr ? "" : text.data();
}

bool starts_alike(std::string_view bytes, std::string_view start) {
  return bytes.substr(0, start.size()) == start.substr(0, bytes.size());
}

ProxyParse parse_binary(std::string_view bytes, ProxyHeader& header) {
  constexpr unsigned kVersion2 = 2;
  constexpr unsigned kLocal = 0;
  constexpr unsigned kProxy = 1;
  const auto byte = [&](size_t at) { return static_cast<uint8_t>(bytes[at]); };
  if (bytes.size() < kFixedBytes) return ProxyParse::kNeedMore;
  const unsigned command = byte(12) & 0x0FU;
  if (byte(12) >> 4U != kVersion2 || command > kProxy) return ProxyParse::kMalformed;
  const size_t length = (size_t{byte(14)} << 8U) | byte(15);
  header.size = kFixedBytes + length;
  if (header.size > kProxyHeaderBytesMax) return ProxyParse::kMalformed;
  if (bytes.size() < header.size) return ProxyParse::kNeedMore;
  header.address.clear();
  if (command == kLocal) return ProxyParse::kDone;
  const char* const addresses = bytes.data() + kFixedBytes;
  constexpr unsigned kTcp4 = 0x11;
  constexpr unsigned kTcp6 = 0x21;
  switch (byte(13)) {  // of any other kind there is no address to be told
    case kTcp4:
      if (length < 12) return ProxyParse::kMalformed;
      header.address = text_of(AF_INET, addresses);
      break;
    case kTcp6:
      if (length < 36) return ProxyParse::kMalformed;
      header.address = text_of(AF_INET6, addresses);
      break;
    default: break;
  }
  return ProxyParse::kDone;
}

std::string_view take_word(std::string_view& rest) {
  const size_t end = rest.find(' ');
  const std::string_view word = rest.substr(0, end);
  rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
  return word;
}

bool is_port(std::string_view text) {
  uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return !text.empty() && error == std::errc() && end == text.data() + text.size();
}

bool is_address(int family, std::string_view text) {
  std::array<char, sizeof(in6_addr)> parsed;
  return text.find('\0') == std::string_view::npos &&
         inet_pton(family, std::string(text).c_str(), parsed.data()) == 1;
}

ProxyParse parse_text(std::string_view bytes, ProxyHeader& header) {
  const size_t end = bytes.substr(0, kTextBytesMax).find("\r\n");
  if (end == std::string_view::npos) {
    return bytes.size() < kTextBytesMax ? ProxyParse::kNeedMore : ProxyParse::kMalformed;
  }
  header.size = end + 2;
  header.address.clear();
  std::string_view rest = bytes.substr(kTextStart.size(), end - kTextStart.size());
  const std::string_view family_name = take_word(rest);
  if (family_name == "UNKNOWN") return ProxyParse::kDone;
  if (family_name != "TCP4" && family_name != "TCP6") return ProxyParse::kMalformed;
  const int family = family_name == "TCP4" ? AF_INET : AF_INET6;
  const std::string_view source = take_word(rest);
  const std::string_view target = take_word(rest);
  const std::string_view source_port = take_word(rest);
  if (!is_address(family, source) || !is_address(family, target) || !is_port(source_port) ||
      !is_port(rest)) {
    return ProxyParse::kMalformed;
  }
  header.address = source;
  return ProxyParse::kDone;
}

}  // namespace

ProxyParse parse_proxy_header(std::string_view bytes, ProxyHeader& header) {
  if (starts_alike(bytes, kSignature)) return parse_binary(bytes, header);
  if (!starts_alike(bytes, kTextStart)) return ProxyParse::kMalformed;
  return bytes.size() < kTextStart.size() ? ProxyParse::kNeedMore : parse_text(bytes, header);
}

}  // namespace slipway::transport
