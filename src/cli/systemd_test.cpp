#include "cli/systemd.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <string>

namespace slipway::cli {
namespace {

/// A datagram socket on an address that begins with '@' or '/'.
class Receiver {
 public:
  explicit Receiver(const std::string& name) : fd_(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, name.data(), name.size());
    if (name[0] == '@') address.sun_path[0] = '\0';
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
    bound_ = bind(fd_, reinterpret_cast<const sockaddr*>(&address), size) == 0;
  }
  ~Receiver() { close(fd_); }
  bool bound() const { return bound_; }
  std::string receive() const {
    char bytes[512];
    const ssize_t size = recv(fd_, bytes, sizeof(bytes), MSG_DONTWAIT);
    return size < 0 ? "nothing" : std::string(bytes, static_cast<size_t>(size));
  }

 private:
  int fd_;
  bool bound_ = false;
};

TEST(Systemd, NotifiesSocketsWithPathsAndAbstractOnes) {
  const std::string path = testing::TempDir() + "notify-" + std::to_string(getpid());
  for (const std::string& name : {path, "@slipway-notify-" + std::to_string(getpid())}) {
    const Receiver receiver(name);
    ASSERT_TRUE(receiver.bound()) << name;
    setenv("NOTIFY_SOCKET", name.c_str(), 1);
    const ServiceManager manager;
    EXPECT_EQ(std::getenv("NOTIFY_SOCKET"), nullptr);
    manager.notify("READY=1");
    EXPECT_EQ(receiver.receive(), "READY=1");
    manager.notify_reloading();
    EXPECT_EQ(receiver.receive().substr(0, 27), "RELOADING=1\nMONOTONIC_USEC=");
  }
  unlink(path.c_str());
}

TEST(Systemd, IsSilentWithoutAManager) {
  for (const std::string& name : {std::string(), std::string("relative"), std::string(200, '/')}) {
    setenv("NOTIFY_SOCKET", name.c_str(), 1);
    const ServiceManager manager;
    manager.notify("READY=1");
    EXPECT_FALSE(manager.watchdog_period().has_value());
  }
}

TEST(Systemd, TellsTheWatchdogTwiceInItsPeriod) {
  setenv("WATCHDOG_USEC", "30000000", 1);
  EXPECT_EQ(ServiceManager().watchdog_period(), std::chrono::seconds(15));
  setenv("WATCHDOG_USEC", "30000000", 1);
  setenv("WATCHDOG_PID", "1", 1);
  EXPECT_FALSE(ServiceManager().watchdog_period().has_value());
  setenv("WATCHDOG_USEC", "soon", 1);
  EXPECT_FALSE(ServiceManager().watchdog_period().has_value());
}

TEST(Systemd, FindsInheritedSocketsMeantForThisProcess) {
  setenv("LISTEN_PID", std::to_string(getpid()).c_str(), 1);
  setenv("LISTEN_FDS", "3", 1);
  setenv("LISTEN_FDNAMES", "web:admin", 1);
  const auto sockets = inherited_sockets();
  ASSERT_EQ(sockets.size(), 3U);
  EXPECT_EQ(sockets[0].fd, 3);
  EXPECT_EQ(sockets[0].name, "web");
  EXPECT_EQ(sockets[1].name, "admin");
  EXPECT_EQ(sockets[2].fd, 5);
  EXPECT_EQ(sockets[2].name, "");
  EXPECT_TRUE(inherited_sockets().empty());  // the variables are gone
  setenv("LISTEN_PID", "1", 1);
  setenv("LISTEN_FDS", "1", 1);
  EXPECT_TRUE(inherited_sockets().empty());
}

}  // namespace
}  // namespace slipway::cli
