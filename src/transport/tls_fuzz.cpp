// TLS on arbitrary bytes and in arbitrary order. The input's first byte says whether a client of
// OpenSSL shakes hands first; the rest are steps: what the client says, how large pieces arrive,
// what is damaged on the way, when the server's output is taken, when either end goes.
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "transport/internal/session_driver.h"
#include "transport/internal/tls_session.h"
#include "transport/tls_files_test.h"

namespace slipway::transport {
namespace {

class EchoHandler final : public HttpHandler {
 public:
  void handle(HttpExchange& exchange) override {
    const HttpRequest& request = exchange.request();
    if (request.path == "/d") exchange.defer();
    exchange.response().body.append(request.body).append(request.path.size() * 100, 'x');
  }
};

class FuzzHost final : public SessionHost {
 public:
  std::function<void()> make_completion(DeferredExchange& exchange) override {
    deferred.push_back(&exchange);
    return [] {};
  }
  std::function<void()> make_waker() override {
    return [] {};
  }
  std::vector<DeferredExchange*> deferred;
};

/// What all inputs share: making keys is dear.
struct Shared {
  Shared() {
    options.header_bytes_max = 1024;
    options.body_bytes_max = 16 * 1024;
    options.listeners[0].tls =
        TlsContext::create({.certificates = {folder.make("fuzz", "a.example")}}).value();
    SSL_CTX_set_alpn_protos(client_context.get(), reinterpret_cast<const uint8_t*>("\x02h2"), 3);
  }
  const TlsFolder folder;
  ServerOptions options;
  std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> client_context{SSL_CTX_new(TLS_client_method()),
                                                                   &SSL_CTX_free};
};

class Conversation {
 public:
  Conversation(const Shared& shared, bool http2)
      : loop_(0, shared.options, handler_, nullptr, clock_),
        session_(loop_, host_, loop_.options.listeners[0], {"192.0.2.7"}, now_),
        client_(SSL_new(shared.client_context.get()), &SSL_free) {
    SSL_set_bio(client_.get(), BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    SSL_set_connect_state(client_.get());
    if (!http2) SSL_set_alpn_protos(client_.get(), nullptr, 0);
  }
  ~Conversation() {
    session_.on_peer_gone();
    complete();
  }

  void shake_hands() {
    for (int turn = 0; turn < 8 && SSL_do_handshake(client_.get()) != 1; turn++) {
      to_server(take_client_output(), 0);
      take_server_output();
    }
    to_server(take_client_output(), 0);
  }
  void say(std::string_view text) {
    if (text.empty() || !SSL_is_init_finished(client_.get())) return;
    SSL_write(client_.get(), text.data(), static_cast<int>(text.size()));
  }
  std::string take_client_output() {
    char bytes[16 * 1024];
    std::string output;
    for (int size = 0; (size = BIO_read(SSL_get_wbio(client_.get()), bytes, sizeof(bytes))) > 0;) {
      output.append(bytes, static_cast<size_t>(size));
    }
    return output;
  }
  /// At most `step` bytes at a time, all at once if 0.
  void to_server(std::string_view bytes, size_t step) {
    pump();
    while (!bytes.empty() && !over_ && reads_) {
      const std::span<char> space = session_.read_space();
      if (space.empty()) return;
      const size_t size = std::min({bytes.size(), space.size(), step == 0 ? bytes.size() : step});
      std::memcpy(space.data(), bytes.data(), size);
      session_.on_read(size, now_);
      bytes.remove_prefix(size);
      pump();
    }
  }
  void take_server_output() {
    stalls_ = false;
    pump();
    if (!sent_.empty()) {
      BIO_write(SSL_get_rbio(client_.get()), sent_.data(), static_cast<int>(sent_.size()));
    }
    sent_.clear();
    char bytes[4096];
    while (SSL_is_init_finished(client_.get()) &&
           SSL_read(client_.get(), bytes, sizeof(bytes)) > 0) {
    }
  }
  void stall() { stalls_ = true; }
  void goodbye() { SSL_shutdown(client_.get()); }
  void renew_keys() { SSL_key_update(client_.get(), SSL_KEY_UPDATE_REQUESTED); }
  void end_input() {
    session_.on_end_of_input();
    pump();
  }
  void pass(std::chrono::milliseconds time) {
    now_ += time;
    if (session_.idle()) session_.release_memory();
    if (now_ >= session_.deadline()) session_.on_deadline(now_);
    pump();
  }
  void complete() {
    for (DeferredExchange* exchange : std::exchange(host_.deferred, {})) {
      exchange->on_completed(now_);
    }
  }
  void pump() {
    while (!over_) {
      reads_ = session_.is_duplex();
      switch (session_.advance(now_)) {
        case Session::Step::kRead: reads_ = true; return;
        case Session::Step::kWait: return;
        case Session::Step::kWrite: {
          if (stalls_) return;
          const Session::Output output = session_.output();
          if (output[0].empty()) std::abort();
          sent_.append(output[0].data(), output[0].size());
          session_.on_written(output[0].size());
          break;
        }
        case Session::Step::kClose:
        case Session::Step::kCut: over_ = true; return;
      }
    }
  }

 private:
  FixedClock clock_;
  SteadyTime now_ = SteadyTime{} + std::chrono::hours(1);
  EchoHandler handler_;
  FuzzHost host_;
  LoopContext loop_;
  TlsSession session_;
  std::unique_ptr<SSL, decltype(&SSL_free)> client_;
  std::string sent_;
  bool reads_ = true;
  bool stalls_ = false;
  bool over_ = false;
};

void fuzz_tls(std::string_view bytes) {
  static const Shared shared;
  if (bytes.empty()) return;
  const auto first = static_cast<uint8_t>(bytes.front());
  bytes.remove_prefix(1);
  Conversation conversation(shared, (first & 1U) != 0);
  if ((first & 2U) == 0) {
    conversation.to_server(bytes, (first >> 2U) % 8);
    conversation.end_input();
    return;
  }
  conversation.shake_hands();
  while (!bytes.empty()) {
    const auto step = static_cast<uint8_t>(bytes.front());
    bytes.remove_prefix(1);
    const size_t size = std::min<size_t>(step >> 3U, bytes.size());
    switch (step % 8) {
      case 0:
      case 1: {  // plain text of the input, four times as much
        const std::string_view text = bytes.substr(0, size * 4);
        conversation.say(text);
        bytes.remove_prefix(text.size());
        break;
      }
      case 2: conversation.to_server(conversation.take_client_output(), size); break;
      case 3: {  // damaged on the way
        std::string records = conversation.take_client_output();
        if (!records.empty()) records[size * 7 % records.size()] ^= 0x20;
        conversation.to_server(records, 0);
        break;
      }
      case 4: size % 2 == 0 ? conversation.stall() : conversation.take_server_output(); break;
      case 5: size % 4 == 0 ? conversation.goodbye() : conversation.renew_keys(); break;
      case 6:
        if (size == 0) conversation.end_input();
        conversation.complete();
        conversation.pump();
        break;
      case 7: conversation.pass(std::chrono::milliseconds(100) * size); break;
    }
  }
  conversation.to_server(conversation.take_client_output(), 0);
  conversation.take_server_output();
}

}  // namespace
}  // namespace slipway::transport

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  slipway::transport::fuzz_tls({reinterpret_cast<const char*>(data), size});
  return 0;
}
