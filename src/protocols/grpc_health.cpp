#include "protocols/grpc_health.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "protocols/internal/proto_fields.h"

namespace slipway::protocols {
namespace {

constexpr std::string_view kCheck = "/grpc.health.v1.Health/Check";
constexpr std::string_view kWatch = "/grpc.health.v1.Health/Watch";

enum class ServingStatus : char { kServing = 1, kNotServing = 2, kServiceUnknown = 3 };

/// HealthCheckResponse { ServingStatus status = 1; }
std::string response(ServingStatus status) { return {'\x08', static_cast<char>(status)}; }

ServingStatus serving_status(bool serving) {
  return serving ? ServingStatus::kServing : ServingStatus::kNotServing;
}

/// HealthCheckRequest { string service = 1; } with fields of later versions passed over.
std::optional<std::string_view> read_service(std::string_view message) {
  std::string_view service;
  ProtoFields fields(message);
  while (fields.next()) {
    if (fields.is(1, ProtoFields::kBytes)) service = fields.bytes();
  }
  if (!fields.status("").ok()) return std::nullopt;
  return service;
}

Status malformed() { return invalid_argument("the HealthCheckRequest is malformed protobuf"); }

}  // namespace

/// One Watch: its first message says what is watched; it goes on until the client ends it.
class GrpcHealth::Watch final : public transport::GrpcCallHandler {
 public:
  Watch(GrpcHealth& health, Call call) : health_(health), call_(std::move(call)) {}
  ~Watch() override { health_.forget(call_); }

  bool on_message(std::string_view message) override {
    if (!std::exchange(watches_, true)) health_.watch(call_, message);
    return true;
  }
  void on_end() override {
    if (!watches_) call_->finish(malformed(), {});
  }
  void on_writable() override {}
  void on_cancel() override {}

 private:
  GrpcHealth& health_;
  const Call call_;
  bool watches_ = false;
};

void GrpcHealth::set_serving(bool serving) {
  const MutexLock lock(mutex_);
  if (serving_ == serving) return;
  serving_ = serving;
  for (const Call& watcher : watchers_) watcher->send(response(serving_status(serving)));
}

transport::GrpcHandler::Method GrpcHealth::method(std::string_view path,
                                                  uint32_t /*listener*/) const {
  if (path == kCheck) return Method::kUnary;
  return path == kWatch ? Method::kStreaming : Method::kUnknown;
}

void GrpcHealth::handle(transport::GrpcExchange& exchange) {
  transport::GrpcAnswer& answer = exchange.answer();
  const std::optional<std::string_view> service = read_service(exchange.message());
  if (!service) {
    answer.status = malformed();
  } else if (!service->empty()) {
    answer.status = not_found("the health of this service is not known: " + std::string(*service));
  } else {
    const MutexLock lock(mutex_);
    answer.message = response(serving_status(serving_));
  }
}

std::unique_ptr<transport::GrpcCallHandler> GrpcHealth::open(Call call) {
  return std::make_unique<Watch>(*this, std::move(call));
}

void GrpcHealth::watch(const Call& call, std::string_view message) {
  const std::optional<std::string_view> service = read_service(message);
  if (!service) return call->finish(malformed(), {});
  if (!service->empty()) {
    call->send(response(ServingStatus::kServiceUnknown));
    return;
  }
  const MutexLock lock(mutex_);
  watchers_.push_back(call);
  call->send(response(serving_status(serving_)));
}

void GrpcHealth::forget(const Call& call) {
  const MutexLock lock(mutex_);
  std::erase(watchers_, call);
}

}  // namespace slipway::protocols
