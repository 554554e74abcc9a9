#include "transport/internal/tls_session.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <cstring>
#include <string_view>
#include <utility>

#include "base/check.h"
#include "base/log.h"
#include "transport/internal/http1_session.h"
#include "transport/internal/http2_session.h"

namespace slipway::transport {
namespace {

constexpr size_t kInputBytes = 16 * 1024;
constexpr size_t kGatheredBytes = 64 * 1024;  // encrypted before they are sent
// Answers of the protocol to a peer that sends and does not read.
constexpr size_t kOutputBytesMax = 1024 * 1024;
constexpr size_t kKeptCapacityMax = 128 * 1024;

}  // namespace

struct TlsSession::Io {
  static TlsSession& session(BIO* bio) { return *static_cast<TlsSession*>(BIO_get_data(bio)); }

  static int read(BIO* bio, char* to, int size) {
    TlsSession& self = session(bio);
    BIO_clear_retry_flags(bio);
    const size_t have = std::min(self.in_end_ - self.in_begin_, static_cast<size_t>(size));
    if (have == 0) {
      if (self.input_ended_) return 0;
      BIO_set_retry_read(bio);
      return -1;
    }
    std::memcpy(to, self.in_.get() + self.in_begin_, have);
    self.in_begin_ += have;
    return static_cast<int>(have);
  }

  static int write(BIO* bio, const char* from, int size) {
    BIO_clear_retry_flags(bio);
    session(bio).out_.append(from, static_cast<size_t>(size));
    return size;
  }

  static long control(BIO* bio, int command, long, void*) {
    if (command == BIO_CTRL_EOF) return session(bio).input_ended_ ? 1 : 0;
    return command == BIO_CTRL_FLUSH ? 1 : 0;
  }

  static const BIO_METHOD* method() {
    static const BIO_METHOD* const kMethod = [] {
      BIO_METHOD* const made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "session");
      CHECK(made != nullptr && BIO_meth_set_read(made, read) == 1 &&
            BIO_meth_set_write(made, write) == 1 && BIO_meth_set_ctrl(made, control) == 1);
      return made;
    }();
    return kMethod;
  }
};

TlsSession::TlsSession(LoopContext& loop, SessionHost& host, const ListenerOptions& listener,
                       Origin origin, SteadyTime now)
    : loop_(loop),
      host_(host),
      listener_(listener),
      origin_(std::move(origin)),
      tls_(listener.tls->new_connection(listener.protocols)),
      handshake_deadline_(now + loop.options.tls_handshake_timeout),
      began_(now) {
  BIO* const bio = BIO_new(Io::method());
  if (tls_.ssl == nullptr || bio == nullptr) {
    BIO_free(bio);
    fail();
    return;
  }
  BIO_set_data(bio, this);
  BIO_set_init(bio, 1);
  SSL_set_bio(tls_.ssl, bio, bio);
}

TlsSession::~TlsSession() { SSL_free(tls_.ssl); }

std::span<char> TlsSession::read_space() {
  if (!in_) in_ = std::make_unique_for_overwrite<char[]>(kInputBytes);
  const size_t unread = in_end_ - in_begin_;
  if (in_begin_ > 0 && unread > 0) std::memmove(in_.get(), in_.get() + in_begin_, unread);
  in_begin_ = 0;
  in_end_ = unread;
  return {in_.get() + in_end_, kInputBytes - in_end_};
}

void TlsSession::on_read(size_t bytes, SteadyTime now) {
  in_end_ += bytes;
  CHECK(in_end_ <= kInputBytes);
  // What HTTP/2 gets while its output waits must not wait with it.
  while (is_duplex() && receive(now)) {
  }
}

Session::Step TlsSession::advance(SteadyTime now) {
  if (phase_ == Phase::kHandshake) shake_hands(now);
  while (phase_ == Phase::kOpen) {
    if (out_.size() - out_sent_ >= kGatheredBytes) return Step::kWrite;
    const Step step = inner_->advance(now);
    if (step == Step::kRead && receive(now)) continue;
    if (phase_ != Phase::kOpen) break;
    switch (step) {
      case Step::kWrite: send(); break;
      case Step::kRead:
      case Step::kWait: return has_output() ? Step::kWrite : step;
      case Step::kClose: say_goodbye(); break;
      case Step::kCut: return Step::kCut;
    }
  }
  if (has_output()) return Step::kWrite;
  return phase_ == Phase::kHandshake ? Step::kRead : Step::kClose;
}

void TlsSession::shake_hands(SteadyTime now) {
  ERR_clear_error();
  const int result = SSL_do_handshake(tls_.ssl);
  if (result == 1) return open(now);
  if (SSL_get_error(tls_.ssl, result) == SSL_ERROR_WANT_READ && !input_ended_) {
    SSL_free_buffers(tls_.ssl);  // who stops here waits with little memory
    return;
  }
  const char* const reason = ERR_reason_error_string(ERR_peek_last_error());
  log_debug("a TLS handshake with {} failed: {}", origin_.address,
            reason == nullptr ? "the peer has gone" : reason);
  fail();
}

void TlsSession::open(SteadyTime now) {
  const unsigned char* name = nullptr;
  unsigned int size = 0;
  SSL_get0_alpn_selected(tls_.ssl, &name, &size);
  const std::string_view chosen(reinterpret_cast<const char*>(name), size);
  phase_ = Phase::kOpen;
  if (chosen == "h2") {
    inner_ = std::make_unique<Http2Session>(loop_, host_, listener_.protocols, origin_, now);
    return;
  }
  auto http1 = std::make_unique<Http1Session>(loop_, host_, origin_, now);
  if (!listener_.protocols.http1) {
    http1->refuse(505, "HTTP/1.x is not served on this address", now);
  }
  inner_ = std::move(http1);
}

// One piece of plain text for the inner session, or the end. False if there is none yet.
bool TlsSession::receive(SteadyTime now) {
  // OpenSSL would only say that it wants more, and it takes its time to say so.
  if (in_begin_ == in_end_ && !input_ended_ && SSL_has_pending(tls_.ssl) == 0) return false;
  const std::span<char> space = inner_->read_space();
  if (space.empty()) return true;  // no memory: the inner session knows
  ERR_clear_error();
  size_t size = 0;
  const int result = SSL_read_ex(tls_.ssl, space.data(), space.size(), &size);
  if (out_.size() - out_sent_ > kOutputBytesMax) {
    fail();
    return false;
  }
  if (result == 1) {
    inner_->on_read(size, now);
    return true;
  }
  switch (SSL_get_error(tls_.ssl, result)) {
    case SSL_ERROR_WANT_READ: return false;
    case SSL_ERROR_ZERO_RETURN:
      if (std::exchange(end_told_, true)) return false;
      inner_->on_end_of_input();
      return true;
    default: fail(); return false;
  }
}

void TlsSession::send() {
  const Output output = inner_->output();
  const std::span<const char> piece = output[0].empty() ? output[1] : output[0];
  const size_t size = std::min(piece.size(), kGatheredBytes);
  ERR_clear_error();
  size_t sent = 0;
  if (SSL_write_ex(tls_.ssl, piece.data(), size, &sent) != 1) return fail();
  inner_->on_written(sent);
}

void TlsSession::say_goodbye() {
  phase_ = Phase::kClosed;
  ERR_clear_error();
  SSL_shutdown(tls_.ssl);
}

// What OpenSSL has to say about it is in `out_`.
void TlsSession::fail() {
  if (std::exchange(phase_, Phase::kClosed) == Phase::kClosed) return;
  loop_.counters.protocol_errors.add(1);
  ERR_clear_error();
}

void TlsSession::on_wake() {
  if (inner_) inner_->on_wake();
}

Session::Output TlsSession::output() const {
  Output output;
  output[0] = {out_.data() + out_sent_, out_.size() - out_sent_};
  return output;
}

void TlsSession::on_written(size_t bytes) {
  out_sent_ += bytes;
  CHECK(out_sent_ <= out_.size());
  if (has_output()) return;
  out_.clear();
  out_sent_ = 0;
  if (out_.capacity() > kKeptCapacityMax) std::string().swap(out_);
}

SteadyTime TlsSession::deadline() const {
  switch (phase_) {
    case Phase::kHandshake: return handshake_deadline_;
    case Phase::kOpen: return inner_->deadline();
    case Phase::kClosed: break;
  }
  return SteadyTime::max();
}

void TlsSession::on_deadline(SteadyTime now) {
  if (phase_ == Phase::kOpen) return inner_->on_deadline(now);
  if (phase_ == Phase::kClosed) return;
  loop_.counters.timeouts.add(1);
  phase_ = Phase::kClosed;
}

bool TlsSession::idle() const {
  return phase_ == Phase::kOpen && inner_->idle() && !has_output() && in_begin_ == in_end_ &&
         SSL_has_pending(tls_.ssl) == 0;
}

SteadyTime TlsSession::idle_since() const { return inner_ ? inner_->idle_since() : began_; }

bool TlsSession::is_blind() const {
  return phase_ == Phase::kOpen && inner_->is_blind() && !has_output();
}

void TlsSession::end_idle() {
  if (inner_) inner_->end_idle();
}

void TlsSession::release_memory() {
  if (inner_) inner_->release_memory();
  if (in_begin_ == in_end_) {
    in_.reset();
    in_begin_ = in_end_ = 0;
    if (tls_.ssl != nullptr) SSL_free_buffers(tls_.ssl);  // each record would cost it anew
  }
  if (!has_output()) std::string().swap(out_);
}

void TlsSession::on_peer_gone() {
  phase_ = Phase::kClosed;
  SSL_free(std::exchange(tls_.ssl, nullptr));
  if (inner_) inner_->on_peer_gone();
  in_begin_ = in_end_ = 0;
  out_sent_ = out_.size();
  release_memory();
}

}  // namespace slipway::transport
