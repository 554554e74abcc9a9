// What preparation is fitted on: a table, its columns, the rows to learn from, and their target.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "data/frame.h"

namespace slipway::training {

/// The target, by row of the frame: classes (-1: none) or values (NaN: none). What a plan fits
/// without it may go without both.
struct PreparationTarget {
  std::span<const int32_t> classes;
  uint32_t class_count = 0;  // 0: a regression, or no target
  std::span<const double> values;
};

/// Only points: all must live while preparation is fitted; the frame no longer.
struct PreparationInput {
  const data::Frame* frame = nullptr;
  std::span<const std::string> columns;  // those that are features, in the model's order
  std::span<const uint32_t> rows;        // of the frame, to learn from
  PreparationTarget target;
  uint64_t seed = 0;
  unsigned threads = 1;
};

}  // namespace slipway::training
