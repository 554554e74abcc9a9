#include "transport/internal/proxy_header.h"

#include <gtest/gtest.h>

#include <vector>

#include "transport/server.h"
#include "transport/socket_client_test.h"

namespace slipway::transport {
namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;

const std::string kSignature = "\r\n\r\n\0\r\nQUIT\n"s;

std::string binary(char command, char family, const std::string& rest) {
  return kSignature + command + family + static_cast<char>(rest.size() >> 8) +
         static_cast<char>(rest.size() & 0xFF) + rest;
}

const std::string kTcp4 = "\xC0\x00\x02\x01\xC6\x33\x64\x02\x12\x34\x01\xBB"s;
const std::string kTcp6 = "\x20\x01\x0D\xB8"s + std::string(11, '\0') + "\x07"s +
                          std::string(15, '\0') + "\x01\x12\x34\x01\xBB"s;

TEST(ProxyHeader, TellsTheClientOfBinaryHeaders) {
  ProxyHeader header;
  const std::string tcp4 = binary('\x21', '\x11', kTcp4);
  EXPECT_EQ(parse_proxy_header(tcp4 + "GET /", header), ProxyParse::kDone);
  EXPECT_EQ(header.address, "192.0.2.1");
  EXPECT_EQ(header.size, 28U);
  const std::string tcp6 = binary('\x21', '\x21', kTcp6 + "\x03\x00\x01x"s);  // and a TLV
  EXPECT_EQ(parse_proxy_header(tcp6, header), ProxyParse::kDone);
  EXPECT_EQ(header.address, "2001:db8::7");
  EXPECT_EQ(header.size, tcp6.size());
}

TEST(ProxyHeader, KeepsTheConnectionsAddressIfNoneIsTold) {
  for (const std::string& bytes :
       {binary('\x20', '\x00', ""), binary('\x20', '\x11', kTcp4), binary('\x21', '\x00', "tlv"),
        binary('\x21', '\x31', std::string(216, 'p')), binary('\x21', '\x12', kTcp4),
        "PROXY UNKNOWN\r\n"s, "PROXY UNKNOWN ff:: ff:: 1 2\r\n"s}) {
    ProxyHeader header;
    EXPECT_EQ(parse_proxy_header(bytes, header), ProxyParse::kDone) << bytes;
    EXPECT_EQ(header.address, "");
    EXPECT_EQ(header.size, bytes.size());
  }
}

TEST(ProxyHeader, TellsTheClientOfTextHeaders) {
  ProxyHeader header;
  EXPECT_EQ(parse_proxy_header("PROXY TCP4 192.0.2.1 198.51.100.2 4660 443\r\nGET", header),
            ProxyParse::kDone);
  EXPECT_EQ(header.address, "192.0.2.1");
  EXPECT_EQ(header.size, 44U);
  EXPECT_EQ(parse_proxy_header("PROXY TCP6 2001:db8::7 ::1 1 65535\r\n", header),
            ProxyParse::kDone);
  EXPECT_EQ(header.address, "2001:db8::7");
}

TEST(ProxyHeader, WaitsForTheRestOfAHeader) {
  const std::string tcp4 = binary('\x21', '\x11', kTcp4);
  const std::string text = "PROXY TCP4 192.0.2.1 198.51.100.2 4660 443\r\n";
  for (const std::string& bytes : {tcp4, text}) {
    for (size_t size = 1; size < bytes.size(); size++) {
      ProxyHeader header;
      EXPECT_EQ(parse_proxy_header(bytes.substr(0, size), header), ProxyParse::kNeedMore) << size;
    }
  }
}

TEST(ProxyHeader, RefusesWhatIsNone) {
  const std::vector<std::string> wrong = {
      "GET / HTTP/1.1\r\n",
      "\x16\x03\x01",
      "PRI * HTTP/2.0",
      "PROXY TCP5 1.1.1.1 2.2.2.2 1 2\r\n",
      "PROXY TCP4 1.1.1 2.2.2.2 1 2\r\n",
      "PROXY TCP4 ::1 ::1 1 2\r\n",
      "PROXY TCP4 1.1.1.1 2.2.2.2 1\r\n",
      "PROXY TCP4 1.1.1.1 2.2.2.2 1 65536\r\n",
      "PROXY TCP4 1.1.1.1 2.2.2.2 1 2 3\r\n",
      "PROXY TCP4 1.1.1.1\0x 2.2.2.2 1 2\r\n"s,
      "PROXY  TCP4 1.1.1.1 2.2.2.2 1 2\r\n",
      "PROXY " + std::string(101, 'x'),
      binary('\x11', '\x11', kTcp4),    // version 1
      binary('\x22', '\x11', kTcp4),    // no such command
      binary('\x21', '\x11', "short"),  // less than the addresses
      binary('\x21', '\x21', kTcp4),    // likewise
      binary('\x21', '\x00', std::string(4081, 'x')),
  };
  for (const std::string& bytes : wrong) {
    ProxyHeader header;
    EXPECT_EQ(parse_proxy_header(bytes, header), ProxyParse::kMalformed) << bytes;
  }
}

class AddressHandler final : public HttpHandler {
 public:
  void handle(HttpExchange& exchange) override {
    exchange.response().body = exchange.request().remote_address;
  }
};

class ProxiedServerTest : public testing::Test {
 protected:
  void SetUp() override {
    options_.listeners[0].port = 0;
    options_.listeners[0].has_proxy_header = true;
    options_.header_timeout = 100ms;
    options_.linger_timeout = 100ms;
    auto created = Server::create(options_, handler_);
    ASSERT_TRUE(created.ok());
    server_ = std::move(created).value();
    server_->start();
  }
  AddressHandler handler_;
  ServerOptions options_;
  std::unique_ptr<Server> server_;
};

TEST_F(ProxiedServerTest, TakesTheClientsAddressFromTheHeader) {
  SocketClient client(server_->port());
  client.send_bytes(binary('\x21', '\x11', kTcp4) + std::string(kGet) + std::string(kGet));
  EXPECT_EQ(body_of(client.read_answer()), "192.0.2.1");
  EXPECT_EQ(body_of(client.read_answer()), "192.0.2.1");
  SocketClient check(server_->port());
  for (const char byte : binary('\x20', '\x00', "")) check.send_bytes({&byte, 1});
  std::this_thread::sleep_for(150ms);  // more than a header's time: none of a request is here yet
  check.send_bytes(kGet);
  EXPECT_EQ(body_of(check.read_answer()), "127.0.0.1");
}

TEST_F(ProxiedServerTest, ClosesConnectionsWithoutAHeader) {
  SocketClient bare(server_->port());
  bare.send_bytes(kGet);
  EXPECT_EQ(bare.read_to_end(), "");
  SocketClient half(server_->port());
  half.send_bytes("PROXY TCP4 ");
  EXPECT_EQ(half.read_to_end(), "");
  EXPECT_EQ(server_->counters().requests, 0U);
  EXPECT_EQ(server_->counters().protocol_errors, 1U);
}

}  // namespace
}  // namespace slipway::transport
