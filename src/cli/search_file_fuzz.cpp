// The reader of search files takes any bytes: a plan, or an error with a line.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "cli/search_file.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view yaml(reinterpret_cast<const char*>(data), size);
  const auto plan = slipway::cli::parse_search(yaml);
  if (!plan.ok()) {
    CHECK(!plan.status().message().empty());
    return 0;
  }
  for (const slipway::training::LearnerSpaces& learner : plan->learners) {
    for (const slipway::training::Space& space : learner.spaces) {
      for (const auto& [name, values] : space) CHECK(check_values(values).ok());
    }
    // Few draws: what they cost is not the reader's matter.
    if (!learner.spaces.empty()) {
      static_cast<void>(slipway::training::draw_from_spaces(learner.spaces, 3, 1));
    }
  }
  return 0;
}
