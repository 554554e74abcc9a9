#include "base/huge_pages.h"

#include <sys/mman.h>

#include <cstdint>

namespace slipway {

void advise_huge_pages(void* memory, size_t size_bytes) {
  constexpr uintptr_t kHugePage = uintptr_t{2} << 20;
  const uintptr_t beyond = reinterpret_cast<uintptr_t>(memory) % kHugePage;
  const size_t skipped = beyond == 0 ? 0 : kHugePage - beyond;
  if (size_bytes < skipped + kHugePage) return;
  const size_t whole = (size_bytes - skipped) / kHugePage * kHugePage;
  ::madvise(static_cast<char*>(memory) + skipped, whole, MADV_HUGEPAGE);
}

}  // namespace slipway
