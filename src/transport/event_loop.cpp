#include "transport/internal/event_loop.h"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <exception>
#include <utility>
#include <vector>

#define BOOST_ASIO_NO_DEPRECATED
#define BOOST_ERROR_CODE_HEADER_ONLY
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>

#include "base/check.h"
#include "base/log.h"
#include "transport/internal/connection.h"
#include "transport/internal/listener.h"
#include "transport/internal/loop_context.h"
#include "transport/internal/mailbox.h"

namespace slipway::transport {
namespace {

namespace asio = boost::asio;
using ErrorCode = boost::system::error_code;
using Executor = asio::io_context::executor_type;
using Descriptor = asio::posix::basic_stream_descriptor<Executor>;
using Timer = asio::basic_waitable_timer<std::chrono::steady_clock,
                                         asio::wait_traits<std::chrono::steady_clock>, Executor>;
using Milliseconds = std::chrono::milliseconds;

constexpr Milliseconds kSweepPeriodMax{250};
constexpr Milliseconds kSweepPeriodMin{5};
constexpr Milliseconds kAcceptPause{100};  // after running out of descriptors or memory
constexpr std::chrono::seconds kAcceptWarningPeriod{10};
constexpr Milliseconds kHandshakeTime{50};  // what has begun to connect is completed within this
// So many connections are accepted before those that are open have their turn.
constexpr int kAcceptsInTurnMax = 64;
// So many connections beyond the limit hear a proper 503; more are closed without a word.
constexpr uint32_t kRefusalsMax = 128;

SteadyTime steady_now() { return std::chrono::steady_clock::now(); }

}  // namespace

class EventLoop::Impl final : public ConnectionOwner {
 public:
  Impl(uint32_t index, const ServerOptions& options, HttpHandler& handler, GrpcHandler* grpc,
       const Clock& clock, ConnectionCount& count, std::vector<LoopListener> listeners)
      : io_(BOOST_ASIO_CONCURRENCY_HINT_UNSAFE_IO),  // sockets are touched by one thread only
        context_(std::make_shared<LoopContext>(index, options, handler, grpc, clock)),
        mailbox_(std::make_shared<Mailbox>(io_)),
        sweep_timer_(io_),
        accept_timer_(io_),
        count_(count) {
    for (LoopListener& listener : listeners) {
      ports_.push_back(std::make_unique<Port>(io_, std::move(listener)));
    }
  }

  void set_loops(std::vector<EventLoop*> loops) { loops_ = std::move(loops); }

  ~Impl() override {
    mailbox_->close();
    close_all();
  }

  void run() {
    accept_from_all();
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

  void post(std::function<void()> task) { mailbox_->post(std::move(task)); }

  void begin_close() {
    if (std::exchange(context_->draining, true)) return;
    sweep();
  }

  void stop_listening() {
    if (std::exchange(stopping_, true)) return;
    accept_timer_.cancel();
    bool waits = false;
    for (const auto& port : ports_) {
      if (port->is_filtered && ignore_new_connections(port->socket.native_handle())) waits = true;
    }
    if (!waits) return close_listeners();
    accept_timer_.expires_after(kHandshakeTime);
    accept_timer_.async_wait([this](const ErrorCode&) { close_listeners(); });
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

  asio::io_context& io() override { return io_; }
  std::span<char> discard_space() override { return discarded_; }

 private:
  struct Port {
    Port(asio::io_context& io, LoopListener listener)
        : socket(io, listener.socket.release()),
          index(listener.index),
          is_shared(listener.is_shared),
          is_filtered(listener.is_filtered) {}

    Descriptor socket;
    const size_t index;
    const bool is_shared;
    const bool is_filtered;
    bool is_waiting = false;
  };

  void close_listeners() {
    for (const auto& port : ports_) {
      while (accept_one(*port) == Accept::kDone) {
      }
      ErrorCode ignored;
      port->socket.close(ignored);
    }
    count_.remove_listener();
  }

  enum class Accept { kDone, kNoneWaiting, kExhausted };

  void accept_from_all() {
    for (const auto& port : ports_) accept_next(*port);
  }

  void accept_next(Port& port) {
    if (!port.socket.is_open() || std::exchange(port.is_waiting, true)) return;
    port.socket.async_wait(Descriptor::wait_read, [this, &port](const ErrorCode& code) {
      port.is_waiting = false;
      if (code || !port.socket.is_open()) return;
      for (int i = 0; i < kAcceptsInTurnMax; i++) {
        const Accept result = accept_one(port);
        if (result == Accept::kExhausted) return;
        if (result == Accept::kNoneWaiting) break;
      }
      accept_next(port);
    });
  }

  Accept accept_one(Port& port) {
    Accepted accepted = accept_connection(port.socket.native_handle());
    if (accepted.fd.valid()) {
      take(port, std::move(accepted));
      return Accept::kDone;
    }
    switch (accepted.error) {
      case EAGAIN: return Accept::kNoneWaiting;
      case EMFILE:
      case ENFILE:
      case ENOBUFS:
      case ENOMEM: pause_accepting(accepted.error); return Accept::kExhausted;
      default: return Accept::kDone;  // that connection has failed: the next may be good
    }
  }

  // The waiting connection stays in the kernel's queue and would wake the loop again at once.
  void pause_accepting(int reason) {
    const SteadyTime now = steady_now();
    if (now >= next_accept_warning_) {
      log_warning("cannot accept connections for lack of resources: {}", std::strerror(reason));
      next_accept_warning_ = now + kAcceptWarningPeriod;
    }
    if (stopping_) return;
    accept_timer_.expires_after(kAcceptPause);
    accept_timer_.async_wait([this](const ErrorCode& timer_code) {
      if (!timer_code) accept_from_all();
    });
  }

  void take(Port& port, Accepted accepted) {
    const uint32_t open = count_.add();  // before it is handed over, so that stop() waits for it
    EventLoop* const next = port.is_shared ? loops_[next_loop_++ % loops_.size()] : nullptr;
    if (next == nullptr || next->impl_.get() == this) {
      return adopt(port.index, std::move(accepted), open);
    }
    auto handed = std::make_shared<Accepted>(std::move(accepted));
    next->post([impl = next->impl_.get(), handed = std::move(handed), index = port.index, open] {
      impl->adopt(index, std::move(*handed), open);
    });
  }

  void adopt(size_t listener, Accepted accepted, uint32_t open) {
    const uint32_t open_max = context_->options.connections_max;
    context_->counters.connections_accepted.add(1);
    if (open >= open_max) context_->counters.connections_refused.add(1);
    if (open >= open_max && open - open_max >= kRefusalsMax) {
      accepted.fd.reset();
      return count_.remove();
    }
    const SteadyTime now = steady_now();
    auto connection = std::make_shared<Connection>(
        *this, context_, mailbox_, std::move(accepted.fd), context_->options.listeners[listener],
        Origin{std::move(accepted.address), static_cast<uint32_t>(listener)}, now);
    connection->index = connections_.size();
    connections_.push_back(connection);
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
  std::vector<std::unique_ptr<Port>> ports_;
  std::vector<EventLoop*> loops_;
  size_t next_loop_ = 0;
  Timer sweep_timer_;
  Timer accept_timer_;
  std::vector<std::shared_ptr<Connection>> connections_;
  ConnectionCount& count_;
  bool stopping_ = false;
  uint64_t requests_cut_ = 0;
  SteadyTime next_accept_warning_{};
  std::array<char, 16 * 1024> discarded_;
};

EventLoop::EventLoop(uint32_t index, const ServerOptions& options, HttpHandler& handler,
                     GrpcHandler* grpc, const Clock& clock, ConnectionCount& count,
                     std::vector<LoopListener> listeners)
    : impl_(std::make_unique<Impl>(index, options, handler, grpc, clock, count,
                                   std::move(listeners))) {}

EventLoop::~EventLoop() = default;

void EventLoop::set_loops(std::vector<EventLoop*> loops) { impl_->set_loops(std::move(loops)); }

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
