#include "cli/internal/serve_flags_triton.h"

namespace slipway::cli {

void add_triton_flags(CLI::App& command, ServeOptions& options) {
  constexpr const char* kGroup = "Triton's extensions";
  command
      .add_flag("--shared-memory,--allow-client-shm", options.shared_memory,
                "Clients on this machine may give tensors in POSIX shared memory, which they "
                "register")
      ->group(kGroup);
  command
      .add_option("--trace-dir", options.trace_folder,
                  "Traces of requests may be written below this folder; it must be there (default: "
                  "nowhere)")
      ->check(CLI::ExistingDirectory)
      ->type_name("FOLDER")
      ->group(kGroup);
  command
      .add_flag("--triton-metrics", options.triton_metrics,
                "/metrics also has the names that Triton's dashboards ask for (nv_inference_...)")
      ->group(kGroup);
}

}  // namespace slipway::cli
