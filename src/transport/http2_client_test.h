// An HTTP/2 client of libnghttp2 without sockets, for tests: bytes out, bytes in.
//
//   Http2Client client;
//   const int32_t id = client.request("POST", "/p", {}, "body");
//   server.receive(client.take_output()); client.receive(server.take_sent());
//   EXPECT_EQ(client.answer(id).body, "...");
#pragma once

#include <gtest/gtest.h>
#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace slipway::transport {

class Http2Client {
 public:
  using Fields = std::vector<std::pair<std::string, std::string>>;

  struct Answer {
    Fields headers;
    Fields trailers;
    std::string body;
    bool closed = false;
    uint32_t error = 0;  // of the stream, when closed
    std::string field(std::string_view name) const { return find(headers, name); }
    std::string trailer(std::string_view name) const { return find(trailers, name); }
    static std::string find(const Fields& fields, std::string_view name) {
      for (const auto& [key, value] : fields) {
        if (key == name) return value;
      }
      return "absent";
    }
  };

  /// Without SETTINGS if `settings` is null.
  explicit Http2Client(const std::vector<nghttp2_settings_entry>& settings = {},
                       bool auto_window = true) {
    nghttp2_session_callbacks* callbacks = nullptr;
    nghttp2_session_callbacks_new(&callbacks);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_close);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
    nghttp2_option* option = nullptr;
    nghttp2_option_new(&option);
    nghttp2_option_set_no_auto_window_update(option, auto_window ? 0 : 1);
    nghttp2_option_set_max_outbound_ack(option, 100'000);
    nghttp2_option_set_peer_max_concurrent_streams(option, 100'000);
    nghttp2_session_client_new2(&session_, callbacks, this, option);
    nghttp2_option_del(option);
    nghttp2_session_callbacks_del(callbacks);
    nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, settings.data(), settings.size());
  }
  ~Http2Client() { nghttp2_session_del(session_); }
  Http2Client(const Http2Client&) = delete;
  Http2Client& operator=(const Http2Client&) = delete;

  /// A request whose body is complete, or (open) goes on by send().
  int32_t request(std::string_view method, std::string_view path, const Fields& further = {},
                  std::string_view body = {}, bool open = false) {
    std::vector<nghttp2_nv> fields = {nv(":method", method), nv(":scheme", "http"),
                                      nv(":path", path), nv(":authority", "host:1")};
    for (const auto& [name, value] : further) fields.push_back(nv(name, value));
    nghttp2_data_provider provider{};
    provider.read_callback = read_body;
    const bool has_body = !body.empty() || open;
    const int32_t id = nghttp2_submit_request(session_, nullptr, fields.data(), fields.size(),
                                              has_body ? &provider : nullptr, nullptr);
    EXPECT_GT(id, 0);
    uploads_[id] = {std::string(body), 0, !open};
    answers_[id];
    return id;
  }
  void send(int32_t id, std::string_view bytes, bool end = false) {
    uploads_[id].bytes += bytes;
    uploads_[id].ends = end;
    nghttp2_session_resume_data(session_, id);
  }
  void reset(int32_t id, uint32_t error = NGHTTP2_CANCEL) {
    nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, id, error);
  }
  void ping() { nghttp2_submit_ping(session_, NGHTTP2_FLAG_NONE, nullptr); }
  void settings() { nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, nullptr, 0); }
  /// Lets the server send so many bytes more on a stream and the connection.
  void open_window(int32_t id, int32_t bytes) {
    nghttp2_submit_window_update(session_, NGHTTP2_FLAG_NONE, id, bytes);
    nghttp2_submit_window_update(session_, NGHTTP2_FLAG_NONE, 0, bytes);
  }

  std::string take_output() {
    std::string output;
    for (;;) {
      const uint8_t* bytes = nullptr;
      const ssize_t size = nghttp2_session_mem_send(session_, &bytes);
      if (size <= 0) return output;
      output.append(reinterpret_cast<const char*>(bytes), static_cast<size_t>(size));
    }
  }
  void receive(std::string_view bytes) {
    const ssize_t used = nghttp2_session_mem_recv(
        session_, reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
    EXPECT_EQ(used, static_cast<ssize_t>(bytes.size())) << nghttp2_strerror(static_cast<int>(used));
  }
  const Answer& answer(int32_t id) { return answers_[id]; }

  int goaways = 0;
  int32_t goaway_last = -1;
  uint32_t goaway_error = 0;
  int pings = 0;        // the server's
  int pings_acked = 0;  // ours

 private:
  struct Upload {
    std::string bytes;
    size_t sent = 0;
    bool ends = true;
  };

  static Http2Client& self(void* user_data) { return *static_cast<Http2Client*>(user_data); }
  static nghttp2_nv nv(std::string_view name, std::string_view value) {
    const auto bytes = [](std::string_view text) {
      return reinterpret_cast<uint8_t*>(const_cast<char*>(text.data()));  // NOLINT
    };
    return {bytes(name), bytes(value), name.size(), value.size(), NGHTTP2_NV_FLAG_NONE};
  }
  static int on_header(nghttp2_session*, const nghttp2_frame* frame, const uint8_t* name,
                       size_t name_size, const uint8_t* value, size_t value_size, uint8_t,
                       void* user_data) {
    Answer& answer = self(user_data).answers_[frame->hd.stream_id];
    const bool trailer = frame->headers.cat == NGHTTP2_HCAT_HEADERS && !answer.headers.empty() &&
                         answer.field(":status") != "100";
    auto& fields = trailer ? answer.trailers : answer.headers;
    fields.emplace_back(std::string(reinterpret_cast<const char*>(name), name_size),
                        std::string(reinterpret_cast<const char*>(value), value_size));
    return 0;
  }
  static int on_data(nghttp2_session*, uint8_t, int32_t id, const uint8_t* bytes, size_t size,
                     void* user_data) {
    self(user_data).answers_[id].body.append(reinterpret_cast<const char*>(bytes), size);
    return 0;
  }
  static int on_close(nghttp2_session*, int32_t id, uint32_t error, void* user_data) {
    self(user_data).answers_[id].closed = true;
    self(user_data).answers_[id].error = error;
    return 0;
  }
  static int on_frame(nghttp2_session*, const nghttp2_frame* frame, void* user_data) {
    Http2Client& client = self(user_data);
    if (frame->hd.type == NGHTTP2_PING) {
      (frame->hd.flags & NGHTTP2_FLAG_ACK ? client.pings_acked : client.pings)++;
    }
    if (frame->hd.type == NGHTTP2_GOAWAY) {
      client.goaways++;
      client.goaway_last = frame->goaway.last_stream_id;
      client.goaway_error = frame->goaway.error_code;
    }
    return 0;
  }
  static ssize_t read_body(nghttp2_session*, int32_t id, uint8_t* buffer, size_t size,
                           uint32_t* flags, nghttp2_data_source*, void* user_data) {
    Upload& upload = self(user_data).uploads_[id];
    const size_t take = std::min(size, upload.bytes.size() - upload.sent);
    std::copy_n(upload.bytes.data() + upload.sent, take, buffer);
    upload.sent += take;
    if (upload.sent == upload.bytes.size() && upload.ends) *flags |= NGHTTP2_DATA_FLAG_EOF;
    if (take == 0 && !upload.ends) return NGHTTP2_ERR_DEFERRED;
    return static_cast<ssize_t>(take);
  }

  nghttp2_session* session_ = nullptr;
  std::map<int32_t, Answer> answers_;
  std::map<int32_t, Upload> uploads_;
};

}  // namespace slipway::transport
