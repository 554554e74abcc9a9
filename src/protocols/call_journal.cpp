#include "protocols/internal/call_journal.h"

#include <chrono>
#include <string>

#include "protocols/internal/call.h"
#include "protocols/internal/rpc_call.h"

namespace slipway::protocols {

CallJournal::CallJournal(serving::ServingMetrics& metrics, AccessLog* log) : log_(log) {
  metrics::Registry& registry = metrics.registry();
  const auto http = [&](std::string code) -> metrics::Counter* {
    return &registry.counter("slipway_http_responses_total",
                             "Answers of all routes, by HTTP status.", {{"code", std::move(code)}});
  };
  for (size_t i = 0; i < http_.size(); ++i) http_[i] = http(std::to_string(kStatuses[i]));
  http_other_ = http("other");
  for (size_t i = 0; i < grpc_.size(); ++i) {
    const std::string_view code = status_code_name(static_cast<StatusCode>(i));
    grpc_[i] =
        &registry.counter("slipway_grpc_responses_total",
                          "Answers over gRPC, those of streams one by one, by the status' name.",
                          {{"code", std::string(code)}});
  }
}

void CallJournal::answered(Call& call, uint32_t shard) {
  const int status = call.response().status;
  metrics::Counter* counter = http_other_;
  for (size_t i = 0; i < http_.size(); ++i) {
    if (kStatuses[i] != status) continue;
    counter = http_[i];
    break;
  }
  counter->add(shard);
  AccessRecord entry{};
  entry.request = &call.request();
  entry.status = status;
  entry.grpc_status = -1;
  entry.response_bytes = call.response().body.size();
  record(call, shard, entry);
}

void CallJournal::answered(RpcCall& call, uint32_t shard) {
  const auto code = static_cast<size_t>(call.error.code());
  grpc_[code]->add(shard);
  const transport::GrpcRequest& rpc = *call.request;
  transport::HttpRequest request;
  request.method = transport::HttpMethod::kPost;
  request.path = rpc.path;
  request.headers = rpc.metadata;
  request.body = call.message;
  request.remote_address = rpc.remote_address;
  request.loop = rpc.loop;
  request.received = call.received;
  AccessRecord entry{};
  entry.request = &request;
  entry.status = 200;
  entry.grpc_status = static_cast<int>(code);
  entry.response_bytes = call.answer->size();
  record(call, shard, entry);
}

void CallJournal::record(const BaseCall& call, uint32_t shard, AccessRecord& record) {
  record.seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - record.request->received)
          .count();
  const serving::ServedModel* model = call.infer.model;
  if (model != nullptr && model->metrics != nullptr) {
    model->metrics->record_answer(shard, call.error.code(), record.seconds);
  }
  if (log_ == nullptr) return;
  record.request_id = call.request_id;
  record.trace_id = call.trace_id;
  if (model != nullptr) {
    record.model = model->name;
    record.version = model->version;
    record.digest = model->loaded.digest;
    record.rows = call.infer.input.rows();
    record.queue_seconds = call.result.queue_seconds;
    record.compute_seconds = call.result.compute_seconds;
  }
  record.error = call.error.message();
  log_->write(record);
}

}  // namespace slipway::protocols
