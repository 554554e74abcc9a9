#include "rows/arrow_library.h"

#include "base/plugin.h"

namespace slipway::rows {
namespace {

constexpr const char* kFileName = "libslipway_arrow.so";

Result<const SlipwayArrowPlugin*> open_library() {
  void* symbol = TRY(plugin_symbol("Arrow", kFileName, "slipway_arrow_plugin"));
  const SlipwayArrowPlugin* plugin = reinterpret_cast<SlipwayArrowEntry>(symbol)();
  if (plugin->abi != kSlipwayArrowAbi) return other_plugin_version("Arrow", kFileName);
  return plugin;
}

}  // namespace

Result<const SlipwayArrowPlugin*> arrow_library() {
  static const Result<const SlipwayArrowPlugin*> library = open_library();
  return library;
}

}  // namespace slipway::rows
