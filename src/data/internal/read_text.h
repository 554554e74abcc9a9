// One pass of a file of texts into a FrameBuilder. The first makes its columns, a second one finds
// them there.
#pragma once

#include <istream>

#include "base/status.h"
#include "data/internal/frame_builder.h"
#include "data/read_frame.h"

namespace slipway::data {

/// `separator` as for CsvReader.
Status read_csv(std::istream& input, char separator, const ReadOptions& options,
                FrameBuilder& builder);
/// An object a line, or one array of objects.
Status read_json(std::istream& input, const ReadOptions& options, FrameBuilder& builder);
/// An Arrow stream or file, or a Parquet file, whole; by the plug-in.
Status read_arrow(std::string_view bytes, bool is_parquet, FrameBuilder& builder);

}  // namespace slipway::data
