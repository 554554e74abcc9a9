// ModelInfer and ModelStreamInfer over gRPC.
//
// Outputs are raw if the inputs were, as MLServer does it: Triton's clients send raw contents and
// read nothing else, those of typed contents expect typed ones.
#include <google/protobuf/arena.h>
#include <inference.pb.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <utility>

#include "protocols/internal/endpoints.h"
#include "protocols/internal/rpc_call.h"
#include "protocols/kserve_v2/proto_request.h"
#include "protocols/kserve_v2/tensor_output.h"

namespace slipway::protocols {
namespace {

Status read(RpcCall& call) {
  call.plan.clear();
  const kserve_v2::ProtoHead head = TRY(kserve_v2::read_proto_head(call.message));
  call.plan.id = head.id;  // also of a request that fails
  TRY_STATUS(choose_model(call, head.model_name, head.model_version));
  apply(head.urgency, call.received, call.infer);
  return kserve_v2::read_proto_request(call.message, head, kserve_v2::inputs_of(call),
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

/// The output goes to shared memory, and the answer says so.
Status write_shared(inference::ModelInferResponse::InferOutputTensor& tensor,
                    const OutputSpec& spec, const OutputBuffer& output, const SharedSlice& place) {
  std::string bytes;
  kserve_v2::append_binary(bytes, spec, output);
  TRY_STATUS(place.write(bytes, spec.name));
  auto& parameters = *tensor.mutable_parameters();
  parameters["shared_memory_region"].set_string_param(place.region_name());
  parameters["shared_memory_offset"].set_int64_param(static_cast<int64_t>(place.offset));
  parameters["shared_memory_byte_size"].set_int64_param(static_cast<int64_t>(bytes.size()));
  return {};
}

void set_datatype(inference::ModelInferResponse::InferOutputTensor& tensor, DType dtype,
                  const OutputBuffer& output, size_t width) {
  const std::string_view datatype = oip_name(dtype);
  tensor.set_datatype(datatype.data(), datatype.size());
  tensor.add_shape(static_cast<int64_t>(output.rows));
  tensor.add_shape(static_cast<int64_t>(width));
}

/// Its classes in place of the output itself.
void fill_classes(inference::ModelInferResponse& response,
                  inference::ModelInferResponse::InferOutputTensor& tensor, const OutputSpec& spec,
                  const OutputBuffer& output, const RequestedOutput& requested) {
  set_datatype(tensor, DType::kString, output, requested.classes);
  if (requested.binary) {
    kserve_v2::append_classes(*response.add_raw_output_contents(), spec, output, requested.classes);
    return;
  }
  kserve_v2::for_each_class(spec, output, requested.classes, [&](std::string_view text) {
    tensor.mutable_contents()->add_bytes_contents(text.data(), text.size());
  });
}

Status fill(inference::ModelInferResponse& response, RpcCall& call) {
  const serving::ServedModel& model = *call.infer.model;
  response.set_model_name(model.name);
  response.set_model_version(model.version);
  response.set_id(call.plan.id);
  for (RequestedOutput& requested : call.plan.outputs) {
    const OutputSpec& spec = model.signature().outputs[requested.index];
    const OutputBuffer& output = call.result.outputs[requested.index];
    auto& tensor = *response.add_outputs();
    tensor.set_name(spec.name);
    if (requested.classes > 0) {
      fill_classes(response, tensor, spec, output, requested);
      continue;
    }
    set_datatype(tensor, output_dtype(spec), output, spec.width);
    if (requested.shared) {
      const SharedSlice place = std::exchange(requested.shared, {});
      TRY_STATUS(write_shared(tensor, spec, output, place));
      if (requested.binary) response.add_raw_output_contents();  // clients count them
    } else if (requested.binary) {
      kserve_v2::append_binary(*response.add_raw_output_contents(), spec, output);
    } else {
      ContentsSink sink{*tensor.mutable_contents()};
      kserve_v2::for_each_element(spec, output, sink);
    }
  }
  return {};
}

/// What a message is built in: one for each thread that answers. Small messages never leave its
/// first block, so that steady state allocates little; what large ones took is given back.
class ResponseArena {
 public:
  ResponseArena() : arena_(block_.data(), block_.size()) {}

  template <typename Message>
  Message& create() {
    return *google::protobuf::Arena::CreateMessage<Message>(&arena_);
  }
  void reset() { arena_.Reset(); }

 private:
  alignas(std::max_align_t) std::array<char, 16 * 1024> block_;
  google::protobuf::Arena arena_;
};

template <typename Message, Status (*build)(Message&, RpcCall&)>
void write(RpcCall& call) {
  thread_local ResponseArena arena;
  struct Reset {
    ~Reset() { arena.reset(); }  // also after an exception
  } const reset;
  auto& response = arena.create<Message>();
  call.error = build(response, call);
  if (call.error.ok()) response.AppendToString(call.answer);
}

Status fill_in_stream(inference::ModelStreamInferResponse& response, RpcCall& call) {
  return fill(*response.mutable_infer_response(), call);
}

}  // namespace

void rpc_model_infer(RpcCall& call) {
  call.error = read(call);
  if (call.error.ok()) run_inference(call, write<inference::ModelInferResponse, fill>);
}

void rpc_model_stream_infer(RpcCall& call) {
  call.error = read(call);
  if (call.error.ok()) {
    run_inference(call, write<inference::ModelStreamInferResponse, fill_in_stream>);
  }
}

void rpc_model_stream_error(RpcCall& call) {
  inference::ModelStreamInferResponse response;
  response.set_error_message(call.error.message());
  response.mutable_infer_response()->set_id(call.plan.id);
  response.AppendToString(call.answer);
}

}  // namespace slipway::protocols
