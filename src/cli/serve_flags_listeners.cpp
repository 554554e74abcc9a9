#include "cli/internal/serve_flags_listeners.h"
#include "cli/internal/flag_values.h"

namespace slipway::cli {
namespace {

constexpr const char* kGroup = "Network";

}  // namespace

void add_listener_flags(CLI::App& command, ListenerFlags& flags) {
  for (const char* name : {"--host", "--port"}) {
    command.get_option(name)->each([&flags](const std::string&) { flags.address_given = true; });
  }
  command
      .add_option("--listen", flags.listen,
                  "A further listener: HOST:PORT, unix:PATH or systemd[:NAME], then, after commas, "
                  "admin, protocols=http1+http2+grpc, mode=0660; may be given several times")
      ->transform(filled_value())
      ->type_name("ADDRESS")
      ->allow_extra_args(false)
      ->group(kGroup);
}

}  // namespace slipway::cli
