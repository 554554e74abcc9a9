// Arbitrary bytes as a database of runs: whatever they say, reading them ends, with records or an
// error, and nothing of theirs is run.
#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "experiments/run_store.h"

namespace {

const std::string& folder() {
  static const std::string made = [] {
    const char* memory = "/dev/shm";
    std::string name = ::access(memory, W_OK) == 0 ? memory : "/tmp";
    name += "/runs_fuzz.XXXXXX";
    return std::string(::mkdtemp(name.data()));
  }();
  return made;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using slipway::experiments::RunStore;
  for (const char* left : {"runs.db-wal", "runs.db-shm", "runs.db-journal"}) {
    std::error_code ignored;
    std::filesystem::remove(folder() + "/" + left, ignored);
  }
  std::ofstream(folder() + "/runs.db", std::ios::binary | std::ios::trunc)
      .write(reinterpret_cast<const char*>(data), static_cast<std::streamsize>(size));
  slipway::Result<RunStore> store = RunStore::open(folder());
  if (!store.ok()) return 0;
  const auto runs = store->list({.metric = "accuracy"});
  for (const char* name : {"1", "2", "latest"}) static_cast<void>(store->find(name));
  return 0;
}
