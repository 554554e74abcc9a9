#include "cli/signals.h"

#include <fmt/format.h>
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>

namespace slipway::cli {

Result<std::unique_ptr<Signals>> Signals::block() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&set, signal);
  std::signal(SIGUSR1, SIG_IGN);  // sent by tools that have rotated logs, which are followed anyway
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  const int signals = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
  const int woken = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  std::unique_ptr<Signals> made(new Signals(signals, woken));
  if (signals < 0 || woken < 0) {
    return unavailable(fmt::format("cannot wait for signals: {}", std::strerror(errno)));
  }
  return made;
}

Signals::~Signals() {
  if (signals_ >= 0) close(signals_);
  if (woken_ >= 0) close(woken_);
}

int Signals::wait(std::optional<std::chrono::milliseconds> limit) {
  using Clock = std::chrono::steady_clock;
  const auto deadline = Clock::now() + limit.value_or(std::chrono::milliseconds(0));
  while (true) {
    int timeout = -1;
    if (limit.has_value()) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
      timeout = static_cast<int>(std::max<int64_t>(0, left.count()));
    }
    pollfd descriptors[2] = {{signals_, POLLIN, 0}, {woken_, POLLIN, 0}};
    const int ready = poll(descriptors, 2, timeout);
    if (ready == 0) return kTimeout;
    if (ready < 0 && errno != EINTR) return kTimeout;
    signalfd_siginfo info{};
    if (read(signals_, &info, sizeof(info)) == static_cast<ssize_t>(sizeof(info))) {
      return static_cast<int>(info.ssi_signo);
    }
    eventfd_t ignored = 0;
    if (eventfd_read(woken_, &ignored) == 0) return kWoken;
  }
}

void Signals::wake() { eventfd_write(woken_, 1); }

}  // namespace slipway::cli
