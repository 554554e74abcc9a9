// PredictionService.GetModelMetadata and tensorflow.serving.ModelService.
#include <fmt/format.h>

#include "protocols/internal/endpoints.h"
#include "protocols/internal/model_admin.h"
#include "protocols/internal/proto_fields.h"
#include "protocols/internal/rpc_call.h"
#include "protocols/tf_serving/config_list.h"
#include "protocols/tf_serving/model_info.h"
#include "protocols/tf_serving/proto_request.h"
#include "protocols/tf_serving/tensor_proto.h"

namespace slipway::protocols {
namespace {

using tf_serving::ReadSpec;

constexpr std::string_view kSignatureDef = "signature_def";
constexpr std::string_view kSignatureMapType =
    "type.googleapis.com/tensorflow.serving.SignatureDefMap";

Status check_metadata_fields(std::string_view message) {
  bool is_asked = false;
  ProtoFields fields(message);
  while (fields.next()) {
    if (!fields.is(2, ProtoFields::kBytes)) continue;
    if (fields.bytes() != kSignatureDef) {
      TRY_STATUS(check_utf8(fields.bytes(), "metadata_field"));
      return invalid_argument(
          fmt::format("Metadata field {} is not supported", fields.bytes().substr(0, 128)));
    }
    is_asked = true;
  }
  TRY_STATUS(fields.status("the request"));
  if (is_asked) return {};
  return invalid_argument("GetModelMetadataRequest must specify at least one metadata_field");
}

void append_info(ProtoWriter& out, uint32_t field, std::string_view name, DType dtype,
                 size_t width) {
  const size_t entry = out.open(field);
  out.bytes(1, name);
  const size_t info = out.open(2);
  tf_serving::append_tensor_info(out, name, dtype, width);
  out.close(info);
  out.close(entry);
}

/// An entry of SignatureDefMap.
void append_signature(ProtoWriter& out, std::string_view name, const Signature& signature,
                      OutputMask outputs) {
  const size_t entry = out.open(1);
  out.bytes(1, name);
  const size_t definition = out.open(2);
  tf_serving::for_each_tensor_in(signature,
                                 [&](std::string_view tensor, DType dtype, size_t width) {
                                   append_info(out, 1, tensor, dtype, width);
                                 });
  for (size_t i = 0; i < signature.outputs.size(); ++i) {
    if ((outputs >> i & 1U) == 0) continue;
    const OutputSpec& spec = signature.outputs[i];
    append_info(out, 2, spec.name, output_dtype(spec), spec.is_vector ? 0 : spec.width);
  }
  out.bytes(3, tf_serving::kPredictMethod);
  out.close(definition);
  out.close(entry);
}

void append_metadata(ProtoWriter& out, const serving::ServedModel& model) {
  const size_t spec = out.open(1);
  out.bytes(1, model.name);
  const size_t version = out.open(2);
  out.varint(1, tf_serving::version_number(model.version));
  out.close(version);
  out.close(spec);
  const size_t entry = out.open(2);
  out.bytes(1, kSignatureDef);
  const size_t any = out.open(2);
  out.bytes(1, kSignatureMapType);
  const size_t map = out.open(2);
  const Signature& signature = model.signature();
  append_signature(out, tf_serving::kServingDefault, signature, ~OutputMask{0});
  for (size_t i = 0; i < signature.outputs.size(); ++i) {
    append_signature(out, signature.outputs[i].name, signature, OutputMask{1} << i);
  }
  out.close(map);
  out.close(any);
  out.close(entry);
}

Status metadata(RpcCall& call) {
  ReadSpec read;
  TRY_STATUS(tf_serving::read_spec(call.message, 1, read));
  TRY_STATUS(check_metadata_fields(call.message));
  TRY_STATUS(tf_serving::choose(call, read.spec));
  const serving::ServedModel& model = *call.infer.model;
  call.infer.model = nullptr;  // asks about the model, not of it: no inference request to count
  ProtoWriter out(*call.answer);
  append_metadata(out, model);
  return {};
}

Status states(RpcCall& call) {
  ReadSpec read;
  TRY_STATUS(tf_serving::read_spec(call.message, 1, read));
  const auto states = TRY(tf_serving::version_states(call, read.spec));
  ProtoWriter out(*call.answer);
  for (const serving::ModelStatus& state : states) {
    const size_t one = out.open(1);
    out.varint(1, tf_serving::version_number(state.version));
    out.varint(2, static_cast<uint64_t>(state.state));
    const size_t health = out.open(3);
    if (!state.served() && !state.status.ok()) {
      out.varint(1, static_cast<uint64_t>(state.status.code()));
      out.bytes(2, state.status.message());
    }
    out.close(health);
    out.close(one);
  }
  return {};
}

void write_reloaded(RpcCall& call) {
  ProtoWriter out(*call.answer);
  out.close(out.open(1));  // a status that says OK
}

Status reload(RpcCall& call) {
  TRY_STATUS(check_admin(*call.loop,
                         {call.request->field("authorization"), call.request->field("origin")}));
  std::string list = TRY(tf_serving::read_config_list(call.message));
  serving::ModelControl* control = call.loop->server.control.load();
  if (control == nullptr) return unavailable("the models are still loading");
  call.begin = [control, list = std::move(list)](std::function<void(Status)> done) {
    control->replace_list(list, std::move(done));
  };
  call.deferred = true;
  call.write = write_reloaded;
  return {};
}

}  // namespace

void tfs_rpc_metadata(RpcCall& call) { call.error = metadata(call); }
void tfs_rpc_status(RpcCall& call) { call.error = states(call); }
void tfs_rpc_reload(RpcCall& call) { call.error = reload(call); }

}  // namespace slipway::protocols
