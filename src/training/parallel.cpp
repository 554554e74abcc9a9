#include "training/parallel.h"

#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

namespace slipway::training {

void for_each_index(size_t count, uint32_t threads, const std::function<void(size_t)>& work) {
  std::atomic<size_t> next{0};
  const auto run = [&] {
    for (size_t i = next++; i < count; i = next++) work(i);
  };
  const size_t others = std::min<size_t>(std::max(threads, 1U), std::max<size_t>(count, 1)) - 1;
  std::vector<std::jthread> pool;
  pool.reserve(others);
  for (size_t i = 0; i < others; ++i) pool.emplace_back(run);
  run();
}

}  // namespace slipway::training
