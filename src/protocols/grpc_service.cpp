#include "protocols/internal/grpc_service.h"

#include <fmt/format.h>

#include <atomic>
#include <chrono>
#include <cmath>
#include <new>
#include <string>
#include <utility>

#include "base/check.h"
#include "protocols/internal/call_journal.h"
#include "protocols/internal/proto_fields.h"

namespace slipway::protocols {
namespace {

constexpr std::string_view kRequestId = "x-request-id";
constexpr std::string_view kTraceParent = "traceparent";

std::unique_ptr<RpcCall> make_call(LoopState& loop) {
  auto call = std::make_unique<RpcCall>();
  call->loop = &loop;
  return call;
}

void start(RpcCall& call, const transport::GrpcRequest& request, std::string_view message,
           std::string& answer) {
  call.restart();
  call.request = &request;
  call.message = message;
  call.answer = &answer;
  call.infer.deadline = request.deadline;
}

void handle_guarded(RpcCall& call, void (*handle)(RpcCall&)) {
  try {
    handle(call);
  } catch (const std::bad_alloc&) {
    call.error = resource_exhausted("not enough memory for this request");
    call.deferred = false;
  }
}

void add_identity(transport::GrpcMetadata& metadata, const BaseCall& call) {
  metadata.emplace_back(kRequestId, call.request_id);
  if (!call.trace_id.empty()) metadata.emplace_back(kTraceParent, call.traceparent);
}

/// After inference in the pool, on its thread.
void write_deferred(RpcCall& call) {
  call.error = std::move(call.result.status);
  if (!call.error.ok() || call.write == nullptr) return;
  try {
    call.write(call);
  } catch (const std::bad_alloc&) {
    call.error = resource_exhausted("not enough memory for this answer");
  }
}

}  // namespace

void run_inference(RpcCall& call, void (*write)(RpcCall&)) {
  serving::Inference& inference = call.loop->inference;
  if (!inference.is_inline(call.infer)) {
    call.write = write;
    call.deferred = true;
    return;
  }
  inference.infer(call.infer, call.result);
  if (!call.result.status.ok()) {
    call.error = std::move(call.result.status);
  } else {
    write(call);
  }
}

GrpcService::GrpcService(std::span<const std::unique_ptr<LoopState>> loops,
                         const RouteTables& routes, CallJournal& journal)
    : routes_(routes), journal_(journal) {
  silence_protobuf();
  for (const auto& loop : loops) {
    loops_.push_back(loop.get());
    calls_.push_back(make_call(*loop));
  }
}

GrpcService::~GrpcService() = default;

transport::GrpcHandler::Method GrpcService::method(std::string_view path, uint32_t listener) const {
  const RpcMethod* found = routes_.of(listener).find_method(path);
  if (found == nullptr) return Method::kUnknown;
  return found->fail == nullptr ? Method::kUnary : Method::kStreaming;
}

const RpcMethod* GrpcService::find(const transport::GrpcRequest& request) const {
  return routes_.of(request.listener).find_method(request.path);
}

// Unary calls.

void GrpcService::handle(transport::GrpcExchange& exchange) {
  const transport::GrpcRequest& request = exchange.request();
  CHECK(request.loop < calls_.size());
  std::unique_ptr<RpcCall>& slot = calls_[request.loop];
  RpcCall& call = *slot;
  start(call, request, exchange.message(), exchange.answer().message);
  call.received = request.received;
  identify(call, request.field(kRequestId), request.field(kTraceParent));
  const RpcMethod* found = find(request);
  CHECK(found != nullptr);  // method() knows it
  handle_guarded(call, found->handle);
  LoopState& loop = *call.loop;
  settle(slot, exchange, nullptr);
  if (slot == nullptr) slot = make_call(loop);
}

/// After a method: answers the call, or hands it on, and then `call` is null. `complete` is that of
/// a call that has been deferred before.
void GrpcService::settle(std::unique_ptr<RpcCall>& call, transport::GrpcExchange& exchange,
                         std::function<void()> complete) {
  if (call->deferred || call->needs_model) {
    if (!complete) complete = exchange.defer();
    if (call->deferred) return defer(std::move(call), exchange, std::move(complete));
    return wait_for_model(std::move(call), exchange, complete);
  }
  finish(*call, exchange, call->loop->index);
  if (is_oversized(*call)) call.reset();
  if (complete) complete();
}

/// Has the model loaded, and the method called again once it is there.
void GrpcService::wait_for_model(std::unique_ptr<RpcCall> owned, transport::GrpcExchange& exchange,
                                 const std::function<void()>& complete) {
  RpcCall& waiting = *owned;
  const auto kept = std::make_shared<std::unique_ptr<RpcCall>>(std::move(owned));
  demand_model(waiting, waiting.received, [this, kept, &exchange, complete](Status status) {
    std::unique_ptr<RpcCall> call = std::move(*kept);
    if (take_demanded(*call, std::move(status))) {
      call->answer->clear();
      handle_guarded(*call, find(*call->request)->handle);
    }
    settle(call, exchange, complete);
  });
}

/// Hands the call to the pool. The completion may come before this returns, so nothing of the call
/// is touched afterwards.
void GrpcService::defer(std::unique_ptr<RpcCall> handed, transport::GrpcExchange& exchange,
                        std::function<void()> complete) {
  RpcCall* call = handed.release();
  call->infer.cancelled = [&exchange] { return exchange.cancelled(); };
  begin_deferred(*call, [this, call, &exchange, complete = std::move(complete)] {
    const std::unique_ptr<RpcCall> owned(call);
    write_deferred(*call);
    finish(*call, exchange, metrics::kSharedShard);
    complete();
  });
}

void GrpcService::finish(RpcCall& call, transport::GrpcExchange& exchange, uint32_t shard) {
  journal_.answered(call, shard);
  transport::GrpcAnswer& answer = exchange.answer();
  add_identity(answer.trailing_metadata, call);
  if (wants_timing(exchange.request().field(kTimingRequest))) {
    answer.trailing_metadata.emplace_back(
        "server-timing",
        server_timing(call.received, call.result, std::chrono::steady_clock::now()));
  }
  if (call.error.code() == StatusCode::kResourceExhausted && call.result.retry_after_seconds > 0) {
    const double milliseconds = std::ceil(call.result.retry_after_seconds * 1e3);
    answer.trailing_metadata.emplace_back("grpc-retry-pushback-ms",
                                          fmt::format("{:.0f}", milliseconds));
  }
  answer.status = std::move(call.error);
}

// Streams.

/// One streaming call. Its state is shared with the pool's thread while a message is deferred: the
/// handler itself may be gone by then.
class GrpcService::Stream final : public transport::GrpcCallHandler {
 public:
  Stream(const RpcMethod& method, LoopState& loop, CallJournal& journal,
         std::shared_ptr<transport::GrpcCall> call)
      : state_(std::make_shared<State>(method, journal, std::move(call))) {
    state_->rpc.loop = &loop;
    state_->copy_request();
    state_->rpc.infer.deadline = state_->request.deadline;
    identify(state_->rpc, state_->request.field(kRequestId), state_->request.field(kTraceParent));
  }

  bool on_message(std::string_view message) override {
    State& state = *state_;
    RpcCall& rpc = state.rpc;
    state.answer.clear();
    start(rpc, state.request, message, state.answer);
    rpc.received = std::chrono::steady_clock::now();
    handle_guarded(rpc, state.method.handle);
    if (!advance(state_)) return false;
    held_back_ = state.call->queued_bytes() > kQueuedBytesMax;
    return !held_back_;
  }
  /// Comes when every message is done.
  void on_end() override { state_->call->finish(Status(), state_->trailing_metadata()); }
  void on_writable() override {
    if (std::exchange(held_back_, false)) state_->call->resume();
  }
  void on_cancel() override { state_->cancelled.store(true); }

 private:
  static constexpr uint64_t kQueuedBytesMax = 1U << 20;

  struct State {
    State(const RpcMethod& stream_method, CallJournal& call_journal,
          std::shared_ptr<transport::GrpcCall> grpc_call)
        : method(stream_method), journal(call_journal), call(std::move(grpc_call)) {}

    /// The request's views end with open().
    void copy_request() {
      request = call->request();
      path = request.path;
      remote_address = request.remote_address;
      for (const transport::HttpHeader& header : request.metadata) {
        texts.emplace_back(header.name, header.value);
      }
      for (const auto& [name, value] : texts) headers.push_back({name, value});
      request.path = path;
      request.remote_address = remote_address;
      request.metadata = headers;
      ends_on_error = method.ends_on_error || request.field("triton_grpc_error") == "true";
    }
    void finish_message(uint32_t shard) {
      if (!rpc.error.ok() && !ends_on_error) {
        answer.clear();
        method.fail(rpc);
      }
      journal.answered(rpc, shard);
      if (!rpc.error.ok() && ends_on_error) {
        call->finish(std::move(rpc.error), trailing_metadata());
      } else {
        call->send(answer);
      }
    }
    transport::GrpcMetadata trailing_metadata() const {
      transport::GrpcMetadata metadata;
      add_identity(metadata, rpc);
      return metadata;
    }

    const RpcMethod& method;
    CallJournal& journal;
    const std::shared_ptr<transport::GrpcCall> call;
    RpcCall rpc;
    std::string message;  // while it waits for its model
    std::string answer;
    std::atomic<bool> cancelled{false};
    bool ends_on_error = false;  // Triton's header: the first error ends the call
    transport::GrpcRequest request;
    std::string path;
    std::string remote_address;
    transport::GrpcMetadata texts;
    std::vector<transport::HttpHeader> headers;
  };

  /// After the method: true if the message is done. Otherwise what is left of it goes on elsewhere
  /// and resumes the call.
  static bool advance(const std::shared_ptr<State>& state) {
    RpcCall& rpc = state->rpc;
    if (rpc.needs_model) {
      if (rpc.message.data() != state->message.data()) state->message = rpc.message;
      rpc.message = state->message;  // the transport's own is gone once on_message() returns
      demand_model(rpc, rpc.received, [state](Status status) {
        if (take_demanded(state->rpc, std::move(status))) {
          state->answer.clear();
          handle_guarded(state->rpc, state->method.handle);
        }
        if (advance(state)) state->call->resume();
      });
      return false;
    }
    if (!rpc.deferred) {
      state->finish_message(rpc.loop->index);
      return true;
    }
    rpc.message = {};  // read, and gone once on_message() returns
    rpc.infer.cancelled = [raw = state.get()] { return raw->cancelled.load(); };
    begin_deferred(rpc, [state] {
      write_deferred(state->rpc);
      state->finish_message(metrics::kSharedShard);
      state->call->resume();
    });
    return false;
  }

  const std::shared_ptr<State> state_;
  bool held_back_ = false;  // until more is sent
};

std::unique_ptr<transport::GrpcCallHandler> GrpcService::open(
    std::shared_ptr<transport::GrpcCall> call) {
  const RpcMethod* found = find(call->request());
  CHECK(found != nullptr && found->fail != nullptr);  // method() knows it
  LoopState& loop = *loops_[call->request().loop];
  return std::make_unique<Stream>(*found, loop, journal_, std::move(call));
}

}  // namespace slipway::protocols
