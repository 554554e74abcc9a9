// What the protocol tells of a model and of the server, for JSON and protobuf alike.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "graph/signature.h"
#include "protocols/internal/call.h"

namespace slipway::protocols::kserve_v2 {

/// The extensions that work as the server was started, by Triton's names.
std::vector<std::string_view> extensions(const ServerInfo& server);

inline std::string_view datatype_of(ColumnType type) {
  return type == ColumnType::kNumber ? "FP64" : "BYTES";
}

/// Calls visit(name, type, width) for each input tensor: one matrix if no column has a trained name
/// and all are of one kind; else one tensor per column.
template <typename Visit>
void for_each_input(const Signature& signature, Visit visit) {
  const std::optional<ColumnType> type = signature.uniform_type();
  if (!signature.columns_named && type.has_value()) {
    visit(std::string_view(signature.rows_are_records ? "record" : "input"), *type,
          signature.columns.size());
    return;
  }
  for (const InputColumn& column : signature.columns) {
    visit(std::string_view(column.name), column.type, size_t{1});
  }
}

/// The answer is not to be compressed: tritonclient.http.aio asks for gzip, but decodes the answers
/// of inference only.
void keep_plain(Call& call);
/// "slipway_sklearn"
std::string platform_of(const serving::LoadedModel& model);
/// Why the server is not ready; empty if it is. A model that failed does not make it unready unless
/// it is required: its own readiness tells, and the others go on.
std::string unready_reason(const BaseCall& call);

}  // namespace slipway::protocols::kserve_v2
