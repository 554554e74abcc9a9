// Small tables that category_encoders keeps as pandas objects: a Series, or a DataFrame of numbers.
//
//   const Frame frame = TRY(read_frame(self.attr("mapping")));
//   frame.columns[0][i]  // the first column's number beside the label frame.index[i]
#pragma once

#include <string>
#include <vector>

#include "formats/pickle/numpy.h"
#include "formats/pickle/tree.h"

namespace slipway::sklearn {

struct Frame {
  std::vector<pickle::Cell> index;
  std::vector<std::string> names;            // of the columns; empty for a Series
  std::vector<std::vector<double>> columns;  // one number for each label

  size_t rows() const { return index.size(); }
};

/// INVALID_ARGUMENT if it is neither, or its parts do not fit each other.
Result<Frame> read_frame(pickle::Value value);

}  // namespace slipway::sklearn
