// Triton's calls that tell the server of shared memory: /v2/systemsharedmemory..., of CUDA, too,
// which is not there, and the same over gRPC.
#include <fmt/format.h>
#include <inference.pb.h>

#include "base/json_escape.h"
#include "protocols/internal/call.h"
#include "protocols/internal/endpoints.h"
#include "protocols/internal/json.h"
#include "protocols/json_output.h"
#include "protocols/kserve_v2/model_metadata.h"
#include "protocols/kserve_v2/proto_message.h"

namespace slipway::protocols {
namespace {

struct Registration {
  std::string key;
  uint64_t offset = 0;
  uint64_t bytes = 0;
};

Status read_field(JsonInput& json, ondemand::field& field, Registration& read, bool& has_key,
                  bool& has_bytes) {
  const auto take = [&](simdjson::error_code error, std::string_view expected) -> Status {
    if (error == simdjson::SUCCESS) return {};
    if (error != simdjson::INCORRECT_TYPE && error != simdjson::NUMBER_ERROR) {
      return json.syntax_error(error);
    }
    return invalid_argument("Shared memory register request: expected " + std::string(expected));
  };
  const ondemand::raw_json_string key = field.key();
  if (key_is(key, "key")) {
    std::string_view text;
    TRY_STATUS(take(field.value().get_string().get(text), "a text as 'key'"));
    read.key = text;
    has_key = true;
  } else if (key_is(key, "offset")) {
    TRY_STATUS(
        take(field.value().get_uint64().get(read.offset), "a whole number from 0 on as 'offset'"));
  } else if (key_is(key, "byte_size")) {
    TRY_STATUS(take(field.value().get_uint64().get(read.bytes),
                    "a whole number from 0 on as 'byte_size'"));
    has_bytes = true;
  }
  return {};
}

/// An empty body means {}, which lacks everything.
Result<Registration> read_registration(JsonInput& json, std::string_view body) {
  Registration read;
  bool has_key = false;
  bool has_bytes = false;
  TRY_STATUS(json.start(body.empty() ? "{}" : body));
  ondemand::object object;
  if (json.document().get_object().get(object) != simdjson::SUCCESS) {
    return invalid_argument("Shared memory register request: expected an object");
  }
  for (auto entry : object) {
    ondemand::field field;
    if (const auto error = std::move(entry).get(field)) return json.syntax_error(error);
    TRY_STATUS(read_field(json, field, read, has_key, has_bytes));
  }
  TRY_STATUS(json.check_end());
  if (!has_key) return invalid_argument("Shared memory register request has no 'key' field");
  if (!has_bytes) {
    return invalid_argument("Shared memory register request has no 'byte_size' field");
  }
  return read;
}

void append_region(std::string& out, const SharedRegion& region) {
  out += "{\"name\":";
  append_json_string(out, region.name);
  out += ",\"key\":";
  append_json_string(out, region.key);
  out += ",\"offset\":";
  append_integer(out, region.offset);
  out += ",\"byte_size\":";
  append_integer(out, region.bytes);
  out.push_back('}');
}

Status no_cuda_status(std::string_view name) {
  if (name.empty()) return {};
  return not_found(fmt::format("Unable to find cuda shared memory region: '{}'", name));
}

/// The message is parsed only where the server allows shared memory at all.
template <typename Request>
bool parse_allowed(RpcCall& call, Request& request) {
  call.error = call.loop->server.shared_memory->check_enabled();
  return call.error.ok() && kserve_v2::parse(call, request);
}

template <typename Response>
void answer_rpc(RpcCall& call, Status status) {
  call.error = std::move(status);
  if (call.error.ok()) kserve_v2::answer(call, Response());
}

}  // namespace

void v2_shared_memory_status(Call& call) {
  const auto regions = call.loop->server.shared_memory->status(call.parameters[0]);
  if (!regions.ok()) return answer_error(call, regions.status());
  kserve_v2::keep_plain(call);
  std::string& body = call.response().body;
  body.push_back('[');
  for (const SharedRegion& region : *regions) {
    if (body.size() > 1) body.push_back(',');
    append_region(body, region);
  }
  body.push_back(']');
}

void v2_shared_memory_register(Call& call) {
  SharedMemory& shared = *call.loop->server.shared_memory;
  Status status = shared.check_enabled();
  if (!status.ok()) return answer_error(call, std::move(status));
  auto read = read_registration(call.loop->read->json, call.request().body);
  if (!read.ok()) return answer_error(call, read.status());
  status = shared.add(call.parameters[0], read->key, read->offset, read->bytes);
  if (!status.ok()) return answer_error(call, std::move(status));
  answer_json(call, 200, "{}");
}

void v2_shared_memory_unregister(Call& call) {
  Status status = call.loop->server.shared_memory->remove(call.parameters[0]);
  if (!status.ok()) return answer_error(call, std::move(status));
  answer_json(call, 200, "{}");
}

void v2_cuda_status(Call& call) {
  Status status = no_cuda_status(call.parameters[0]);
  if (!status.ok()) return answer_error(call, std::move(status));
  answer_json(call, 200, "[]");
}

void v2_cuda_register(Call& call) {
  Status status = call.loop->server.shared_memory->check_enabled();
  if (status.ok()) status = no_cuda_region(call.parameters[0]);
  answer_error(call, std::move(status));
}

void v2_cuda_unregister(Call& call) {
  Status status = call.loop->server.shared_memory->check_enabled();
  if (!status.ok()) return answer_error(call, std::move(status));
  answer_json(call, 200, "{}");
}

void rpc_shared_memory_status(RpcCall& call) {
  inference::SystemSharedMemoryStatusRequest request;
  if (!kserve_v2::parse(call, request)) return;
  const auto regions = call.loop->server.shared_memory->status(request.name());
  call.error = regions.status();
  if (!call.error.ok()) return;
  inference::SystemSharedMemoryStatusResponse response;
  for (const SharedRegion& region : *regions) {
    auto& one = (*response.mutable_regions())[region.name];
    one.set_name(region.name);
    one.set_key(region.key);
    one.set_offset(region.offset);
    one.set_byte_size(region.bytes);
  }
  kserve_v2::answer(call, response);
}

void rpc_shared_memory_register(RpcCall& call) {
  inference::SystemSharedMemoryRegisterRequest request;
  if (!parse_allowed(call, request)) return;
  answer_rpc<inference::SystemSharedMemoryRegisterResponse>(
      call, call.loop->server.shared_memory->add(request.name(), request.key(), request.offset(),
                                                 request.byte_size()));
}

void rpc_shared_memory_unregister(RpcCall& call) {
  inference::SystemSharedMemoryUnregisterRequest request;
  if (!parse_allowed(call, request)) return;
  answer_rpc<inference::SystemSharedMemoryUnregisterResponse>(
      call, call.loop->server.shared_memory->remove(request.name()));
}

void rpc_cuda_status(RpcCall& call) {
  inference::CudaSharedMemoryStatusRequest request;
  if (!kserve_v2::parse(call, request)) return;
  answer_rpc<inference::CudaSharedMemoryStatusResponse>(call, no_cuda_status(request.name()));
}

void rpc_cuda_register(RpcCall& call) {
  inference::CudaSharedMemoryRegisterRequest request;
  if (parse_allowed(call, request)) call.error = no_cuda_region(request.name());
}

void rpc_cuda_unregister(RpcCall& call) {
  inference::CudaSharedMemoryUnregisterRequest request;
  if (!parse_allowed(call, request)) return;
  answer_rpc<inference::CudaSharedMemoryUnregisterResponse>(call, {});
}

}  // namespace slipway::protocols
