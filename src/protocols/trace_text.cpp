// One call as Triton's traces tell it.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "base/json_escape.h"
#include "protocols/internal/call.h"
#include "protocols/internal/trace_log.h"
#include "protocols/json_output.h"

namespace slipway::protocols {
namespace {

constexpr size_t kElementsMax = 65'536;  // of one tensor; the others are left out

int64_t nanoseconds(SteadyTime time) {
  return time.time_since_epoch() / std::chrono::nanoseconds(1);
}

SteadyTime later(SteadyTime time, double seconds) {
  return time +
         std::chrono::duration_cast<SteadyTime::duration>(std::chrono::duration<double>(seconds));
}

void append_head(std::string& out, uint64_t id, const BaseCall& call) {
  const serving::ServedModel& model = *call.infer.model;
  fmt::format_to(std::back_inserter(out), R"({{"id":{},"model_name":)", id);
  append_json_string(out, model.name);
  out += ",\"model_version\":";
  const bool is_number = !model.version.empty() && std::ranges::all_of(model.version, [](char c) {
    return c >= '0' && c <= '9';
  });
  is_number ? void(out += model.version) : append_json_string(out, model.version);
  const std::string_view request_id =
      call.plan.has_id && !call.plan.id.empty() ? std::string_view(call.plan.id) : call.request_id;
  if (!request_id.empty()) {
    out += ",\"request_id\":";
    append_json_string(out, request_id);
  }
  out.push_back('}');
}

void append_time(std::string& out, uint64_t id, std::string_view prefix, std::string_view name,
                 SteadyTime time) {
  fmt::format_to(std::back_inserter(out),
                 R"(,{{"id":{},"timestamps":[{{"name":"{}{}","ns":{}}}]}})", id, prefix, name,
                 nanoseconds(time));
}

void append_times(std::string& out, uint64_t id, const BaseCall& call, std::string_view protocol,
                  SteadyTime received, SteadyTime now) {
  const serving::InferResponse& result = call.result;
  const bool is_http = protocol == "HTTP";
  const bool has_run = result.batch_rows > 0;
  const SteadyTime begun = has_run ? result.begun : now;
  const SteadyTime ended = has_run ? result.ended : now;
  append_time(out, id, protocol, is_http ? "_RECV_START" : "_WAITREAD_START", received);
  append_time(out, id, protocol, is_http ? "_RECV_END" : "_WAITREAD_END", begun);
  append_time(out, id, "", "REQUEST_START", begun);
  if (has_run) {
    const SteadyTime compute = later(begun, result.queue_seconds + result.batch_seconds);
    append_time(out, id, "", "QUEUE_START", begun);
    append_time(out, id, "", "COMPUTE_START", compute);
    append_time(out, id, "", "COMPUTE_INPUT_END", compute);
    append_time(out, id, "", "COMPUTE_OUTPUT_START", later(compute, result.compute_seconds));
    append_time(out, id, "", "COMPUTE_END",
                std::max(ended, later(compute, result.compute_seconds)));
    append_time(out, id, "", "INFER_RESPONSE_COMPLETE", ended);
  }
  append_time(out, id, "", "REQUEST_END", ended);
  append_time(out, id, protocol, "_SEND_START", ended);
  append_time(out, id, protocol, "_SEND_END", now);
}

/// A tensor's data is a text of its elements; texts among them are quoted, as Triton does.
class TensorText {
 public:
  TensorText(std::string& out, uint64_t id, std::string_view activity, std::string_view name)
      : out_(out) {
    fmt::format_to(std::back_inserter(out_), R"(,{{"id":{},"activity":"{}","tensor":{{"name":)", id,
                   activity);
    append_json_string(out_, name);
  }
  bool full() const { return elements_ == kElementsMax; }
  void number(double value) {
    begin_element();
    fmt::format_to(std::back_inserter(data_), "{}", value);
  }
  void text(std::string_view value) {
    begin_element();
    data_.push_back('"');
    data_ += value;
    data_.push_back('"');
  }
  void finish(size_t rows, size_t width, std::string_view dtype) {
    out_ += ",\"data\":";
    append_json_string(out_, data_);
    fmt::format_to(std::back_inserter(out_), R"(,"shape":"{},{}","dtype":"{}"}}}})", rows, width,
                   dtype);
  }

 private:
  void begin_element() {
    if (elements_++ > 0) data_.push_back(',');
  }
  std::string& out_;
  std::string data_;
  size_t elements_ = 0;
};

void append_cell_text(TensorText& tensor, const Batch& batch, ColumnType type, size_t cell) {
  switch (type) {
    case ColumnType::kNumber: tensor.number(batch.numbers[cell]); break;
    case ColumnType::kText:
      batch.strings[cell].is_number() ? tensor.number(batch.strings[cell].real)
                                      : tensor.text(batch.strings[cell].view());
      break;
    case ColumnType::kRecord: tensor.text("{...}"); break;
  }
}

/// One tensor for each column; one for all where they have no names and are of one kind.
void append_inputs(std::string& out, uint64_t id, const BaseCall& call) {
  const Signature& signature = call.infer.model->signature();
  const Batch batch = call.infer.input.batch();
  const size_t width = signature.columns.size();
  const auto type = signature.uniform_type();
  const bool is_matrix = !signature.columns_named && type.has_value();
  for (size_t column = 0; column < (is_matrix ? 1 : width); ++column) {
    const InputColumn& first = signature.columns[column];
    TensorText tensor(out, id, "TENSOR_QUEUE_INPUT", is_matrix ? "input" : first.name);
    for (size_t row = 0; row < batch.rows; ++row) {
      for (size_t k = 0; k < (is_matrix ? width : 1) && !tensor.full(); ++k) {
        append_cell_text(tensor, batch, first.type, row * width + column + k);
      }
    }
    tensor.finish(batch.rows, is_matrix ? width : 1,
                  first.type == ColumnType::kNumber ? "FP64" : "BYTES");
  }
}

void append_outputs(std::string& out, uint64_t id, const BaseCall& call) {
  const Signature& signature = call.infer.model->signature();
  const OutputMask wanted =
      call.infer.wanted != 0 ? call.infer.wanted : OutputMask{1} << signature.default_output;
  for (size_t i = 0; i < std::min(signature.outputs.size(), call.result.outputs.size()); ++i) {
    if ((wanted >> i & 1U) == 0) continue;
    const OutputSpec& spec = signature.outputs[i];
    const OutputBuffer& output = call.result.outputs[i];
    const bool as_text = output_dtype(spec) == DType::kString;
    TensorText tensor(out, id, "TENSOR_BACKEND_OUTPUT", spec.name);
    std::string cell;
    for (size_t row = 0; row < output.rows; ++row) {
      for (size_t column = 0; column < output.width && !tensor.full(); ++column) {
        if (!as_text && spec.labels.empty()) {
          tensor.number(output.numbers[row * output.width + column]);
          continue;
        }
        cell.clear();
        append_cell(cell, spec, output, row, column);
        const bool is_quoted = cell.size() >= 2 && cell.front() == '"';
        tensor.text(is_quoted ? std::string_view(cell).substr(1, cell.size() - 2) : cell);
      }
    }
    tensor.finish(output.rows, output.width, oip_name(output_dtype(spec)));
  }
}

}  // namespace

void append_trace(std::string& out, uint64_t id, const BaseCall& call, std::string_view protocol,
                  SteadyTime received, SteadyTime now, const TraceSettings& settings) {
  append_head(out, id, call);
  if (settings.timestamps) append_times(out, id, call, protocol, received, now);
  if (!settings.tensors || call.result.batch_rows == 0 || !call.error.ok()) return;
  append_inputs(out, id, call);
  append_outputs(out, id, call);
}

}  // namespace slipway::protocols
