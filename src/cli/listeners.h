// From the flags of `serve` to the listeners of its two servers, inference and admin.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/status.h"
#include "cli/commands.h"
#include "cli/systemd.h"
#include "transport/listen.h"
#include "transport/tls.h"

namespace slipway::cli {

struct ServeListeners {
  std::vector<transport::ListenerOptions> inference;        // at least one
  std::vector<std::vector<std::string>> compat;             // of each; empty: as --compat says
  std::vector<transport::ListenerOptions> admin;            // may be empty
  std::vector<std::shared_ptr<transport::TlsContext>> tls;  // each once, to be reloaded
  bool admin_is_local = true;  // only programs on this machine reach any of the admin listeners
};

/// Reads the certificates. --host and --port count if they are given, or if nothing else gives a
/// listener; without --listen the sockets of the service manager take their place. INVALID_ARGUMENT
/// for an admin listener that others reach and that has no token, and for certificates that cannot
/// be used.
Result<ServeListeners> plan_listeners(const ServeOptions& options,
                                      std::vector<InheritedSocket> inherited);

}  // namespace slipway::cli
