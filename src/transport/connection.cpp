#include "transport/internal/connection.h"

#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <exception>
#include <utility>

#define BOOST_ASIO_NO_DEPRECATED
#define BOOST_ERROR_CODE_HEADER_ONLY
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include "base/log.h"
#include "transport/internal/completion.h"
#include "transport/internal/http1_session.h"
#include "transport/internal/http2_session.h"
#include "transport/internal/proxy_header.h"
#include "transport/internal/tls_session.h"
#include "transport/internal/wire_protocol.h"

namespace slipway::transport {
namespace {

namespace asio = boost::asio;
using Stream = asio::generic::stream_protocol;
using StreamSocket = asio::basic_stream_socket<Stream, asio::io_context::executor_type>;

constexpr std::chrono::seconds kParkAfter{1};  // idle for so long: the buffers are given back
// A peer that takes an answer as fast as its source gives it must not hold up the others: after so
// many writes they have their turn.
constexpr int kWritesInTurnMax = 16;

SteadyTime steady_now() { return std::chrono::steady_clock::now(); }

}  // namespace

struct Connection::Socket : StreamSocket {
  using StreamSocket::StreamSocket;
};

template <typename Action>
void Connection::guarded(Action action) {
  try {
    action();
  } catch (const std::exception& error) {
    log_error("a connection failed inside the server: {}", error.what());
    close();
  }
}

Connection::Connection(ConnectionOwner& owner, std::shared_ptr<LoopContext> context,
                       std::shared_ptr<Mailbox> mailbox, UniqueFd fd,
                       const ListenerOptions& listener, Origin origin, SteadyTime now)
    : owner_(owner),
      context_(std::move(context)),
      mailbox_(std::move(mailbox)),
      socket_(std::make_unique<Socket>(owner.io().get_executor())),
      listener_(listener),
      origin_(std::move(origin)),
      awaits_proxy_header_(listener.has_proxy_header) {
  auto http1 = std::make_unique<Http1Session>(*context_, *this, origin_, now);
  undecided_ = http1.get();
  session_ = std::move(http1);
  socket_->assign(Stream(AF_UNSPEC, 0), fd.get());
  fd.release();
}

Connection::~Connection() = default;

void Connection::start(SteadyTime now) {
  guarded([&] { run(now); });
}

void Connection::start_refused(SteadyTime now) {
  if (listener_.tls) return close();  // to be told, the client would have to shake hands first
  undecided_->refuse(503, "The server has too many connections at the moment: try again later",
                     now);
  undecided_ = nullptr;
  start(now);
}

void Connection::sweep(SteadyTime now) {
  guarded([&] { check_time(now); });
}

std::function<void()> Connection::make_completion(DeferredExchange& exchange) {
  auto complete = [self = shared_from_this(), &exchange] { self->on_exchange_completed(exchange); };
  auto completion = std::make_shared<Completion>(mailbox_, exchange, std::move(complete));
  return [completion = std::move(completion)] { completion->call(); };
}

// Wakes that come faster than the loop turns become one.
std::function<void()> Connection::make_waker() {
  auto posted = std::make_shared<std::atomic<bool>>(false);
  return [posted = std::move(posted), mailbox = mailbox_, weak = weak_from_this()] {
    if (posted->exchange(true)) return;
    mailbox->post([posted, weak] {
      posted->store(false);
      if (const std::shared_ptr<Connection> self = weak.lock()) self->on_wake();
    });
  };
}

void Connection::on_wake() {
  if (!socket_ || lingering_) return;
  guarded([this] {
    session_->on_wake();
    if (socket_ && !writing_) run(steady_now());
  });
}

void Connection::on_exchange_completed(DeferredExchange& exchange) {
  guarded([&] {
    const SteadyTime now = steady_now();
    exchange.on_completed(now);
    if (socket_) run(now);
  });
}

void Connection::run(SteadyTime now) {
  int writes = 0;
  while (socket_) {
    if (undecided_ != nullptr && !decide_protocol(now)) {
      if (socket_) start_read();
      return;
    }
    switch (session_->advance(now)) {
      case Session::Step::kRead:
        if (!start_read()) break;
        return;
      case Session::Step::kWrite:
        if (writes++ == kWritesInTurnMax) return run_later();
        if (flush(now)) break;
        if (socket_ && session_->is_duplex()) start_read();
        return;
      case Session::Step::kWait: return;
      case Session::Step::kClose: end(now); return;
      case Session::Step::kCut: cut(); return;
    }
  }
}

void Connection::run_later() {
  asio::post(socket_->get_executor(), [self = shared_from_this()] { self->on_wake(); });
}

// The one place where a connection becomes HTTP/1.x, HTTP/2 or TLS.
bool Connection::decide_protocol(SteadyTime now) {
  if (awaits_proxy_header_ && !take_proxy_header(now)) return false;
  const std::string_view bytes = undecided_->unread();
  if (bytes.empty()) return false;
  const Protocols& spoken = listener_.protocols;
  const WireProtocol protocol = detect_protocol(bytes);
  if (listener_.tls) {
    if (protocol == WireProtocol::kTls) {
      become(std::make_unique<TlsSession>(*context_, *this, listener_, origin_, now), now);
    } else {
      undecided_->refuse(400, "A plain HTTP request was sent to an HTTPS port: use https://", now);
    }
    undecided_ = nullptr;
    return true;
  }
  switch (protocol) {
    case WireProtocol::kUndecided: return false;
    case WireProtocol::kHttp1:
      if (!spoken.http1) undecided_->refuse(505, "HTTP/1.x is not served on this address", now);
      break;
    case WireProtocol::kHttp2:
      if (spoken.http2 || spoken.grpc) {
        become(std::make_unique<Http2Session>(*context_, *this, spoken, origin_, now), now);
      } else {
        undecided_->refuse(505, "HTTP/2 is not served on this address", now);
      }
      break;
    case WireProtocol::kTls:
      undecided_->refuse(400, "TLS is not supported on this port: use http:// and not https://",
                         now);
      break;
  }
  undecided_ = nullptr;
  return true;
}

// False if it is not there in full, or was wrong: then the connection is closed.
bool Connection::take_proxy_header(SteadyTime now) {
  const std::string_view bytes = undecided_->unread();
  if (bytes.empty()) return false;
  ProxyHeader header;
  switch (parse_proxy_header(bytes, header)) {
    case ProxyParse::kNeedMore: return false;
    case ProxyParse::kMalformed:
      context_->counters.protocol_errors.add(1);
      close();
      return false;
    case ProxyParse::kDone: break;
  }
  awaits_proxy_header_ = false;
  if (!header.address.empty()) origin_.address = std::move(header.address);
  undecided_->skip(header.size, origin_.address, now);
  return true;
}

// What has been read goes over to the new session.
void Connection::become(std::unique_ptr<Session> session, SteadyTime now) {
  std::string_view bytes = undecided_->unread();
  while (!bytes.empty()) {
    const std::span<char> space = session->read_space();
    const size_t size = std::min(space.size(), bytes.size());
    std::memcpy(space.data(), bytes.data(), size);
    session->on_read(size, now);
    bytes.remove_prefix(size);
  }
  session_ = std::move(session);
}

// False if there is no memory to read into; the session knows.
bool Connection::start_read() {
  if (reading_) return true;
  const std::span<char> space = session_->read_space();
  if (space.empty()) return false;
  reading_ = true;
  socket_->async_read_some(asio::buffer(space.data(), space.size()),
                           [self = shared_from_this()](const ErrorCode& code, size_t bytes) {
                             self->reading_ = false;
                             if (self->socket_) {
                               self->guarded([&] { self->on_read(code, bytes); });
                             }
                           });
  return true;
}

void Connection::on_read(const ErrorCode& code, size_t bytes) {
  context_->counters.bytes_received.add(bytes);
  if (std::exchange(parking_, false) && code == asio::error::operation_aborted) {
    session_->release_memory();
    parked_ = true;
    wait_readable();
    return;
  }
  if (lingering_) {
    if (code) {
      close();
    } else {
      read_and_discard();
    }
    return;
  }
  const SteadyTime now = steady_now();
  if (!code) {
    session_->on_read(bytes, now);
  } else if (code == asio::error::eof) {
    session_->on_end_of_input();
    undecided_ = nullptr;
  } else {
    if (busy()) context_->counters.protocol_errors.add(1);
    close();
    return;
  }
  run(now);
}

ssize_t Connection::send_output() {
  const Session::Output output = session_->output();
  const int fd = socket_->native_handle();
  if (output[1].empty()) {
    return ::send(fd, output[0].data(), output[0].size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  }
  std::array<iovec, 2> pieces;
  for (size_t i = 0; i < pieces.size(); i++) {
    pieces[i].iov_base = const_cast<char*>(output[i].data());  // NOLINT: sendmsg only reads
    pieces[i].iov_len = output[i].size();
  }
  msghdr message{};
  message.msg_iov = pieces.data();
  message.msg_iovlen = pieces.size();
  return ::sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
}

// True when all is sent; false while waiting for the peer to take it, or when the peer is gone.
bool Connection::flush(SteadyTime now) {
  for (;;) {
    const Session::Output output = session_->output();
    if (output[0].empty() && output[1].empty()) return true;
    const ssize_t sent = send_output();
    if (sent >= 0) {
      context_->counters.bytes_sent.add(static_cast<uint64_t>(sent));
      session_->on_written(static_cast<size_t>(sent));
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      wait_writable(now);
      return false;
    } else if (errno != EINTR) {
      close();
      return false;
    }
  }
}

void Connection::wait_writable(SteadyTime now) {
  if (writing_) return;
  writing_ = true;
  write_deadline_ = now + context_->options.write_timeout;
  socket_->async_wait(StreamSocket::wait_write, [self = shared_from_this()](const ErrorCode& code) {
    self->writing_ = false;
    if (!self->socket_) return;
    if (code) {
      self->close();
      return;
    }
    self->guarded([&] { self->run(steady_now()); });
  });
}

// Closing a socket that holds unread bytes resets the connection, and the reset may overtake the
// last answer. So our direction is closed first, and what still comes is read and dropped until the
// peer closes too.
void Connection::end(SteadyTime now) {
  if (session_->ends_cleanly()) {
    close();
    return;
  }
  ErrorCode ignored;
  socket_->shutdown(StreamSocket::shutdown_send, ignored);
  lingering_ = true;
  linger_deadline_ = now + context_->options.linger_timeout;
  read_and_discard();
}

// What was announced cannot be sent: a reset tells the peer that it has not got all.
void Connection::cut() {
  const linger no_goodbye{1, 0};
  ::setsockopt(socket_->native_handle(), SOL_SOCKET, SO_LINGER, &no_goodbye, sizeof(no_goodbye));
  close();
}

void Connection::read_and_discard() {
  if (reading_) return;
  reading_ = true;
  const std::span<char> space = owner_.discard_space();
  socket_->async_read_some(asio::buffer(space.data(), space.size()),
                           [self = shared_from_this()](const ErrorCode& code, size_t bytes) {
                             self->reading_ = false;
                             if (self->socket_) {
                               self->guarded([&] { self->on_read(code, bytes); });
                             }
                           });
}

// An idle connection costs no buffer: its pending read is exchanged for a wait.
void Connection::park() {
  parking_ = true;
  ErrorCode ignored;
  socket_->cancel(ignored);
}

void Connection::wait_readable() {
  reading_ = true;
  socket_->async_wait(StreamSocket::wait_read, [self = shared_from_this()](const ErrorCode& code) {
    self->reading_ = false;
    self->parked_ = false;
    if (!self->socket_) return;
    if (code) {
      self->close();
      return;
    }
    self->guarded([&] {
      if (self->lingering_) {
        self->read_and_discard();
      } else {
        self->run(steady_now());
      }
    });
  });
}

void Connection::check_time(SteadyTime now) {
  if (lingering_) {
    if (now >= linger_deadline_) close();
    return;
  }
  if (writing_) {
    if (now < write_deadline_) return;
    context_->counters.timeouts.add(1);
    close();
    return;
  }
  if (now >= session_->deadline()) {
    if (session_->idle() && has_waiting_bytes()) return;
    if (awaits_proxy_header_) return close();
    undecided_ = nullptr;
    session_->on_deadline(now);
    run(now);
    return;
  }
  if (session_->is_blind() && peer_has_gone()) {
    close();
    return;
  }
  if (!session_->idle()) return;
  const auto idle_for = now - session_->idle_since();
  if (context_->draining && idle_for >= context_->options.drain_idle && !has_waiting_bytes()) {
    undecided_ = nullptr;
    session_->end_idle();
    run(now);
  } else if (idle_for >= kParkAfter && reading_ && !parked_ && !parking_) {
    park();
  }
}

// The next request is in the socket already; the loop is about to read it.
bool Connection::has_waiting_bytes() {
  int waiting = 0;
  return ::ioctl(socket_->native_handle(), FIONREAD, &waiting) == 0 && waiting > 0;
}

// Nothing is read or written while a body source waits, so a reset would go unnoticed.
bool Connection::peer_has_gone() {
  pollfd state{socket_->native_handle(), 0, 0};
  return ::poll(&state, 1, 0) > 0 && (state.revents & (POLLERR | POLLHUP)) != 0;
}

void Connection::close() {
  if (!socket_) return;
  ErrorCode ignored;
  socket_->close(ignored);
  socket_.reset();
  session_->on_peer_gone();
  owner_.remove(*this);
}

}  // namespace slipway::transport
