#include "cli/internal/serve_flags_models.h"
#include "cli/internal/flag_values.h"

namespace slipway::cli {

void add_memory_flags(CLI::App& command, ServeOptions& options) {
  command
      .add_option("--model-config-file", options.model_config_files,
                  "A list of models in TensorFlow Serving's text format (model_config_list)")
      ->transform(filled_value())
      ->allow_extra_args(false)
      ->type_name("FILE")
      ->group("Models");
  command
      .add_option("--monitoring-config-file", options.monitoring_config_file,
                  "TensorFlow Serving's MonitoringConfig: metrics also at the path that it names")
      ->type_name("FILE")
      ->group("Network");
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

void add_source_flags(CLI::App& command, ServeOptions& options) {
  command
      .add_option("--cache-dir", options.cache_folder,
                  "Where copies of what lies at http(s):// and s3:// addresses are kept (default: "
                  "/var/cache/slipway for root, else ~/.cache/slipway)")
      ->type_name("FOLDER")
      ->group("Sources");
  command
      .add_option("--ca-file", options.ca_file,
                  "Certificates of the authorities that are trusted for https (default: the "
                  "system's)")
      ->type_name("FILE")
      ->group("Sources");
  command
      .add_option(
          "--allow-url", options.allow_url,
          "Addresses that an admin call may load models from, with all below them: "
          "https://HOST/PATH or s3://BUCKET/PREFIX; may be given several times (default: none)")
      ->transform(filled_value())
      ->allow_extra_args(false)
      ->type_name("URL")
      ->group("Sources");
  command
      .add_option("--s3-endpoint", options.s3_endpoint,
                  "Address of an S3 compatible server (default: AWS_ENDPOINT_URL, or AWS itself)")
      ->type_name("URL")
      ->group("Sources");
  command
      .add_option("--s3-region", options.s3_region,
                  "Region of the buckets (default: AWS_REGION, or us-east-1)")
      ->type_name("REGION")
      ->group("Sources");
  command
      .add_option("--s3-style", options.s3_style,
                  "Where a bucket's name stands: in the path, in the host (virtual), or auto: the "
                  "path with an endpoint, the host for AWS")
      ->capture_default_str()
      ->check(CLI::IsMember({"auto", "path", "virtual"}))
      ->group("Sources");
}

}  // namespace slipway::cli
