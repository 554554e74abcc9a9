#include "cli/search_progress.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace slipway::cli {
namespace {

constexpr size_t kBarWidth = 24;
constexpr auto kEvery = std::chrono::milliseconds(200);

size_t terminal_width() {
  struct winsize size {};
  const bool is_known = ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  return is_known ? size.ws_col : 80;
}

/// "12 s", "3:05", "1:02:03".
std::string duration_text(double seconds) {
  const auto whole = static_cast<uint64_t>(std::lround(std::clamp(seconds, 0.0, 1e9)));
  if (whole < 60) return fmt::format("{} s", whole);
  if (whole < 3600) return fmt::format("{}:{:02}", whole / 60, whole % 60);
  return fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
}

}  // namespace

std::string progress_line(const training::SelectionProgress& at, double seconds, size_t width) {
  // What ends first, the fits or the time.
  double share = 0;
  double left = at.seconds_left;
  if (!std::isnan(left)) share = seconds / std::max(seconds + left, 1e-9);
  if (at.total > 0 && at.done > 0) {
    const double done = static_cast<double>(at.done) / static_cast<double>(at.total);
    const double by_fits = seconds / done * (1 - done);
    if (std::isnan(left) || by_fits < left) {
      left = by_fits;
      share = done;
    }
  }
  share = std::clamp(share, 0.0, 1.0);
  const auto filled = static_cast<size_t>(share * static_cast<double>(kBarWidth));
  const std::string head = filled < kBarWidth ? ">" : "";
  std::string line =
      fmt::format("[{}{}{}] {:3.0f} %, {} fits", std::string(filled, '='), head,
                  std::string(kBarWidth - filled - head.size(), ' '), share * 100, at.done);
  if (!std::isnan(left)) line.append(fmt::format(", {} left", duration_text(left)));
  if (!std::isnan(at.best)) {
    line.append(fmt::format(", best {:.4f}: {}", at.best, at.best_candidate));
  }
  if (line.size() > width) line.resize(width);
  return line;
}

SearchProgress::SearchProgress() : is_shown_(::isatty(STDERR_FILENO) != 0) {}

SearchProgress::~SearchProgress() {
  if (!is_printed_) return;
  fmt::print(stderr, "\r\x1b[K");
  std::fflush(stderr);
}

void SearchProgress::show(const training::SelectionProgress& at) {
  const auto now = std::chrono::steady_clock::now();
  if (!is_shown_ || now - last_ < kEvery) return;
  last_ = now;
  is_printed_ = true;
  const double seconds = std::chrono::duration<double>(now - begin_).count();
  fmt::print(stderr, "\r\x1b[K{}", progress_line(at, seconds, terminal_width() - 1));
  std::fflush(stderr);
}

}  // namespace slipway::cli
