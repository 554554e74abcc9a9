// The part of GrpcStream that streaming calls need: messages in and out one by one.
#include <utility>

#include "base/check.h"
#include "transport/internal/grpc_guard.h"
#include "transport/internal/grpc_link.h"
#include "transport/internal/grpc_stream.h"

namespace slipway::transport {
namespace {

// Messages are framed ahead up to this.
constexpr size_t kFramedBytesMax = 64 * 1024;

}  // namespace

Status GrpcStream::open_call() {
  link_ = std::make_shared<GrpcLink>(request_, host_.connection().make_waker());
  const Status status = grpc_guarded([this] { call_handler_ = loop_.grpc->open(link_); });
  if (status.ok() && call_handler_) return {};
  link_->close();
  link_.reset();
  call_handler_.reset();
  return status.ok() ? Status(StatusCode::kInternal, "the request failed inside the server")
                     : status;
}

void GrpcStream::deliver() {
  if (link_->take_resume()) held_ = false;
  while (phase_ == Phase::kReceiving && !held_) {
    std::string_view message;
    switch (reader_.next(loop_.coder, message)) {
      case GrpcMessageReader::Next::kError: return fail(reader_.error());
      case GrpcMessageReader::Next::kMessage: {
        const Status status = grpc_guarded([&] { held_ = !call_handler_->on_message(message); });
        if (!status.ok()) return fail(status);
        break;
      }
      case GrpcMessageReader::Next::kNeedMore: return deliver_end();
    }
  }
}

// Everything is delivered: the peer may send more, or has come to its end.
void GrpcStream::deliver_end() {
  give_back_window();
  if (!std::exchange(end_pending_, false)) return;
  if (!reader_.empty()) {
    return fail(Status(StatusCode::kInternal, "the request ends inside a message"));
  }
  phase_ = Phase::kAnswering;
  const Status status = grpc_guarded([this] { call_handler_->on_end(); });
  if (!status.ok()) fail(status);
}

void GrpcStream::on_wake() {
  if (!link_ || place.id == 0) return;
  deliver();
  flush_link();
}

// What the service has sent goes on its way.
void GrpcStream::flush_link() {
  if (!link_ || finished_) return;
  if (answered_) return host_.resume(*this);
  fill_from_link();
  if (finished_ && out_.empty()) {
    send_trailers_only();
  } else if (finished_ || !out_.empty()) {
    send_head({});
  }
}

void GrpcStream::fill_from_link() {
  if (!link_ || finished_) return;
  while (out_.size() < kFramedBytesMax) {
    std::string message;
    Status status;
    GrpcMetadata metadata;
    switch (link_->take(message, status, metadata)) {
      case GrpcLink::Take::kNothing:
        if (std::exchange(took_messages_, false)) notify_writable();
        return;
      case GrpcLink::Take::kMessage:
        if (out_.empty()) progress_ = host_.now();
        append_grpc_frame(out_, message, compresses_ ? &loop_.coder : nullptr);
        took_messages_ = true;
        break;
      case GrpcLink::Take::kFinish:
        phase_ = Phase::kAnswering;
        finished_ = true;
        make_trailers(status, metadata);
        return;
    }
  }
}

void GrpcStream::notify_writable() {
  const Status status = grpc_guarded([this] {
    if (call_handler_) call_handler_->on_writable();
  });
  if (!status.ok()) link_->finish(status, {});
}

void GrpcStream::cancel_link() {
  if (!link_) return;
  link_->close();
  link_.reset();
  const std::unique_ptr<GrpcCallHandler> handler = std::move(call_handler_);
  if (handler) static_cast<void>(grpc_guarded([&] { handler->on_cancel(); }));
}

}  // namespace slipway::transport
