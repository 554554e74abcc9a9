#include "transport/internal/event_loop.h"

#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <exception>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#define BOOST_ASIO_NO_DEPRECATED
#define BOOST_ERROR_CODE_HEADER_ONLY
#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>

#include "base/check.h"
#include "base/log.h"
#include "base/thread_annotations.h"
#include "transport/internal/http1_session.h"
#include "transport/internal/loop_context.h"
#include "transport/internal/wire_protocol.h"

// Connections use plain completion handlers with direct, non-blocking sends: per request one
// epoll_wait, one recv and one send. Time limits are no timers but a sweep over the connections a
// few times a second, so that a request costs none.
namespace slipway::transport {
namespace {

namespace asio = boost::asio;
using Tcp = asio::ip::tcp;
using ErrorCode = boost::system::error_code;
using Executor = asio::io_context::executor_type;
using Socket = asio::basic_stream_socket<Tcp, Executor>;
using Acceptor = asio::basic_socket_acceptor<Tcp, Executor>;
using Timer = asio::basic_waitable_timer<std::chrono::steady_clock,
                                         asio::wait_traits<std::chrono::steady_clock>, Executor>;
using Milliseconds = std::chrono::milliseconds;

constexpr Milliseconds kSweepPeriodMax{250};
constexpr Milliseconds kSweepPeriodMin{5};
constexpr std::chrono::seconds kParkAfter{1};  // idle for so long: the buffers are given back
constexpr Milliseconds kAcceptPause{100};      // after running out of descriptors or memory
constexpr std::chrono::seconds kAcceptWarningPeriod{10};
// So many connections beyond the limit hear a proper 503; more are closed without a word.
constexpr uint32_t kRefusalsMax = 128;

SteadyTime steady_now() { return std::chrono::steady_clock::now(); }

/// How other threads reach a loop that may have ended.
class Mailbox {
 public:
  explicit Mailbox(asio::io_context& io) : io_(&io) {}

  template <typename Task>
  void post(Task&& task) {
    const MutexLock lock(mutex_);
    if (io_ != nullptr) asio::post(*io_, std::forward<Task>(task));
  }
  void close() {
    const MutexLock lock(mutex_);
    io_ = nullptr;
  }

 private:
  Mutex mutex_;
  asio::io_context* io_ GUARDED_BY(mutex_);
};

class Connection;

/// What connections need of their loop, valid while their socket is open.
class ConnectionOwner {
 public:
  virtual ~ConnectionOwner() = default;
  virtual void remove(Connection& connection) = 0;
  virtual std::span<char> discard_space() = 0;
};

/// One accepted socket: moves bytes between it and the protocol session, keeps the time limits.
/// Kept alive by the loop, by its pending operations, and by a deferred exchange's completion.
class Connection final : public SessionHost, public std::enable_shared_from_this<Connection> {
 public:
  Connection(ConnectionOwner& owner, std::shared_ptr<LoopContext> context,
             std::shared_ptr<Mailbox> mailbox, Socket socket, std::string remote_address,
             SteadyTime now)
      : owner_(owner),
        context_(std::move(context)),
        mailbox_(std::move(mailbox)),
        socket_(std::move(socket)),
        session_(*context_, *this, std::move(remote_address), now) {}

  void start(SteadyTime now) {
    guarded([&] { run(now); });
  }
  void start_refused(SteadyTime now) {
    protocol_decided_ = true;
    session_.refuse(503, "The server has too many connections at the moment: try again later", now);
    start(now);
  }
  void sweep(SteadyTime now) {
    guarded([&] { check_time(now); });
  }
  /// A request has begun to arrive or is not answered in full.
  bool busy() const { return !lingering_ && !session_.idle(); }
  void close();

  std::function<void()> make_completion() override;
  void on_exchange_completed();
  void abandon_exchange();

  size_t index = 0;  // in the loop's list

 private:
  template <typename Action>
  void guarded(Action action) {
    try {
      action();
    } catch (const std::exception& error) {
      log_error("a connection failed inside the server: {}", error.what());
      close();
    }
  }
  void run(SteadyTime now);
  bool decide_protocol(SteadyTime now);
  bool start_read();
  void on_read(const ErrorCode& code, size_t bytes);
  bool flush(SteadyTime now);
  ssize_t send_output();
  void wait_writable(SteadyTime now);
  void end(SteadyTime now);
  void read_and_discard();
  void park();
  void wait_readable();
  void check_time(SteadyTime now);
  bool has_waiting_bytes();

  ConnectionOwner& owner_;
  const std::shared_ptr<LoopContext> context_;
  const std::shared_ptr<Mailbox> mailbox_;
  std::optional<Socket> socket_;
  Http1Session session_;

  bool protocol_decided_ = false;
  bool reading_ = false;  // a read, or a wait for something to read, is pending
  bool parking_ = false;  // the pending read was cancelled to free its buffer
  bool parked_ = false;
  bool writing_ = false;  // a wait for room to write is pending
  bool lingering_ = false;
  SteadyTime write_deadline_;
  SteadyTime linger_deadline_;
};

/// Calls back into the loop once; a completion that is dropped uncalled ends the exchange with 500.
class Completion {
 public:
  Completion(std::shared_ptr<Mailbox> mailbox, std::shared_ptr<Connection> connection)
      : mailbox_(std::move(mailbox)), connection_(std::move(connection)) {}
  ~Completion() {
    if (called_.load()) return;
    connection_->abandon_exchange();
    call();
  }
  Completion(const Completion&) = delete;
  Completion& operator=(const Completion&) = delete;

  void call() {
    if (called_.exchange(true)) return;
    mailbox_->post([connection = std::move(connection_)] { connection->on_exchange_completed(); });
  }

 private:
  const std::shared_ptr<Mailbox> mailbox_;
  std::shared_ptr<Connection> connection_;
  std::atomic<bool> called_{false};
};

std::function<void()> Connection::make_completion() {
  auto completion = std::make_shared<Completion>(mailbox_, shared_from_this());
  return [completion = std::move(completion)] { completion->call(); };
}

void Connection::abandon_exchange() {
  HttpResponse& response = session_.response();
  response.clear();
  response.status = 500;
  response.body = R"({"error":"The request was given up inside the server"})";
}

void Connection::on_exchange_completed() {
  guarded([this] {
    const SteadyTime now = steady_now();
    session_.on_completed(now);
    if (socket_) {
      run(now);
    } else {
      session_.release_memory();  // the peer went away meanwhile
    }
  });
}

void Connection::run(SteadyTime now) {
  while (socket_) {
    if (!protocol_decided_ && !decide_protocol(now)) {
      start_read();
      return;
    }
    switch (session_.advance(now)) {
      case Http1Session::Step::kRead:
        if (!start_read()) break;
        return;
      case Http1Session::Step::kWrite:
        if (!flush(now)) return;
        break;
      case Http1Session::Step::kWait: return;
      case Http1Session::Step::kClose: end(now); return;
    }
  }
}

// The one place where a connection becomes HTTP/1.x, HTTP/2 or TLS.
bool Connection::decide_protocol(SteadyTime now) {
  if (session_.unread().empty()) return false;
  switch (detect_protocol(session_.unread())) {
    case WireProtocol::kUndecided: return false;
    case WireProtocol::kHttp1: break;
    case WireProtocol::kHttp2:
      session_.refuse(505, "HTTP/2 is not supported on this port: use HTTP/1.1", now);
      break;
    case WireProtocol::kTls:
      session_.refuse(400, "TLS is not supported on this port: use http:// and not https://", now);
      break;
  }
  protocol_decided_ = true;
  return true;
}

// False if there is no memory to read into; the session knows.
bool Connection::start_read() {
  if (reading_) return true;
  const std::span<char> space = session_.read_space();
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
    session_.release_memory();
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
    session_.on_read(bytes, now);
  } else if (code == asio::error::eof) {
    session_.on_end_of_input();
    protocol_decided_ = true;
  } else {
    if (busy()) context_->counters.protocol_errors.add(1);
    close();
    return;
  }
  run(now);
}

ssize_t Connection::send_output() {
  const Http1Session::Output output = session_.output();
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
    const Http1Session::Output output = session_.output();
    if (output[0].empty() && output[1].empty()) return true;
    const ssize_t sent = send_output();
    if (sent >= 0) {
      context_->counters.bytes_sent.add(static_cast<uint64_t>(sent));
      session_.on_written(static_cast<size_t>(sent));
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
  socket_->async_wait(Socket::wait_write, [self = shared_from_this()](const ErrorCode& code) {
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
  if (session_.ends_cleanly()) {
    close();
    return;
  }
  ErrorCode ignored;
  socket_->shutdown(Socket::shutdown_send, ignored);
  lingering_ = true;
  linger_deadline_ = now + context_->options.linger_timeout;
  read_and_discard();
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
  socket_->async_wait(Socket::wait_read, [self = shared_from_this()](const ErrorCode& code) {
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
  if (now >= session_.deadline()) {
    if (session_.idle() && has_waiting_bytes()) return;
    protocol_decided_ = true;
    session_.on_deadline(now);
    run(now);
    return;
  }
  if (!session_.idle()) return;
  const auto idle_for = now - session_.idle_since();
  if (context_->draining && idle_for >= context_->options.drain_idle && !has_waiting_bytes()) {
    end(now);
  } else if (idle_for >= kParkAfter && reading_ && !parked_ && !parking_) {
    park();
  }
}

// The next request is in the socket already; the loop is about to read it.
bool Connection::has_waiting_bytes() {
  int waiting = 0;
  return ::ioctl(socket_->native_handle(), FIONREAD, &waiting) == 0 && waiting > 0;
}

void Connection::close() {
  if (!socket_) return;
  ErrorCode ignored;
  socket_->close(ignored);
  socket_.reset();
  if (!session_.deferred()) session_.release_memory();
  owner_.remove(*this);
}

}  // namespace

class EventLoop::Impl final : public ConnectionOwner {
 public:
  Impl(uint32_t index, const ServerOptions& options, HttpHandler& handler, const Clock& clock,
       ConnectionCount& count, UniqueFd listener, bool ipv6)
      : io_(BOOST_ASIO_CONCURRENCY_HINT_UNSAFE_IO),  // sockets are touched by one thread only
        context_(std::make_shared<LoopContext>(index, options, handler, clock)),
        mailbox_(std::make_shared<Mailbox>(io_)),
        acceptor_(io_),
        sweep_timer_(io_),
        accept_timer_(io_),
        count_(count) {
    acceptor_.assign(ipv6 ? Tcp::v6() : Tcp::v4(), listener.get());
    listener.release();
  }

  ~Impl() override {
    mailbox_->close();
    close_all();
  }

  void run() {
    accept_next();
    sweep_later();
    for (;;) {
      try {
        io_.run();
        return;
      } catch (const std::exception& error) {
        log_error("an event loop caught an error and goes on: {}", error.what());
      }
    }
  }

  template <typename Task>
  void post(Task&& task) {
    mailbox_->post(std::forward<Task>(task));
  }

  void begin_close() {
    if (std::exchange(context_->draining, true)) return;
    sweep();
  }

  void stop_listening() {
    if (!acceptor_.is_open()) return;
    ErrorCode code;
    acceptor_.non_blocking(true, code);
    while (!code) {
      Socket socket(io_);
      acceptor_.accept(socket, code);
      if (!code) adopt(std::move(socket));
    }
    acceptor_.close(code);
    accept_timer_.cancel();
    count_.remove_listener();
  }

  void quit() {
    mailbox_->close();
    close_all();
    io_.stop();
  }

  uint64_t requests_cut() const { return requests_cut_; }
  const LoopCounters& counters() const { return context_->counters; }

  void remove(Connection& connection) override {
    // Keeps the connection alive to the end of this function.
    const std::shared_ptr<Connection> removed = std::move(connections_[connection.index]);
    CHECK(removed.get() == &connection);
    if (removed->index + 1 != connections_.size()) {
      connections_[removed->index] = std::move(connections_.back());
      connections_[removed->index]->index = removed->index;
    }
    connections_.pop_back();
    context_->counters.connections_open.subtract(1);
    count_.remove();
  }

  std::span<char> discard_space() override { return discarded_; }

 private:
  void accept_next() {
    if (!acceptor_.is_open()) return;
    acceptor_.async_accept([this](const ErrorCode& code, Socket socket) {
      if (code == asio::error::operation_aborted) return;
      if (!code) {
        adopt(std::move(socket));
      } else if (is_exhaustion(code)) {
        pause_accepting(code);
        return;
      }
      accept_next();
    });
  }

  static bool is_exhaustion(const ErrorCode& code) {
    return code.value() == EMFILE || code.value() == ENFILE || code.value() == ENOBUFS ||
           code.value() == ENOMEM;
  }

  // The waiting connection stays in the kernel's queue and would wake the loop again at once.
  void pause_accepting(const ErrorCode& code) {
    const SteadyTime now = steady_now();
    if (now >= next_accept_warning_) {
      log_warning("cannot accept connections for lack of resources: {}",
                  std::strerror(code.value()));
      next_accept_warning_ = now + kAcceptWarningPeriod;
    }
    accept_timer_.expires_after(kAcceptPause);
    accept_timer_.async_wait([this](const ErrorCode& timer_code) {
      if (!timer_code) accept_next();
    });
  }

  void adopt(Socket socket) {
    const uint32_t open = count_.open();
    const uint32_t open_max = context_->options.connections_max;
    context_->counters.connections_accepted.add(1);
    if (open >= open_max) context_->counters.connections_refused.add(1);
    if (open >= open_max && open - open_max >= kRefusalsMax) return;  // closes the socket
    ErrorCode code;
    const auto peer = socket.remote_endpoint(code);
    if (code) return;  // gone already
    const SteadyTime now = steady_now();
    auto connection = std::make_shared<Connection>(*this, context_, mailbox_, std::move(socket),
                                                   peer.address().to_string(), now);
    connection->index = connections_.size();
    connections_.push_back(connection);
    count_.add();
    context_->counters.connections_open.add(1);
    if (open >= open_max) {
      connection->start_refused(now);
    } else {
      connection->start(now);
    }
  }

  Milliseconds sweep_period() const {
    const ServerOptions& options = context_->options;
    const Milliseconds shortest =
        std::min({options.idle_timeout, options.header_timeout, options.body_timeout,
                  options.write_timeout, options.linger_timeout, options.drain_idle});
    return std::clamp(shortest / 4, kSweepPeriodMin, kSweepPeriodMax);
  }

  void sweep_later() {
    sweep_timer_.expires_after(sweep_period());
    sweep_timer_.async_wait([this](const ErrorCode& code) {
      if (code) return;
      sweep();
      sweep_later();
    });
  }

  void sweep() {
    const SteadyTime now = steady_now();
    // Backwards: a connection that closes is replaced by one that has been swept already.
    for (size_t i = connections_.size(); i-- > 0;) {
      if (i >= connections_.size()) continue;
      const std::shared_ptr<Connection> connection = connections_[i];
      connection->sweep(now);
    }
  }

  void close_all() {
    while (!connections_.empty()) {
      const std::shared_ptr<Connection> connection = connections_.back();
      if (connection->busy()) requests_cut_++;
      connection->close();
    }
  }

  asio::io_context io_;
  const std::shared_ptr<LoopContext> context_;
  const std::shared_ptr<Mailbox> mailbox_;
  Acceptor acceptor_;
  Timer sweep_timer_;
  Timer accept_timer_;
  std::vector<std::shared_ptr<Connection>> connections_;
  ConnectionCount& count_;
  uint64_t requests_cut_ = 0;
  SteadyTime next_accept_warning_{};
  std::array<char, 16 * 1024> discarded_;
};

EventLoop::EventLoop(uint32_t index, const ServerOptions& options, HttpHandler& handler,
                     const Clock& clock, ConnectionCount& count, UniqueFd listener, bool ipv6)
    : impl_(std::make_unique<Impl>(index, options, handler, clock, count, std::move(listener),
                                   ipv6)) {}

EventLoop::~EventLoop() = default;

void EventLoop::run() { impl_->run(); }

void EventLoop::post(std::function<void()> task) { impl_->post(std::move(task)); }

void EventLoop::begin_close() {
  impl_->post([impl = impl_.get()] { impl->begin_close(); });
}

void EventLoop::stop_listening() {
  impl_->post([impl = impl_.get()] { impl->stop_listening(); });
}

void EventLoop::quit() {
  impl_->post([impl = impl_.get()] { impl->quit(); });
}

uint64_t EventLoop::requests_cut() const { return impl_->requests_cut(); }

void EventLoop::add_counters(TransportCounters& sum) const {
  const LoopCounters& counters = impl_->counters();
  sum.connections_accepted += counters.connections_accepted.value();
  sum.connections_open += counters.connections_open.value();
  sum.connections_refused += counters.connections_refused.value();
  sum.requests += counters.requests.value();
  sum.protocol_errors += counters.protocol_errors.value();
  sum.timeouts += counters.timeouts.value();
  sum.bytes_received += counters.bytes_received.value();
  sum.bytes_sent += counters.bytes_sent.value();
}

}  // namespace slipway::transport
