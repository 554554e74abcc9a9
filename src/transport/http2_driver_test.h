// Drives an Http2Session without sockets, time by hand, beside an Http2Client.
#pragma once

#include <algorithm>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

#include "transport/http2_client_test.h"
#include "transport/internal/http2_session.h"
#include "transport/internal/session_driver.h"

namespace slipway::transport {

class Http2Driver final : public SessionHost {
 public:
  Http2Driver(const ServerOptions& options, HttpHandler& handler, GrpcHandler* grpc = nullptr)
      : loop_(3, options, handler, grpc, clock_), session_(loop_, *this, {}, {"192.0.2.7"}, now_) {
    pump();
  }

  /// Feeds the bytes, at most `step` at a time, until the session closes.
  void receive(std::string_view bytes, size_t step = static_cast<size_t>(-1)) {
    while (!bytes.empty() && !over()) {
      const std::span<char> space = session_.read_space();
      const size_t size = std::min({bytes.size(), step, space.size()});
      std::memcpy(space.data(), bytes.data(), size);
      session_.on_read(size, now_);
      bytes.remove_prefix(size);
      pump();
    }
  }
  /// Carries bytes between client and session until neither has any.
  void exchange(Http2Client& client, size_t step = static_cast<size_t>(-1)) {
    for (int turn = 0; turn < 10'000; turn++) {
      const std::string out = client.take_output();
      receive(out, step);
      const std::string in = take_sent();
      client.receive(in);
      if (out.empty() && in.empty()) return;
    }
    FAIL() << "client and server do not come to rest";
  }
  void pass(std::chrono::milliseconds time) {
    now_ += time;
    if (now_ >= session_.deadline()) session_.on_deadline(now_);
    pump();
  }
  void end_input() {
    session_.on_end_of_input();
    pump();
  }
  /// Completes the oldest deferred exchange.
  void complete() {
    DeferredExchange* const exchange = deferred_.front();
    deferred_.erase(deferred_.begin());
    exchange->on_completed(now_);
    pump();
  }
  /// As if the oldest completion were thrown away.
  void abandon() {
    deferred_.front()->abandon();
    complete();
  }
  void wake() {
    session_.on_wake();
    pump();
  }

  bool over() const { return closed_; }
  std::string take_sent() { return std::exchange(sent_, {}); }
  LoopContext& loop() { return loop_; }
  Http2Session& session() { return session_; }
  size_t deferred() const { return deferred_.size(); }
  std::function<void()> make_completion(DeferredExchange& exchange) override {
    deferred_.push_back(&exchange);
    return [] {};
  }
  std::function<void()> make_waker() override {
    return [] {};
  }
  void pump() {
    while (!closed_) {
      switch (session_.advance(now_)) {
        case Session::Step::kRead:
        case Session::Step::kWait: return;
        case Session::Step::kWrite: {
          size_t size = 0;
          for (const auto& piece : session_.output()) {
            sent_.append(piece.data(), piece.size());
            size += piece.size();
          }
          session_.on_written(size);
          break;
        }
        case Session::Step::kClose:
        case Session::Step::kCut: closed_ = true; return;
      }
    }
  }

 private:
  FixedClock clock_;
  SteadyTime now_ = SteadyTime{} + std::chrono::hours(1);
  LoopContext loop_;
  Http2Session session_;
  std::vector<DeferredExchange*> deferred_;
  std::string sent_;
  bool closed_ = false;
};

}  // namespace slipway::transport
