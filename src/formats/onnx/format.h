// The reader of ONNX files.
//
//   formats.add(onnx::make_format());
//
// Thread rule: immutable; one reader serves all threads.
#pragma once

#include <memory>

#include "formats/model_format.h"

namespace slipway::onnx {

std::unique_ptr<const formats::ModelFormat> make_format();

}  // namespace slipway::onnx
