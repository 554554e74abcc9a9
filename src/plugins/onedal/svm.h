// Support vector machines by oneDAL's newer interface. Exceptions are the caller's to catch.
#pragma once

#include "training/learners/onedal_plugin.h"

namespace slipway::onedal {

void train_svm(const SlipwaySvmTask& task, const SlipwaySvmResult& result);

}  // namespace slipway::onedal
