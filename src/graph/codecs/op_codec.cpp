#include "graph/codecs/op_codec.h"

#include <algorithm>
#include <array>

#include "graph/codecs/tables.h"

namespace slipway {

std::span<const std::span<const OpCodec>> op_codecs() {
  static const std::array kTables = {model_codecs(), feature_codecs(), neighbor_codecs(),
                                     text_codecs()};
  return kTables;
}

const OpCodec* find_op_codec(std::string_view op) {
  for (const std::span<const OpCodec> table : op_codecs()) {
    const auto found = std::ranges::find(table, op, &OpCodec::op);
    if (found != table.end()) return &*found;
  }
  return nullptr;
}

}  // namespace slipway
