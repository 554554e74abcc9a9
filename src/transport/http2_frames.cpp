// The part of Http2Session that libnghttp2 calls, and what it is given to send.
#include <algorithm>
#include <array>
#include <charconv>
#include <exception>
#include <utility>

#include "base/check.h"
#include "base/log.h"
#include "transport/internal/http2_fields.h"
#include "transport/internal/http2_session.h"

namespace slipway::transport {
namespace {

constexpr uint64_t kResetsBurst = 1000;
constexpr uint64_t kResetsPerSecond = 100;
constexpr size_t kContinuationsMax = 8;
constexpr size_t kSettingsMax = 32;
constexpr size_t kAcksQueuedMax = 1000;

// Fields whose values come again and again go into HPACK's table. All others are sent literally:
// ids that differ in each answer would fill it, and each search for them would walk over all of
// them.
bool repeats(std::string_view name) {
  constexpr std::array<std::string_view, 10> kNames = {
      ":status", "content-type",         "server",        "date",       "vary", "content-encoding",
      "allow",   "grpc-accept-encoding", "grpc-encoding", "grpc-status"};
  return std::ranges::find(kNames, name) != kNames.end();
}

nghttp2_nv make_nv(std::string_view name, std::string_view value) {
  const auto bytes = [](std::string_view text) {  // nghttp2 copies, and has no const
    return reinterpret_cast<uint8_t*>(const_cast<char*>(text.data()));  // NOLINT
  };
  const uint8_t flags = repeats(name) ? NGHTTP2_NV_FLAG_NONE : NGHTTP2_NV_FLAG_NO_INDEX;
  return {bytes(name), bytes(value), name.size(), value.size(), flags};
}

}  // namespace

/// nghttp2 calls these while it receives or sends; a failed CHECK aside, nothing may be thrown
/// through it.
struct Http2Session::Callbacks {
  static Http2Session& self(void* user_data) { return *static_cast<Http2Session*>(user_data); }

  static Http2Stream* stream_of(nghttp2_session* session, int32_t id) {
    return static_cast<Http2Stream*>(nghttp2_session_get_stream_user_data(session, id));
  }

  template <typename Action>
  static int guarded(Action action) {
    try {
      action();
      return 0;
    } catch (const std::exception& error) {
      log_error("an HTTP/2 connection failed inside the server: {}", error.what());
      return NGHTTP2_ERR_CALLBACK_FAILURE;
    }
  }

  static int on_begin_headers(nghttp2_session*, const nghttp2_frame* frame, void* user_data) {
    if (frame->headers.cat != NGHTTP2_HCAT_REQUEST) return 0;
    Http2Session& session = self(user_data);
    return guarded([&] {
      session.incoming_.clear();
      session.incoming_id_ = frame->hd.stream_id;
      session.incoming_since_ = session.now_;
      session.check_by(session.now_ + session.loop_.options.header_timeout);
    });
  }

  static int on_header(nghttp2_session*, const nghttp2_frame* frame, const uint8_t* name,
                       size_t name_size, const uint8_t* value, size_t value_size, uint8_t,
                       void* user_data) {
    if (frame->headers.cat != NGHTTP2_HCAT_REQUEST) return 0;  // a trailer: nobody asks for it
    Http2Session& session = self(user_data);
    return guarded([&] {
      session.incoming_.add({reinterpret_cast<const char*>(name), name_size},
                            {reinterpret_cast<const char*>(value), value_size},
                            session.loop_.options.header_bytes_max);
    });
  }

  static int on_frame(nghttp2_session* nghttp2, const nghttp2_frame* frame, void* user_data) {
    Http2Session& session = self(user_data);
    return guarded([&] { session_on_frame(session, nghttp2, frame); });
  }

  static void session_on_frame(Http2Session& session, nghttp2_session* nghttp2,
                               const nghttp2_frame* frame) {
    const bool ends = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
    switch (frame->hd.type) {
      case NGHTTP2_HEADERS:
        if (frame->headers.cat == NGHTTP2_HCAT_REQUEST) {
          session.take_request(frame->hd.stream_id, ends);
          return;
        }
        break;
      case NGHTTP2_DATA:
        if (frame->hd.length == 0 && !ends) session.count_control_frame();
        break;
      case NGHTTP2_SETTINGS:
        session.settings_seen_ = true;
        session.count_control_frame();
        return;
      case NGHTTP2_PING:
        if ((frame->hd.flags & NGHTTP2_FLAG_ACK) != 0) {
          session.ping_pending_ = false;
        } else {
          session.count_control_frame();
        }
        return;
      case NGHTTP2_WINDOW_UPDATE: return;  // as many as there is data
      default: session.count_control_frame(); return;
    }
    if (!ends) return;
    Http2Stream* const stream = stream_of(nghttp2, frame->hd.stream_id);
    if (stream == nullptr || std::exchange(stream->place.end_seen, true)) return;
    stream->on_end(session.now_);
  }

  static int on_data_chunk(nghttp2_session* nghttp2, uint8_t, int32_t id, const uint8_t* data,
                           size_t size, void* user_data) {
    Http2Session& session = self(user_data);
    return guarded([&] {
      if (Http2Stream* const stream = stream_of(nghttp2, id)) {
        stream->on_data({reinterpret_cast<const char*>(data), size}, session.now_);
      } else {
        nghttp2_session_consume_connection(nghttp2, size);
      }
    });
  }

  static int on_stream_close(nghttp2_session* nghttp2, int32_t id, uint32_t, void* user_data) {
    Http2Session& session = self(user_data);
    return guarded([&] {
      if (id == session.incoming_id_) session.incoming_id_ = 0;
      if (Http2Stream* const stream = stream_of(nghttp2, id)) session.close_stream(*stream);
    });
  }

  static int on_frame_sent(nghttp2_session* nghttp2, const nghttp2_frame* frame, void* user_data) {
    if (frame->hd.type != NGHTTP2_HEADERS && frame->hd.type != NGHTTP2_DATA) return 0;
    if ((frame->hd.flags & NGHTTP2_FLAG_END_STREAM) == 0) return 0;
    return guarded([&] {
      Http2Stream* const stream = stream_of(nghttp2, frame->hd.stream_id);
      if (stream == nullptr) return;
      stream->place.end_sent = true;
      // The answer came before the end of the request: the rest need not be sent (RFC 9113, 8.1).
      if (!stream->place.end_seen) self(user_data).reset(*stream, Http2Error::kNoError);
    });
  }

  static ssize_t read_body(nghttp2_session* nghttp2, int32_t id, uint8_t* buffer, size_t size,
                           uint32_t* flags, nghttp2_data_source* source, void* user_data) {
    auto& stream = *static_cast<Http2Stream*>(source->ptr);
    Http2Session& session = self(user_data);
    size_t have = 0;
    Http2Stream::Read result = Http2Stream::Read::kFailed;
    const int code = guarded([&] {
      result = stream.read({reinterpret_cast<char*>(buffer), size}, have);
    });
    if (code != 0) return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    switch (result) {
      case Http2Stream::Read::kMore: break;
      case Http2Stream::Read::kWait:
        if (have > 0) break;
        stream.place.waits = true;
        return NGHTTP2_ERR_DEFERRED;
      case Http2Stream::Read::kEnd: *flags |= NGHTTP2_DATA_FLAG_EOF; break;
      case Http2Stream::Read::kTrailers: {
        *flags |= NGHTTP2_DATA_FLAG_EOF | NGHTTP2_DATA_FLAG_NO_END_STREAM;
        std::vector<nghttp2_nv>& fields = session.fields_->list;
        fields.clear();
        for (const HttpHeader& field : stream.trailers()) {
          fields.push_back(make_nv(field.name, field.value));
        }
        if (nghttp2_submit_trailer(nghttp2, id, fields.data(), fields.size()) != 0) {
          return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
        }
        break;
      }
      case Http2Stream::Read::kFailed: return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    }
    return static_cast<ssize_t>(have);
  }
};

nghttp2_session* Http2Session::make_nghttp2_session() {
  fields_ = std::make_unique<Http2Fields>();
  nghttp2_session_callbacks* callbacks = nullptr;
  nghttp2_option* option = nullptr;
  CHECK(nghttp2_session_callbacks_new(&callbacks) == 0 && nghttp2_option_new(&option) == 0);
  nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, Callbacks::on_begin_headers);
  nghttp2_session_callbacks_set_on_header_callback(callbacks, Callbacks::on_header);
  nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, Callbacks::on_frame);
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, Callbacks::on_data_chunk);
  nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, Callbacks::on_stream_close);
  nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, Callbacks::on_frame_sent);
  nghttp2_option_set_no_auto_window_update(option, 1);
  nghttp2_option_set_max_continuations(option, kContinuationsMax);
  nghttp2_option_set_max_settings(option, kSettingsMax);
  nghttp2_option_set_max_outbound_ack(option, kAcksQueuedMax);
  nghttp2_option_set_stream_reset_rate_limit(option, kResetsBurst, kResetsPerSecond);
  nghttp2_session* made = nullptr;
  CHECK(nghttp2_session_server_new2(&made, callbacks, this, option) == 0);
  nghttp2_option_del(option);
  nghttp2_session_callbacks_del(callbacks);
  return made;
}

void Http2Session::answer(Http2Stream& stream, int status, std::span<const HttpHeader> headers,
                          bool ends) {
  if (session_ == nullptr || stream.place.id == 0) return;
  std::array<char, 4> digits;
  const auto [end, code] = std::to_chars(digits.data(), digits.data() + digits.size(), status);
  std::vector<nghttp2_nv>& fields = fields_->list;
  fields.clear();
  fields.push_back(make_nv(":status", {digits.data(), static_cast<size_t>(end - digits.data())}));
  for (const HttpHeader& field : headers) fields.push_back(make_nv(field.name, field.value));
  nghttp2_data_provider provider{};
  provider.source.ptr = &stream;
  provider.read_callback = &Callbacks::read_body;
  const int result = nghttp2_submit_response(session_, stream.place.id, fields.data(),
                                             fields.size(), ends ? nullptr : &provider);
  if (result != 0) reset(stream, Http2Error::kInternalError);
}

void Http2Session::answer_continue(Http2Stream& stream) {
  if (session_ == nullptr || stream.place.id == 0) return;
  const nghttp2_nv field = make_nv(":status", "100");
  nghttp2_submit_headers(session_, NGHTTP2_FLAG_NONE, stream.place.id, nullptr, &field, 1, nullptr);
}

}  // namespace slipway::transport
