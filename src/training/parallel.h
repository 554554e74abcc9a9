// Work that falls into independent items, on several threads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>

namespace slipway::training {

/// Calls work(0) .. work(count - 1), each once, in any order, on the calling thread and up to
/// `threads` - 1 more, which end before it returns. `work` must be safe to call concurrently.
void for_each_index(size_t count, uint32_t threads, const std::function<void(size_t)>& work);

}  // namespace slipway::training
