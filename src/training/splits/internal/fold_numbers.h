// From the fold that tests each row to the folds.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "training/splits/folds.h"

namespace slipway::training {

std::vector<Fold> folds_of(std::span<const uint32_t> fold_of_row, size_t folds);

}  // namespace slipway::training
