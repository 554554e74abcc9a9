// Arbitrary bytes to the simple interface's reader, for a model with numbers and one with texts.
#include <cstddef>
#include <cstdint>

#include "base/check.h"
#include "protocols/simple/request.h"

namespace {

slipway::Signature signature(bool named) {
  slipway::Signature made;
  made.columns = {{"age", false}, {"city", named}, {"input", false}};
  made.columns_named = named;
  made.has_text = named;
  return made;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace slipway::protocols;  // NOLINT(google-build-using-namespace)
  static ReadBuffers buffers;
  static slipway::InputBuffer input;
  static AnswerPlan plan;
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  for (const bool named : {false, true}) {
    plan.clear();
    const slipway::Status status =
        simple::read_request(body, signature(named), {}, buffers, input, plan);
    CHECK(!status.ok() || input.rows() > 0);
    CHECK(!status.ok() || !plan.single || input.rows() == 1);
  }
  return 0;
}
