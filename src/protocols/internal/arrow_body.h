// Arrow in and out: a body of Arrow IPC as rows of a model's input, its outputs as an IPC stream.
//
//   IPC bytes --read_arrow_body--> InputBuffer
//   outputs --append_arrow_outputs--> IPC stream
//
// Columns are matched by name, or by place for a model trained without names (rows/arrow_rows.h);
// what is no feature is passed over. UNIMPLEMENTED where the Arrow plug-in is not installed. Plain
// functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "graph/signature.h"
#include "protocols/internal/call.h"
#include "protocols/internal/key_fields.h"
#include "tensor/batch.h"

namespace slipway::protocols {

inline constexpr std::string_view kArrowStream = "application/vnd.apache.arrow.stream";
inline constexpr std::string_view kArrowFile = "application/vnd.apache.arrow.file";

/// Whether a Content-Type or Accept header names Arrow, as stream or file.
bool names_arrow(std::string_view header);

/// Keeps the values of the model's key fields. INVALID_ARGUMENT names the column. UNAVAILABLE: the
/// Arrow plug-in is needed and not open yet; the call is asked again once it is
/// (BaseCall::needs_arrow). Where there is no way to do that it is opened here.
Status read_arrow_body(BaseCall& call, std::string_view body);

/// One output as columns of a table: `name` for a vector, else name_CLASS or name_0, name_1, ...
struct ArrowOutput {
  std::string_view name;
  const OutputSpec& spec;
  const OutputBuffer& output;
};
/// All have the same rows. Numbers are float64 or int64, truth values bool, texts and the key
/// fields, which come first, utf8.
Status append_arrow_outputs(std::string& out, const std::vector<ArrowOutput>& outputs,
                            const KeyFields& keys);

}  // namespace slipway::protocols
