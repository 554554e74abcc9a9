// The tables of op_codecs(), a file for each family.
#pragma once

#include <span>

#include "graph/codecs/op_codec.h"

namespace slipway {

std::span<const OpCodec> model_codecs();
std::span<const OpCodec> feature_codecs();
std::span<const OpCodec> neighbor_codecs();
std::span<const OpCodec> text_codecs();

}  // namespace slipway
