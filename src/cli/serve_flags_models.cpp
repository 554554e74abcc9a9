#include "cli/internal/serve_flags_models.h"
#include "cli/internal/flag_values.h"

namespace slipway::cli {

void add_memory_flags(CLI::App& command, ServeOptions& options) {
  command
      .add_option("--memory-budget", options.memory_budget,
                  "What all models together may take; the least recently used ones make room "
                  "(default: no limit)")
      ->transform(size_value(1))
      ->type_name("SIZE")
      ->group("Models");
  command
      .add_flag("--load-on-demand", options.load_on_demand,
                "Load a model when the first request asks for it, not at the start")
      ->group("Models");
  command
      .add_option("--load-timeout", options.load_timeout_s,
                  "A request waits for its model to be loaded for this long")
      ->capture_default_str()
      ->transform(time_value(Zero::kRefused))
      ->type_name("TIME")
      ->group("Models");
}

}  // namespace slipway::cli
