// OpCodec: operators as named fields and back, for those that a plain ONNX file cannot express.
//
//   writers/onnx: node --OpCodec::save--> attributes of a node of the domain ai.slipway
//   formats/onnx: such a node --OpCodec::load--> Op
//
// docs/container.md describes every operator; an entry of the table is all that it takes to add
// one. Thread rule: reentrant.
//
//   if (const OpCodec* codec = find_op_codec(node.op->name())) codec->save(*node.op, fields);
#pragma once

#include <memory>
#include <span>
#include <string_view>
#include <tuple>
#include <type_traits>

#include "graph/codecs/op_fields.h"
#include "graph/graph.h"

namespace slipway {

/// The operator set of these operators, and the only version there is.
inline constexpr std::string_view kOwnDomain = "ai.slipway";
inline constexpr int64_t kOwnVersion = 1;

struct OpCodec {
  std::string_view op;             // Op::name(): "knn_impute"
  std::string_view operator_name;  // in files: "KnnImpute"
  void (*save)(const Op& op, OpFields& fields);
  /// Null where fields.status() says what is wrong.
  std::unique_ptr<const Op> (*load)(OpFields& fields);
};

/// Null if there is none.
const OpCodec* find_op_codec(std::string_view op);
/// All of them.
std::span<const std::span<const OpCodec>> op_codecs();

/// An operator whose constructor takes the named members in their order; `kFields` hands them to an
/// OpFields.
template <typename T, auto kFields, auto... kMembers>
constexpr OpCodec op_codec(std::string_view op, std::string_view operator_name) {
  using Parts = std::tuple<std::remove_cvref_t<decltype(std::declval<T>().*kMembers)>...>;
  return {op, operator_name,
          [](const Op& source, OpFields& fields) {
            Parts parts{(static_cast<const T&>(source).*kMembers)...};
            std::apply([&](auto&... part) { kFields(fields, part...); }, parts);
          },
          [](OpFields& fields) -> std::unique_ptr<const Op> {
            Parts parts{};
            std::apply([&](auto&... part) { kFields(fields, part...); }, parts);
            if (!fields.ok()) return nullptr;
            return std::apply([](auto&... part) { return std::make_unique<T>(std::move(part)...); },
                              parts);
          }};
}

}  // namespace slipway
