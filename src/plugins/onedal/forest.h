// Decision forests by oneDAL's older interface. Exceptions are the caller's to catch.
#pragma once

#include "training/learners/onedal_plugin.h"

namespace slipway::onedal {

struct NodeSink {
  void (*taker)(void* context, const SlipwayForestNode* node);
  void* context;

  void take(const SlipwayForestNode& node) const { taker(context, &node); }
};

void train_forest(const SlipwayForestTask& task, const NodeSink& sink);

}  // namespace slipway::onedal
