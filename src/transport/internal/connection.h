// Connection: one accepted socket. Moves bytes between it and its protocol session, keeps the time
// limits, lingers at the end.
//
//   EventLoop --accept--> Connection --bytes, time--> Session --requests--> handlers
//
// A connection begins as HTTP/1; its first bytes decide whether it stays so.
//
// Plain completion handlers with direct, non-blocking sends: per request one epoll_wait, one recv
// and one send. Time limits are no timers but a sweep over the connections a few times a second, so
// that a request costs none.
//
// Ownership: kept alive by the loop until close(), by its pending operations, and by a deferred
// exchange's completion. Thread rule: the loop's thread, except what make_completion() and
// make_waker() return.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>

#include "base/clock.h"
#include "transport/internal/loop_context.h"
#include "transport/internal/mailbox.h"
#include "transport/internal/session.h"
#include "transport/internal/unique_fd.h"

namespace boost::system {
class error_code;
}

namespace slipway::transport {

class Connection;
class Http1Session;

/// What connections need of their loop, valid while their socket is open.
class ConnectionOwner {
 public:
  virtual ~ConnectionOwner() = default;
  virtual boost::asio::io_context& io() = 0;
  virtual void remove(Connection& connection) = 0;
  virtual std::span<char> discard_space() = 0;
};

class Connection final : public SessionHost, public std::enable_shared_from_this<Connection> {
 public:
  /// `fd` is a connected, non-blocking socket, accepted on the `listener`, which is of `context`.
  Connection(ConnectionOwner& owner, std::shared_ptr<LoopContext> context,
             std::shared_ptr<Mailbox> mailbox, UniqueFd fd, const ListenerOptions& listener,
             Origin origin, SteadyTime now);
  ~Connection() override;

  void start(SteadyTime now);
  /// Answers 503 whatever comes.
  void start_refused(SteadyTime now);
  /// Looks at the time limits.
  void sweep(SteadyTime now);
  /// A request has begun to arrive or is not answered in full.
  bool busy() const { return !lingering_ && session_->busy(); }
  void close();

  std::function<void()> make_completion(DeferredExchange& exchange) override;
  std::function<void()> make_waker() override;

  size_t index = 0;  // in the loop's list

 private:
  struct Socket;
  using ErrorCode = boost::system::error_code;

  template <typename Action>
  void guarded(Action action);
  void on_exchange_completed(DeferredExchange& exchange);
  void on_wake();
  void run(SteadyTime now);
  void run_later();
  bool decide_protocol(SteadyTime now);
  bool take_proxy_header(SteadyTime now);
  void become(std::unique_ptr<Session> session, SteadyTime now);
  bool start_read();
  void on_read(const ErrorCode& code, size_t bytes);
  bool flush(SteadyTime now);
  ssize_t send_output();
  void wait_writable(SteadyTime now);
  void end(SteadyTime now);
  void cut();
  void read_and_discard();
  void park();
  void wait_readable();
  void check_time(SteadyTime now);
  bool has_waiting_bytes();
  bool peer_has_gone();

  ConnectionOwner& owner_;
  const std::shared_ptr<LoopContext> context_;
  const std::shared_ptr<Mailbox> mailbox_;
  std::unique_ptr<Socket> socket_;
  const ListenerOptions& listener_;
  Origin origin_;
  Http1Session* undecided_ = nullptr;  // the session, as long as the protocol is not decided
  std::unique_ptr<Session> session_;

  bool awaits_proxy_header_;
  bool reading_ = false;  // a read, or a wait for something to read, is pending
  bool parking_ = false;  // the pending read was cancelled to free its buffer
  bool parked_ = false;
  bool writing_ = false;  // a wait for room to write is pending
  bool lingering_ = false;
  SteadyTime write_deadline_;
  SteadyTime linger_deadline_;
};

}  // namespace slipway::transport
