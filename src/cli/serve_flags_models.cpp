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

void add_answer_flags(CLI::App& command, AnswerFlags& flags) {
  command
      .add_option("--threshold", flags.threshold,
                  "The only model, a classifier of two classes, answers the second one where its "
                  "probability is so much at least")
      ->check(CLI::Range(0.0, 1.0))
      ->type_name("PROBABILITY")
      ->group("Answers");
  command
      .add_option("--class-names", flags.class_names,
                  "What the only model's classes are called, in their order: NAME,NAME,...")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->type_name("NAMES")
      ->group("Answers");
}

void add_served_answer_flags(CLI::App& command, AnswerFlags& flags) {
  add_answer_flags(command, flags);
  command
      .add_option("--outputs", flags.outputs,
                  "What the only model answers where a request names no output: OUTPUT, or "
                  "DIALECT=OUTPUT for one dialect; parted by commas")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->type_name("OUTPUTS")
      ->group("Answers");
  command
      .add_option("--key-fields", flags.key_fields,
                  "Fields of a request's rows that are no columns of the only model and come back "
                  "with their answers: NAME,NAME,...")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->type_name("NAMES")
      ->group("Answers");
}

void add_torchserve_flags(CLI::App& command, ServeOptions& options) {
  command
      .add_option("--model", options.named_models,
                  "A model file under a name of its own; may be given several times")
      ->transform(filled_value())
      ->allow_extra_args(false)
      ->type_name("NAME=PATH")
      ->group("Models");
  command
      .add_option("--model-store", options.model_store,
                  "A folder whose models TorchServe's management calls may register; it is not "
                  "served by itself")
      ->type_name("FOLDER")
      ->group("Models");
  command
      .add_option("--token-file", options.token_file,
                  "TorchServe's token authorization for its own calls: new keys are written to "
                  "this file at each start (default: off)")
      ->type_name("FILE")
      ->group("Network");
  command
      .add_option("--token-expiry", options.token_expiry_s,
                  "How long the keys in the token file are good")
      ->capture_default_str()
      ->transform(time_value(Zero::kRefused))
      ->type_name("TIME")
      ->group("Network");
  command
      .add_flag("--no-model-api", options.no_model_api,
                "TorchServe's management calls register and unregister nothing (405)")
      ->group("Network");
}

void add_source_flags(CLI::App& command, ServeOptions& options) {
  command
      .add_option("--require-signature", options.require_signature,
                  "Serve nothing but .slip bundles that this public key (PEM, Ed25519) signed; may "
                  "be repeated: any of the keys")
      ->type_name("KEY")
      ->allow_extra_args(false)
      ->group("Sources");
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
      .add_option(
          "--allow-folder", options.allow_folders,
          "Folders on this machine that an admin's list of models (TensorFlow Serving's "
          "HandleReloadConfigRequest) may name, beside what is served; may be given several "
          "times (default: none)")
      ->transform(filled_value())
      ->allow_extra_args(false)
      ->type_name("FOLDER")
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
