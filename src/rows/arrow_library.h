// The Arrow plug-in, opened once for the process (RTLD_LOCAL).
#pragma once

#include "base/status.h"
#include "rows/arrow_plugin.h"

namespace slipway::rows {

/// UNIMPLEMENTED if it is not there or of another ABI; tried once, which blocks for some
/// milliseconds. Thread-safe.
Result<const SlipwayArrowPlugin*> arrow_library();
/// Whether that was tried. Thread-safe.
bool arrow_library_was_tried();

/// Any of the three structs of the C data interface; released at its end.
template <typename T>
struct Released : T {
  Released() : T{} {}
  ~Released() { clear(); }
  Released(const Released&) = delete;
  Released& operator=(const Released&) = delete;
  void clear() {
    if (this->release != nullptr) this->release(this);
    this->release = nullptr;
  }
};

/// Room for the message of a plug-in's function.
class ArrowMessage {
 public:
  SlipwayArrowError error() { return {text_, sizeof text_}; }
  const char* text() const { return text_; }

 private:
  char text_[512] = "";
};

}  // namespace slipway::rows
