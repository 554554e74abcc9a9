#include "transport/server.h"

#include <fmt/format.h>
#include <pthread.h>
#include <sched.h>

#include <exception>
#include <thread>
#include <vector>

#include "base/log.h"
#include "transport/internal/connection_count.h"
#include "transport/internal/event_loop.h"
#include "transport/internal/listener.h"

namespace slipway::transport {
namespace {

// Pins the thread to the index-th CPU that the process may use.
void pin_thread(std::thread& thread, uint32_t index) {
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  if (sched_getaffinity(0, sizeof(allowed), &allowed) != 0) return;
  const int usable = CPU_COUNT(&allowed);
  if (usable <= 0) return;
  int skip = static_cast<int>(index) % usable;
  for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
    if (!CPU_ISSET(cpu, &allowed) || skip-- > 0) continue;
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    if (pthread_setaffinity_np(thread.native_handle(), sizeof(one), &one) != 0) {
      log_warning("cannot pin event loop {} to a CPU: {}", index, cpu);
    }
    return;
  }
}

class ServerImpl final : public Server {
 public:
  ServerImpl(const ServerOptions& options, HttpHandler& handler, GrpcHandler* grpc,
             std::vector<Listener> listeners)
      : options_(options), listeners_(std::move(listeners)), connections_(options.loops) {
    std::vector<EventLoop*> loops;
    for (uint32_t i = 0; i < options_.loops; i++) {
      loops_.push_back(std::make_unique<EventLoop>(i, options_, handler, grpc, clock_, connections_,
                                                   listeners_of(i)));
      loops.push_back(loops_.back().get());
    }
    for (const auto& loop : loops_) loop->set_loops(loops);
  }

  ~ServerImpl() override { stop(std::chrono::milliseconds(0)); }

  void start() override {
    CHECK(threads_.empty() && !stopped_);
    for (uint32_t i = 0; i < loops_.size(); i++) {
      threads_.emplace_back([loop = loops_[i].get(), i] {
        pthread_setname_np(pthread_self(), fmt::format("io-{}", i).c_str());
        loop->run();
      });
      if (options_.pin_loops) pin_thread(threads_.back(), i);
    }
  }

  uint16_t port(size_t listener) const override {
    CHECK(listener < listeners_.size());
    return listeners_[listener].port;
  }

  std::vector<std::string> addresses() const override {
    std::vector<std::string> addresses;
    for (size_t i = 0; i < listeners_.size(); i++) {
      const std::string& address = listeners_[i].address;
      const char* const scheme = options_.listeners[i].tls != nullptr ? "https://" : "http://";
      addresses.push_back((address.starts_with("unix:") ? "" : scheme) + address);
    }
    return addresses;
  }

  void begin_close() override {
    for (const auto& loop : loops_) loop->begin_close();
  }

  bool stop(std::chrono::milliseconds grace) override {
    if (stopped_ || threads_.empty()) {
      stopped_ = true;
      return true;
    }
    stopped_ = true;
    begin_close();
    for (Listener& listener : listeners_) listener.file.remove();
    for (const auto& loop : loops_) loop->stop_listening();
    connections_.wait_until_none(std::chrono::steady_clock::now() + grace);
    for (const auto& loop : loops_) loop->quit();
    for (std::thread& thread : threads_) thread.join();
    uint64_t cut = 0;
    for (const auto& loop : loops_) cut += loop->requests_cut();
    if (cut > 0) log_warning("requests cut off when the grace time was over: {}", cut);
    return cut == 0;
  }

  void post(uint32_t loop, std::function<void()> task) override {
    CHECK(loop < loops_.size());
    loops_[loop]->post(std::move(task));
  }

  TransportCounters counters() const override {
    TransportCounters sum;
    for (const auto& loop : loops_) loop->add_counters(sum);
    return sum;
  }

 private:
  // A socket that serves all loops is accepted from by one of them, not always the same.
  std::vector<LoopListener> listeners_of(uint32_t loop) {
    std::vector<LoopListener> mine;
    for (size_t i = 0; i < listeners_.size(); i++) {
      Listener& listener = listeners_[i];
      const bool is_shared = listener.sockets.size() != options_.loops;
      if (is_shared && loop != i % options_.loops) continue;
      UniqueFd& socket = listener.sockets[is_shared ? 0 : loop];
      const bool is_filtered = listener.port != 0 && !listener.is_inherited;
      mine.push_back({std::move(socket), i, is_shared, is_filtered});
    }
    return mine;
  }

  const ServerOptions options_;
  std::vector<Listener> listeners_;  // their sockets have gone to the loops
  const SystemClock clock_;
  ConnectionCount connections_;
  std::vector<std::unique_ptr<EventLoop>> loops_;
  std::vector<std::thread> threads_;
  bool stopped_ = false;
};

}  // namespace

Result<std::unique_ptr<Server>> Server::create(const ServerOptions& options, HttpHandler& handler,
                                               GrpcHandler* grpc) {
  std::vector<Listener> listeners;
  listeners.reserve(options.listeners.size());
  for (const ListenerOptions& listener : options.listeners) {
    listeners.push_back(TRY(open_listener(listener, options.loops)));
  }
  try {  // the event loops open kernel objects
    return std::unique_ptr<Server>(
        std::make_unique<ServerImpl>(options, handler, grpc, std::move(listeners)));
  } catch (const std::exception& error) {
    return unavailable(fmt::format("cannot create the event loops: {}", error.what()));
  }
}

}  // namespace slipway::transport
