#include "training/learners/internal/onedal_library.h"

#include "base/plugin.h"

namespace slipway::training {
namespace {

constexpr const char* kTitle = "training trees and support vector machines (oneDAL)";
constexpr const char* kFileName = "libslipway_onedal.so";

Result<const SlipwayOnedalPlugin*> open_library() {
  void* symbol = TRY(plugin_symbol(kTitle, kFileName, "slipway_onedal_plugin"));
  const SlipwayOnedalPlugin* plugin = reinterpret_cast<SlipwayOnedalEntry>(symbol)();
  if (plugin->abi != kSlipwayOnedalAbi) return other_plugin_version(kTitle, kFileName);
  return plugin;
}

}  // namespace

Result<const SlipwayOnedalPlugin*> onedal_library() {
  static const Result<const SlipwayOnedalPlugin*> library = open_library();
  return library;
}

}  // namespace slipway::training
