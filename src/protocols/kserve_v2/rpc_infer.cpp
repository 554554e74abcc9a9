// ModelInfer and ModelStreamInfer over gRPC.
//
// Outputs are raw if the inputs were, as MLServer does it: Triton's clients send raw contents and
// read nothing else, those of typed contents expect typed ones.
#include <inference.pb.h>

#include <string>

#include "protocols/internal/endpoints.h"
#include "protocols/internal/rpc_call.h"
#include "protocols/kserve_v2/proto_request.h"
#include "protocols/kserve_v2/tensor_output.h"

namespace slipway::protocols {
namespace {

constexpr size_t kKeptBytesMax = 64 * 1024;  // larger answers' memory is given back

Status read(RpcCall& call) {
  call.plan.clear();
  const kserve_v2::ProtoHead head = TRY(kserve_v2::read_proto_head(call.message));
  call.plan.id = head.id;  // also of a request that fails
  TRY_STATUS(choose_model(call, head.model_name, head.model_version));
  apply(head.urgency, call.received, call.infer);
  const serving::ServedModel& model = *call.infer.model;
  return kserve_v2::read_proto_request(call.message, head, {model.signature(), model.column_places},
                                       *call.loop->read, call.infer.input, call.plan,
                                       call.infer.wanted);
}

struct ContentsSink {
  inference::InferTensorContents& contents;

  void truth(bool value) { contents.add_bool_contents(value); }
  void integer(int64_t value) { contents.add_int64_contents(value); }
  void real(double value) { contents.add_fp64_contents(value); }
  void text(std::string_view value) { contents.add_bytes_contents(value.data(), value.size()); }
};

void fill(inference::ModelInferResponse& response, const RpcCall& call) {
  const serving::ServedModel& model = *call.infer.model;
  response.set_model_name(model.name);
  response.set_model_version(model.version);
  response.set_id(call.plan.id);
  for (const RequestedOutput& requested : call.plan.outputs) {
    const OutputSpec& spec = model.signature().outputs[requested.index];
    const OutputBuffer& output = call.result.outputs[requested.index];
    auto& tensor = *response.add_outputs();
    tensor.set_name(spec.name);
    const std::string_view datatype = oip_name(output_dtype(spec));
    tensor.set_datatype(datatype.data(), datatype.size());
    tensor.add_shape(static_cast<int64_t>(output.rows));
    tensor.add_shape(static_cast<int64_t>(spec.width));
    if (requested.binary) {
      kserve_v2::append_binary(*response.add_raw_output_contents(), spec, output);
    } else {
      ContentsSink sink{*tensor.mutable_contents()};
      kserve_v2::for_each_element(spec, output, sink);
    }
  }
}

/// A message to be filled, one for each thread that answers, so that its memory is used again.
template <typename Message>
Message& reused() {
  thread_local Message message;
  message.Clear();
  return message;
}

template <typename Message>
void append(const Message& message, std::string& out) {
  message.AppendToString(&out);
}

/// Gives the memory of a large message back.
template <typename Message>
void release(Message& message, size_t bytes) {
  if (bytes > kKeptBytesMax) Message().Swap(&message);
}

void write(RpcCall& call) {
  auto& response = reused<inference::ModelInferResponse>();
  fill(response, call);
  append(response, *call.answer);
  release(response, call.answer->size());
}

void write_in_stream(RpcCall& call) {
  auto& response = reused<inference::ModelStreamInferResponse>();
  fill(*response.mutable_infer_response(), call);
  append(response, *call.answer);
  release(response, call.answer->size());
}

}  // namespace

void rpc_model_infer(RpcCall& call) {
  call.error = read(call);
  if (call.error.ok()) run_inference(call, write);
}

void rpc_model_stream_infer(RpcCall& call) {
  call.error = read(call);
  if (call.error.ok()) run_inference(call, write_in_stream);
}

void rpc_model_stream_error(RpcCall& call) {
  inference::ModelStreamInferResponse response;
  response.set_error_message(call.error.message());
  response.mutable_infer_response()->set_id(call.plan.id);
  append(response, *call.answer);
}

}  // namespace slipway::protocols
