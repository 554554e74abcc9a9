#include "transport/internal/mailbox.h"

#include <utility>

#define BOOST_ASIO_NO_DEPRECATED
#define BOOST_ERROR_CODE_HEADER_ONLY
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

namespace slipway::transport {

void Mailbox::post(std::function<void()> task) {
  const MutexLock lock(mutex_);
  if (io_ != nullptr) boost::asio::post(*io_, std::move(task));
}

void Mailbox::close() {
  const MutexLock lock(mutex_);
  io_ = nullptr;
}

}  // namespace slipway::transport
