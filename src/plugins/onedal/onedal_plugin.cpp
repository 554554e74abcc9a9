// libslipway_onedal.so: oneDAL behind the C ABI of training/learners/onedal_plugin.h.
#include "training/learners/onedal_plugin.h"

#include <exception>
#include <string_view>

#include "plugins/onedal/forest.h"

namespace slipway::onedal {
namespace {

int fail(SlipwayPluginError error, std::string_view text) {
  if (error.size > 0) error.text[text.copy(error.text, error.size - 1)] = '\0';
  return 1;
}

int forest(const SlipwayForestTask* task,
           void (*take)(void* context, const SlipwayForestNode* node), void* context,
           SlipwayPluginError error) try {
  train_forest(*task, {take, context});
  return 0;
} catch (const std::exception& thrown) {
  return fail(error, thrown.what());
}

constexpr SlipwayOnedalPlugin kPlugin = {kSlipwayOnedalAbi, forest};

}  // namespace
}  // namespace slipway::onedal

extern "C" __attribute__((visibility("default"))) const SlipwayOnedalPlugin*
slipway_onedal_plugin() {
  return &slipway::onedal::kPlugin;
}
