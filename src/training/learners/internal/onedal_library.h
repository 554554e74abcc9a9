// The oneDAL plug-in, opened once for the process.
#pragma once

#include "base/status.h"
#include "training/learners/onedal_plugin.h"

namespace slipway::training {

/// UNIMPLEMENTED if it is not there or of another ABI.
Result<const SlipwayOnedalPlugin*> onedal_library();

}  // namespace slipway::training
