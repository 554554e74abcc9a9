// A blocking client that deals in raw bytes, and what else the tests of whole servers share.
#pragma once

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <chrono>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "transport/internal/unique_fd.h"

namespace slipway::transport {

// No step of a test takes so long unless it is broken.
inline constexpr std::chrono::seconds kPatience{10};

inline constexpr std::string_view kGet = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";

class SocketClient {
 public:
  explicit SocketClient(uint16_t port, int receive_buffer = 0) {
    fd_ = UniqueFd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (receive_buffer > 0) {
      setsockopt(fd_.get(), SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof(receive_buffer));
    }
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ = connect(fd_.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0;
  }

  /// Of a Unix socket.
  explicit SocketClient(const std::string& path) {
    fd_ = UniqueFd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof(address.sun_path) - 1);
    connected_ = connect(fd_.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0;
  }

  bool connected() const { return connected_; }
  int fd() const { return fd_.get(); }
  bool send_bytes(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<size_t>(sent));
    }
    return true;
  }
  void end_output() { shutdown(fd_.get(), SHUT_WR); }
  void disconnect() { fd_.reset(); }
  /// Disconnects with a reset.
  void reset() {
    const linger now{1, 0};
    setsockopt(fd_.get(), SOL_SOCKET, SO_LINGER, &now, sizeof(now));
    fd_.reset();
  }

  /// Exactly one answer: head and, by its Content-Length, body. Empty if the connection ended.
  std::string read_answer(bool has_body = true) {
    size_t head_size = std::string::npos;
    while ((head_size = buffer_.find("\r\n\r\n")) == std::string::npos) {
      if (!fill()) return {};
    }
    head_size += 4;
    size_t size = head_size;
    const size_t length = buffer_.find("Content-Length: ");
    if (has_body && length < head_size) size += std::stoul(buffer_.substr(length + 16));
    while (buffer_.size() < size) {
      if (!fill()) return {};
    }
    std::string answer = buffer_.substr(0, size);
    buffer_.erase(0, size);
    return answer;
  }
  /// Everything up to the end of the connection; `clean_end` tells an end of file from a reset.
  std::string read_to_end() {
    while (fill()) {
    }
    return std::exchange(buffer_, {});
  }
  bool clean_end() const { return clean_end_; }
  /// Reads what is there and forgets it; false at the end of the connection.
  bool drop_input() {
    buffer_.clear();
    return fill();
  }
  /// What drop_input() read.
  std::string_view input() const { return buffer_; }
  bool has_input(std::chrono::milliseconds wait) {
    pollfd poll_fd{fd_.get(), POLLIN, 0};
    return ::poll(&poll_fd, 1, static_cast<int>(wait.count())) > 0;
  }

 private:
  bool fill() {
    char bytes[16 * 1024];
    if (!has_input(kPatience)) return false;
    const ssize_t size = recv(fd_.get(), bytes, sizeof(bytes), 0);
    clean_end_ = size == 0;
    if (size <= 0) return false;
    buffer_.append(bytes, static_cast<size_t>(size));
    return true;
  }

  UniqueFd fd_;
  bool connected_ = false;
  bool clean_end_ = false;
  std::string buffer_;
};

template <typename Condition>
bool eventually(Condition condition) {
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
}

inline std::string body_of(const std::string& answer) {
  const size_t end = answer.find("\r\n\r\n");
  return end == std::string::npos ? "no answer" : answer.substr(end + 4);
}

inline std::string status_of(const std::string& answer) {
  return answer.substr(0, answer.find("\r\n"));
}

/// A thousand requests in one piece; the echo server answers number i with "[i]".
inline std::string thousand_requests() {
  std::string bytes;
  for (int i = 0; i < 1000; i++) {
    const std::string body = std::to_string(i);
    bytes += "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: " + std::to_string(body.size()) +
             "\r\n\r\n" + body;
  }
  return bytes;
}

}  // namespace slipway::transport
