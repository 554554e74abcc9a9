#include "cli/internal/serve_flags_triton.h"

#include "cli/internal/flag_values.h"

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
      .add_option("--model-control-mode", options.model_control_mode,
                  "As tritonserver: none (what is there at the start), poll (with changes), both "
                  "without admin calls; explicit (admin calls and --load-model alone)")
      ->check(CLI::IsMember({"none", "poll", "explicit"}))
      ->excludes("--watch")
      ->group(kGroup);
  command
      .add_option("--load-model", options.load_models,
                  "With --model-control-mode explicit, a model that is loaded at the start; * for "
                  "all; may be given several times")
      ->transform(filled_value())
      ->allow_extra_args(false)
      ->needs("--model-control-mode")
      ->type_name("NAME")
      ->group(kGroup);
  command
      .add_option("--repository-poll-secs", options.repository_poll_seconds,
                  "With --model-control-mode poll, look this often")
      ->capture_default_str()
      ->check(CLI::Range(1U, 86'400U))
      ->needs("--model-control-mode")
      ->type_name("SECONDS")
      ->group(kGroup);
  command
      .add_flag("--triton-metrics", options.triton_metrics,
                "/metrics also has the names that Triton's dashboards ask for (nv_inference_...)")
      ->group(kGroup);
}

}  // namespace slipway::cli
