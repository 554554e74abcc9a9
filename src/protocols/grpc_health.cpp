#include "protocols/grpc_health.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

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

/// Takes a varint off the front; nothing if it is cut off or longer than 64 bits.
std::optional<uint64_t> take_varint(std::string_view& bytes) {
  uint64_t value = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    if (bytes.empty()) return std::nullopt;
    const auto byte = static_cast<uint8_t>(bytes.front());
    bytes.remove_prefix(1);
    value |= static_cast<uint64_t>(byte & 0x7F) << shift;
    if (byte < 0x80) return value;
  }
  return std::nullopt;
}

/// The content of a field that is not a varint.
std::optional<std::string_view> take_bytes(std::string_view& bytes, uint64_t wire_type) {
  std::optional<uint64_t> size;
  if (wire_type == 1) size = 8;
  if (wire_type == 2) size = take_varint(bytes);
  if (wire_type == 5) size = 4;
  if (!size || *size > bytes.size()) return std::nullopt;
  const std::string_view content = bytes.substr(0, static_cast<size_t>(*size));
  bytes.remove_prefix(content.size());
  return content;
}

/// HealthCheckRequest { string service = 1; } with fields of later versions passed over.
std::optional<std::string_view> read_service(std::string_view message) {
  std::string_view service;
  while (!message.empty()) {
    const std::optional<uint64_t> tag = take_varint(message);
    if (!tag || *tag >> 3 == 0) return std::nullopt;
    const uint64_t wire_type = *tag & 7;
    if (wire_type == 0) {
      if (!take_varint(message)) return std::nullopt;
      continue;
    }
    const std::optional<std::string_view> content = take_bytes(message, wire_type);
    if (!content) return std::nullopt;
    if (*tag == (1 << 3 | 2)) service = *content;
  }
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

transport::GrpcHandler::Method GrpcHealth::method(std::string_view path) const {
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
