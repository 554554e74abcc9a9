// Drives an Http1Session without sockets, for tests and fuzzing: bytes in, bytes out, time by hand.
//
// Ownership: owns the session and its loop's context. Thread rule: single-sequence.
//
//   SessionDriver driver(options, handler);
//   driver.receive("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
//   EXPECT_EQ(driver.take_sent(), "HTTP/1.1 200 OK\r\n...");
#pragma once

#include <algorithm>
#include <cstring>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "transport/internal/http1_session.h"
#include "transport/internal/loop_context.h"

namespace slipway::transport {

/// Sun, 06 Nov 1994 08:49:37 GMT, always.
class FixedClock final : public Clock {
 public:
  SteadyTime now() const override { return SteadyTime{}; }
  std::chrono::system_clock::time_point wall_now() const override {
    return std::chrono::system_clock::time_point(std::chrono::seconds(784111777));
  }
};

class SessionDriver final : public SessionHost {
 public:
  SessionDriver(const ServerOptions& options, HttpHandler& handler)
      : loop_(3, options, handler, nullptr, clock_), session_(loop_, *this, {"192.0.2.7"}, now_) {}

  /// Feeds the bytes, at most `step` at a time, until the session closes.
  void receive(std::string_view bytes, size_t step = static_cast<size_t>(-1)) {
    pump();
    while (!bytes.empty() && !over() && !waiting_) {
      const std::span<char> space = session_.read_space();
      const size_t size = std::min({bytes.size(), step, space.size()});
      if (size > 0) {
        std::memcpy(space.data(), bytes.data(), size);
        session_.on_read(size, now_);
        bytes.remove_prefix(size);
      }
      pump();
    }
  }
  void end_input() {
    session_.on_end_of_input();
    pump();
  }
  void pass(std::chrono::milliseconds time) {
    now_ += time;
    if (now_ >= session_.deadline()) session_.on_deadline(now_);
    pump();
  }
  /// Calls the completion of a deferred exchange.
  void complete() {
    session_.on_completed(now_);
    waiting_ = false;
    pump();
  }

  /// A body source can go on.
  void wake() {
    waiting_ = false;
    pump();
  }

  bool closed() const { return closed_; }
  bool cut() const { return cut_; }
  bool waiting() const { return waiting_; }
  size_t writes() const { return writes_; }
  std::string take_sent() { return std::exchange(sent_, {}); }
  LoopContext& loop() { return loop_; }
  Http1Session& session() { return session_; }
  std::function<void()> make_completion(DeferredExchange&) override {
    return [this] { completions_++; };
  }
  std::function<void()> make_waker() override {
    return [this] { wakes_++; };
  }
  int completions() const { return completions_; }
  int wakes() const { return wakes_; }

 private:
  bool over() const { return closed_ || cut_; }
  void pump() {
    while (!over()) {
      switch (session_.advance(now_)) {
        case Http1Session::Step::kRead: return;
        case Http1Session::Step::kWrite: {
          writes_++;
          size_t size = 0;
          for (const auto& piece : session_.output()) {
            sent_.append(piece.data(), piece.size());
            size += piece.size();
          }
          session_.on_written(size);
          break;
        }
        case Http1Session::Step::kWait: waiting_ = true; return;
        case Http1Session::Step::kClose: closed_ = true; return;
        case Http1Session::Step::kCut: cut_ = true; return;
      }
    }
  }

  FixedClock clock_;
  SteadyTime now_ = SteadyTime{} + std::chrono::hours(1);
  LoopContext loop_;
  Http1Session session_;
  std::string sent_;
  bool closed_ = false;
  bool cut_ = false;
  bool waiting_ = false;
  size_t writes_ = 0;
  int completions_ = 0;
  int wakes_ = 0;
};

}  // namespace slipway::transport
