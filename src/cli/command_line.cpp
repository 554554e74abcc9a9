#include "cli/command_line.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <optional>

#include "base/edit_distance.h"
#include "cli/commands.h"
#include "cli/completion.h"
#include "cli/config_file.h"
#include "cli/internal/data_flags.h"
#include "cli/internal/flag_values.h"
#include "cli/internal/foreign_flags.h"
#include "cli/internal/runs_flags.h"
#include "cli/internal/serve_flags_admission.h"
#include "cli/internal/serve_flags_listeners.h"
#include "cli/internal/serve_flags_models.h"
#include "cli/internal/serve_flags_triton.h"
#include "cli/internal/train_flags.h"
#include "cli/tf_serving_flags.h"
#include "cli/torchserve_flags.h"
#include "cli/version.h"

namespace slipway::cli {
namespace {

constexpr const char* kDescription =
    "Slipway serves trained models: it reads files of scikit-learn (pickle, joblib, skops),\n"
    "XGBoost, LightGBM, CatBoost, ONNX, PMML and MLflow without Python, without running a\n"
    "byte of them, and answers over REST and gRPC.";

constexpr const char* kFooter =
    "Examples:\n"
    "  slipway serve model.joblib                 serve one model on 127.0.0.1:8080\n"
    "  slipway serve models/ --port 0             a folder of models, any free port\n"
    "  slipway serve models.yaml                  a list of models with versions and labels\n"
    "  slipway predict model.joblib rows.csv      score a file\n"
    "  slipway inspect model.joblib               what is in it, and can it be served?\n"
    "  slipway verify model.joblib expected.csv   does it answer as it should?\n"
    "  slipway train rows.csv --target label      a model from a table, as a bundle to serve\n"
    "  slipway evaluate model.joblib data.csv     how good is it? metrics, curves, a report\n"
    "  slipway convert model.joblib model.onnx    the same model as ONNX or PMML\n"
    "  slipway data rows.csv --target label       what a table holds, and what looks wrong\n"
    "  slipway runs --sort accuracy               the trainings of this project, the best first\n\n"
    "Every flag of `serve` is also an environment variable (--port: SLIPWAY_PORT) and a line in\n"
    "its --config file (port: 9000). `slipway COMMAND --help` lists them.";

std::string environment_name(const std::string& flag) {
  std::string name = "SLIPWAY_" + flag;
  std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) {
    return c == '-' ? '_' : static_cast<char>(std::toupper(c));
  });
  return name;
}

/// Kubernetes sets SLIPWAY_PORT=tcp://10.0.0.1:8080 in every pod beside a service named slipway.
void ignore_service_link() {
  const char* port = std::getenv("SLIPWAY_PORT");
  if (port != nullptr && std::string_view(port).starts_with("tcp://")) unsetenv("SLIPWAY_PORT");
}

/// May be given several times.
bool is_list(const CLI::Option& option) { return option.get_items_expected_max() > 1; }

/// Gives each flag of a command its environment variable.
void bind_environment(CLI::App& command) {
  for (CLI::Option* option : command.get_options()) {
    if (option->get_lnames().empty() || option->get_lnames()[0] == "help") continue;
    option->envname(environment_name(option->get_lnames()[0]));
    if (!is_list(*option)) option->take_last();
  }
}

void add_time(CLI::App& c, const char* name, double& value, Zero zero, const char* group,
              const char* description) {
  c.add_option(name, value, description)
      ->capture_default_str()
      ->transform(time_value(zero))
      ->type_name("TIME")
      ->group(group);
}

template <typename T>
void add_count(CLI::App& c, const char* name, T& value, uint64_t least, uint64_t most,
               const char* group, const char* description) {
  c.add_option(name, value, description)
      ->capture_default_str()
      ->transform(count_value(least, most))
      ->type_name("COUNT")
      ->group(group);
}

void add_repository_flags(CLI::App& c, ServeOptions& o) {
  c.add_option("--versions", o.versions,
               "Which versions of a model are served: latest, latest:N, all, or numbers (3,5)")
      ->capture_default_str()
      ->type_name("POLICY")
      ->group("Models");
  c.add_option("--watch", o.watch,
               "How changed files are noticed: inotify, poll (for network file systems), or off "
               "(SIGHUP and admin calls only)")
      ->capture_default_str()
      ->check(CLI::IsMember({"inotify", "poll", "off"}))
      ->group("Models");
  add_time(c, "--poll-interval", o.poll_interval_s, Zero::kRefused, "Models",
           "With --watch poll, look this often");
  add_time(c, "--quiet-time", o.quiet_time_s, Zero::kRefused, "Models",
           "A file that no rename brought is loaded once it has not changed for this long");
  add_count(c, "--load-threads", o.load_threads, 0, 256, "Resources",
            "Models that are loaded at once; 0: one per usable CPU");
  c.add_option("--admin", o.admin,
               "A further listener, whose callers may load and unload models: a loopback address, "
               "unix:PATH (for this user only), or, with a token, any address")
      ->type_name("ADDRESS")
      ->group("Network");
  c.add_option("--admin-token", o.admin_token,
               "Who brings this bearer token may load and unload models (better set as "
               "SLIPWAY_ADMIN_TOKEN, which other users cannot see)")
      ->type_name("TOKEN")
      ->group("Network");
}

void add_model_flags(CLI::App& c, ServeOptions& o) {
  c.add_option("--name", o.name, "Name of the model (for a single file)")
      ->transform(filled_value())
      ->group("Models");
  c.add_option("--select", o.select, "Which model, in files that hold several")
      ->type_name("PATH")
      ->group("Models");
  c.add_option("--default-model", o.default_model,
               "The model that /predict means when there are several")
      ->group("Models");
  c.add_option("--max-model-bytes", o.model_bytes_max, "Largest model file (4g)")
      ->transform(size_value(1))
      ->type_name("SIZE")
      ->group("Models");
}

void add_size(CLI::App& c, const char* name, uint64_t& value, uint64_t least,
              const char* description) {
  c.add_option(name, value, description)
      ->transform(size_value(least))
      ->type_name("SIZE")
      ->group("Network");
}

void add_network_flags(CLI::App& c, ServeOptions& o) {
  c.add_option("--host", o.host, "Address to listen on")
      ->capture_default_str()
      ->transform(host_value())
      ->type_name("HOST")
      ->group("Network");
  add_count(c, "--port", o.port, 0, 65535, "Network",
            "Port to listen on; 0 picks a free one and prints it");
  add_count(c, "--max-connections", o.connections_max, 1, 10'000'000, "Network",
            "Open connections; more are answered 503");
  add_size(c, "--max-body", o.body_bytes_max, 1, "Largest request body (64m)");
  add_size(c, "--max-header", o.header_bytes_max, 256, "Largest request header (32k)");
  add_count(c, "--max-rows", o.rows_max, 1, 1'000'000'000, "Network", "Most rows in one request");
  add_time(c, "--idle-timeout", o.idle_timeout_s, Zero::kRefused, "Network",
           "Close idle connections after this");
  add_time(c, "--header-timeout", o.header_timeout_s, Zero::kRefused, "Network",
           "A request's header must come within this");
  add_time(c, "--body-timeout", o.body_timeout_s, Zero::kRefused, "Network",
           "A request's body must come within this");
  add_time(c, "--write-timeout", o.write_timeout_s, Zero::kRefused, "Network",
           "A peer must take some of its answer within this");
}

void add_resource_flags(CLI::App& c, ServeOptions& o) {
  add_count(c, "--loops", o.loops, 0, 1024, "Resources",
            "Event loops; 0: one per usable CPU, or per CPU of --loop-cpus");
  add_count(c, "--pool-threads", o.pool_threads, 0, 1024, "Resources",
            "Threads for dear requests; 0: one per usable CPU, or per CPU of --pool-cpus");
  c.add_option("--inline-ms-max", o.inline_ms_max,
               "Requests measured cheaper than this run on the event loop")
      ->capture_default_str()
      ->check(CLI::Range(0.0, 1e6))
      ->group("Resources");
  add_time(c, "--drain-delay", o.drain_delay_s, Zero::kAllowed, "Shutdown",
           "After SIGTERM, go on accepting requests for this long");
  add_time(c, "--grace", o.grace_s, Zero::kAllowed, "Shutdown",
           "Then wait this long at most for open requests");
}

void add_log_flags(CLI::App& c, ServeOptions& o) {
  c.add_option("--access-log", o.access_log,
               "Log requests as JSON lines (ECS): off, - (stdout) or a file")
      ->capture_default_str()
      ->transform(access_log_value())
      ->group("Logs");
  c.add_option("--access-log-sample", o.access_log_sample,
               "Share of requests that is logged; failed ones always are")
      ->capture_default_str()
      ->check(CLI::Range(0.0, 1.0))
      ->group("Logs");
  c.add_option("--log-level", o.log_level, "Of the program's own log, on stderr")
      ->capture_default_str()
      ->transform(CLI::IsMember({"debug", "info", "warning", "error"}, CLI::ignore_case))
      ->group("Logs");
  c.add_option("--log-format", o.log_format, "Of the program's own log")
      ->capture_default_str()
      ->transform(CLI::IsMember({"text", "json"}, CLI::ignore_case))
      ->group("Logs");
}

void add_serve(CLI::App& app, ServeOptions& o, std::string& config) {
  CLI::App& c = *app.add_subcommand("serve", "Serve models over REST and gRPC");
  c.add_option("paths", o.paths,
               "Model files; folders of files or of NAME/VERSION/file; YAML lists of models; "
               "https:// and s3:// addresses")
      ->type_name("PATH");
  c.add_option("--config", config, "Read settings from this YAML file")->type_name("FILE");
  add_model_flags(c, o);
  add_repository_flags(c, o);
  add_memory_flags(c, o);
  add_triton_flags(c, o);
  add_torchserve_flags(c, o);
  add_source_flags(c, o);
  add_served_answer_flags(c, o.answers);
  add_network_flags(c, o);
  add_listener_flags(c, o.listeners);
  add_resource_flags(c, o);
  add_admission_flags(c, o.admission);
  add_log_flags(c, o);
  bind_environment(c);
}

void add_predict(CLI::App& app, PredictOptions& o) {
  CLI::App& c =
      *app.add_subcommand("predict", "Score the rows of a CSV, JSON lines, Arrow or Parquet file");
  c.add_option("model", o.model, "Model file")->required()->type_name("MODEL");
  c.add_option("file", o.file, "Rows to score; - or nothing: standard input")->type_name("FILE");
  c.add_option("--select", o.select, "Which model, in a file that holds several")
      ->type_name("PATH");
  c.add_option("--input-format", o.input_format, "By default told from the name and content")
      ->capture_default_str()
      ->check(CLI::IsMember({"auto", "csv", "tsv", "jsonl", "arrow", "parquet"}));
  c.add_option("--separator", o.separator, "Between fields (default: the commonest of , ; tab |)")
      ->transform(separator_value())
      ->type_name("CHAR");
  c.add_flag("--no-header", o.no_header, "The first line of the CSV is a row, not column names");
  c.add_option("--output-format", o.output_format, "csv, or json (one object a line)")
      ->capture_default_str()
      ->check(CLI::IsMember({"csv", "json"}));
  c.add_option("--outputs", o.outputs,
               "What to compute: predict, predict_proba, ... (default: predict)")
      ->delimiter(',')
      ->allow_extra_args(false);
  c.add_option("--keys", o.keys, "Columns to pass through (default: all that are no feature)")
      ->delimiter(',')
      ->allow_extra_args(false);
  add_answer_flags(c, o.answers);
  c.add_option("--out", o.out, "Write here instead of standard output")->type_name("FILE");
}

void add_inspect(CLI::App& app, InspectOptions& o) {
  CLI::App& c =
      *app.add_subcommand("inspect", "Show what a model file holds and whether it can be served");
  c.add_option("model", o.model, "Model file")->required()->type_name("MODEL");
  c.add_option("--select", o.select, "Which model, in a file that holds several")
      ->type_name("PATH");
  c.add_option("--require-signature", o.require_signature,
               "Fail unless it is a bundle that this public key (PEM, Ed25519) signed; may be "
               "repeated: any of the keys")
      ->type_name("KEY")
      ->allow_extra_args(false);
  c.add_flag("--json", o.json, "As JSON");
}

void add_verify(CLI::App& app, VerifyOptions& o) {
  CLI::App& c = *app.add_subcommand(
      "verify", "Check that a model answers as expected, or as another model does");
  c.add_option("model", o.model, "Model file")->required()->type_name("MODEL");
  c.add_option("data", o.data, "Rows, CSV or JSON lines; CSV may hold the expected answers too")
      ->required()
      ->type_name("DATA");
  CLI::Option* expected =
      c.add_option("--expected", o.expected, "CSV of expected answers, a line for each row")
          ->type_name("FILE");
  c.add_option("--against", o.against, "Another model, whose answers are expected")
      ->type_name("MODEL")
      ->excludes(expected);
  c.add_option("--select", o.select, "Which model, in a file that holds several")
      ->type_name("PATH");
  c.add_option("--against-select", o.against_select, "The same for --against")->type_name("PATH");
  c.add_option("--keys", o.keys, "Columns of the data that are neither feature nor answer")
      ->delimiter(',')
      ->allow_extra_args(false);
  c.add_option("--tolerance", o.tolerance,
               "Numbers may differ by this, times the expected one where that is over 1")
      ->capture_default_str()
      ->check(CLI::NonNegativeNumber);
  c.add_flag("--json", o.json, "The result as JSON");
}

void add_evaluate_rows(CLI::App& c, EvaluateOptions& o) {
  c.add_option("--target", o.target,
               "Column of the true values (default: the only one that is no feature)")
      ->type_name("COLUMN");
  c.add_option("--keys", o.keys, "Columns of the data that are neither feature nor target")
      ->delimiter(',')
      ->allow_extra_args(false);
  c.add_option("--split", o.split,
               "Evaluate the test part of a split: holdout=0.2 (drawn by lot), stratified=0.2, "
               "grouped=0.2 (with --group), time=0.2 (the latest rows, with --time)")
      ->capture_default_str();
  c.add_option("--group", o.group, "Column whose values a grouped split keeps together")
      ->type_name("COLUMN");
  c.add_option("--time", o.time, "Column by which a split by time orders the rows")
      ->type_name("COLUMN");
  c.add_option("--weight", o.weight, "Column that says how much each row counts")
      ->type_name("COLUMN");
  c.add_option("--slice", o.slices, "Metrics for each value of this column too")
      ->type_name("COLUMN")
      ->delimiter(',')
      ->allow_extra_args(false);
  c.add_option("--input-format", o.input_format, "Of the data")
      ->capture_default_str()
      ->check(CLI::IsMember({"auto", "csv", "tsv", "jsonl", "arrow", "parquet"}));
}

void add_evaluate(CLI::App& app, EvaluateOptions& o) {
  CLI::App& c = *app.add_subcommand("evaluate",
                                    "Compare a model's answers with true values: metrics, "
                                    "curves, slices, a report");
  c.add_option("model", o.model, "Model file")->required()->type_name("MODEL");
  c.add_option("data", o.data, "Rows with their true values: CSV, TSV, JSON lines, Arrow, Parquet")
      ->required()
      ->type_name("DATA");
  add_evaluate_rows(c, o);
  c.add_option("--task", o.task, "classification makes a booster's numbers probabilities")
      ->capture_default_str()
      ->check(CLI::IsMember({"auto", "classification", "regression"}));
  c.add_option("--positive", o.positive, "Of two classes, the one to find (default: the second)")
      ->type_name("LABEL");
  c.add_option("--threshold", o.threshold,
               "Of two classes: the probability from which on a row counts as positive")
      ->check(CLI::Range(0.0, 1.0));
  c.add_option("--bootstrap", o.replicates, "Replicates for confidence intervals; 0: none")
      ->capture_default_str()
      ->check(CLI::Range(0U, 1'000'000U));
  c.add_option("--confidence", o.level, "Level of the intervals")
      ->capture_default_str()
      ->check(CLI::Range(0.01, 0.9999));
  c.add_flag("--importance", o.importance, "Permutation importance of each feature");
  c.add_option("--repeats", o.repeats, "Permutations of each feature")
      ->capture_default_str()
      ->check(CLI::Range(1U, 1000U));
  c.add_option("--seed", o.seed, "Of the split, the bootstrap and the permutations")
      ->capture_default_str();
  c.add_option("--threads", o.threads, "Threads that compute; 0: one per usable CPU")
      ->capture_default_str()
      ->check(CLI::Range(0U, 1024U));
  c.add_option("--select", o.select, "Which model, in a file that holds several")
      ->type_name("PATH");
  c.add_option("--html", o.html_file, "Write a report with plots, one HTML file")
      ->type_name("FILE");
  c.add_flag("--json", o.json, "The result as JSON");
}

void add_convert(CLI::App& app, ConvertOptions& o) {
  CLI::App& c = *app.add_subcommand(
      "convert", "Write a model as ONNX or PMML, and check that the file answers the same");
  c.add_option("model", o.model, "Model file")->required()->type_name("MODEL");
  c.add_option("out", o.out, "Where to write: a file .onnx or .pmml")->required()->type_name("OUT");
  c.add_option("--to", o.to,
               "The format, where the name does not say it; slipway: ONNX, with operators of "
               "Slipway's own where ONNX has none")
      ->check(CLI::IsMember({"onnx", "pmml", "slipway"}));
  c.add_option("--select", o.select, "Which model, in a file that holds several")
      ->type_name("PATH");
  c.add_option("--data", o.data,
               "Rows to compare the answers on, CSV or JSON lines (default: rows that are made up "
               "from what the model compares its input with)")
      ->type_name("FILE");
  c.add_option("--keys", o.keys, "Columns of the data that are no feature")
      ->delimiter(',')
      ->allow_extra_args(false);
  c.add_option("--tolerance", o.tolerance,
               "Numbers may differ by this, times the model's own where that is over 1")
      ->capture_default_str()
      ->check(CLI::NonNegativeNumber);
  c.add_flag("--force", o.force, "Write the file even if its answers differ or cannot be checked");
  c.add_flag("--json", o.json, "The result of the check as JSON");
}

void add_pack(CLI::App& app, PackOptions& o) {
  CLI::App& c = *app.add_subcommand(
      "pack", "Make a bundle (.slip) of a model: with its schema, sample answers and checksums");
  c.add_option("models", o.models, "Model files or folders")->required()->type_name("MODEL");
  c.add_option("-o,--out", o.out,
               "Where to write; of several models the folder (default: NAME.slip here)")
      ->type_name("PATH");
  c.add_option("--name", o.name, "The model's name (default: the file's)")->type_name("NAME");
  c.add_option("--model-version", o.version, "The model's version (default: 1)")
      ->type_name("VERSION");
  c.add_option("--select", o.select, "Which model, in a file that holds several")
      ->type_name("PATH");
  c.add_option("--data", o.data,
               "Rows, CSV or JSON lines, that sample answers, ranges and categories are taken from "
               "(default: rows that are made up from what the model compares its input with)")
      ->type_name("FILE");
  c.add_option("--keys", o.keys, "Columns of the data that are no feature")
      ->delimiter(',')
      ->allow_extra_args(false);
  c.add_option("--samples", o.sample_rows, "Rows with answers that the bundle holds")
      ->capture_default_str()
      ->check(CLI::Range(0, 1000));
  c.add_option(
       "--details", o.details,
       "A JSON object of what else there is to say: metrics, parameters, training_data, ...")
      ->type_name("FILE");
  c.add_option("--card", o.card, "The model card, Markdown (default: one is made)")
      ->type_name("FILE");
  c.add_flag("--json", o.json, "The result as JSON");
}

void add_sign(CLI::App& app, SignOptions& o) {
  CLI::App& c = *app.add_subcommand(
      "sign", "Sign bundles (.slip), so that `serve --require-signature` takes them");
  c.add_option("bundles", o.bundles, "Bundles, which are signed in their place")->type_name("FILE");
  CLI::Option* key =
      c.add_option("--key", o.key, "The private key, Ed25519 in PEM")->type_name("FILE");
  c.add_option("--new-key", o.new_key, "Make a key first: NAME.key (private) and NAME.pub (public)")
      ->type_name("NAME")
      ->excludes(key);
}

std::vector<Setting> settings_of(const CLI::App& command) {
  std::vector<Setting> settings;
  for (const CLI::Option* option : command.get_options()) {
    Setting setting;
    if (option->get_lnames().empty()) {
      setting.name = option->get_name();
      setting.is_positional = true;
    } else {
      setting.name = option->get_lnames()[0];
      if (setting.name == "help" || setting.name == "config") continue;
      setting.environment = option->get_envname();
      setting.is_flag = option->get_items_expected_max() == 0;
      setting.is_list = is_list(*option);
    }
    settings.push_back(std::move(setting));
  }
  return settings;
}

/// The value of --config among the arguments of `serve`, or of its environment variable.
std::optional<std::string> config_path(const std::vector<std::string>& arguments) {
  std::optional<std::string> path = value_of(arguments, "config");
  const char* const variable = std::getenv("SLIPWAY_CONFIG");
  if (!path && variable != nullptr) path = variable;
  return path;
}

/// Puts the flags of --config before the user's own, which so win; gives the file's paths.
Result<std::vector<std::string>> insert_config(const CLI::App& serve_command,
                                               std::vector<std::string>& arguments) {
  std::vector<std::string> paths;
  if (arguments.empty() || arguments[0] != "serve") return paths;
  const auto path = config_path(arguments);
  if (!path.has_value()) return paths;
  ConfigArguments config = TRY(read_config_file(*path, settings_of(serve_command)));
  arguments.insert(arguments.begin() + 1, config.flags.begin(), config.flags.end());
  return std::move(config.positionals);
}

std::vector<CommandDescription> describe_commands(const CLI::App& app) {
  std::vector<CommandDescription> commands;
  for (const CLI::App* command : app.get_subcommands(nullptr)) {
    CommandDescription description{command->get_name(), command->get_description(), {}};
    for (const CLI::Option* option : command->get_options()) {
      FlagDescription flag;
      flag.is_positional = option->get_lnames().empty();
      flag.name = flag.is_positional ? option->get_name() : "--" + option->get_lnames()[0];
      flag.description = option->get_description();
      flag.type = option->get_items_expected_max() == 0 ? "" : option->get_type_name();
      flag.fallback = option->get_default_str();
      flag.environment = option->get_envname();
      description.flags.push_back(std::move(flag));
    }
    commands.push_back(std::move(description));
  }
  return commands;
}

/// "slipway sevre": CLI11 would only say that a command is missing.
std::optional<std::string> unknown_command(const CLI::App& app,
                                           const std::vector<std::string>& arguments) {
  if (arguments.empty() || arguments[0].starts_with('-')) return std::nullopt;
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands(nullptr)) {
    if (command->get_name() == arguments[0]) return std::nullopt;
    names.push_back(command->get_name());
  }
  const std::string nearest = nearest_name(arguments[0], names);
  return fmt::format("there is no command '{}'{}", arguments[0].substr(0, 64),
                     nearest.empty() ? "" : fmt::format("; did you mean '{}'?", nearest));
}

/// Where a flag that the user did not write came from: " (from SLIPWAY_PORT)", or "".
std::string source_of(const CLI::ParseError& error, const std::vector<std::string>& written,
                      const std::optional<std::string>& config) {
  const std::string message = error.what();
  if (!message.starts_with("--")) return {};
  const std::string flag = message.substr(0, message.find_first_of(": "));
  for (const std::string& argument : written) {
    if (argument == flag || argument.starts_with(flag + "=")) return {};
  }
  const std::string variable = environment_name(flag.substr(2));
  if (std::getenv(variable.c_str()) != nullptr) return fmt::format(" (from {})", variable);
  return config ? fmt::format(" (from {})", *config) : std::string();
}

int report_parse_error(const CLI::App& app, const CLI::ParseError& error,
                       const std::string& source) {
  if (error.get_exit_code() == 0) return app.exit(error);
  fmt::print(stderr, "slipway: {}{}\n", error.what(), source);
  fmt::print(stderr, "Try `slipway --help`, or `slipway COMMAND --help`.\n");
  return kExitFailure;
}

}  // namespace

int run(int argc, char** argv) {
  CLI::App app(kDescription, "slipway");
  app.footer(kFooter);
  app.require_subcommand(1);
  app.set_version_flag("-V,--version", std::string("slipway ") + kVersion);
  ServeOptions serve_options;
  PredictOptions predict_options;
  InspectOptions inspect_options;
  VerifyOptions verify_options;
  EvaluateOptions evaluate_options;
  ConvertOptions convert_options;
  PackOptions pack_options;
  SignOptions sign_options;
  TrainOptions train_options;
  DataOptions data_options;
  RunsOptions runs_options;
  std::string config;
  std::string shell;
  add_serve(app, serve_options, config);
  add_predict(app, predict_options);
  add_inspect(app, inspect_options);
  add_verify(app, verify_options);
  add_evaluate(app, evaluate_options);
  add_convert(app, convert_options);
  add_pack(app, pack_options);
  add_sign(app, sign_options);
  add_train(app, train_options);
  add_data(app, data_options);
  add_runs(app, runs_options);
  app.add_subcommand("version", "Print the version");
  CLI::App* completion =
      app.add_subcommand("completion", "Print a script for your shell's completion");
  completion->add_option("shell", shell, "bash, zsh or fish")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}));
  app.add_subcommand("man", "Print the manual page (slipway man | man -l -)");

  std::vector<std::string> arguments(argv + 1, argv + argc);
  if (!arguments.empty() && arguments[0] == "help") arguments[0] = "--help";
  if (const auto problem = unknown_command(app, arguments)) {
    fmt::print(stderr, "slipway: {}\nTry `slipway --help`.\n", *problem);
    return kExitFailure;
  }
  ignore_service_link();
  Result<std::vector<std::string>> translated = translate_tf_serving_flags(std::move(arguments));
  if (translated.ok()) translated = translate_torchserve_flags(std::move(translated).value());
  if (!translated.ok()) {
    fmt::print(stderr, "slipway: {}\n", translated.status().message());
    return kExitFailure;
  }
  arguments = std::move(translated).value();
  const std::vector<std::string> written = arguments;
  Result<std::vector<std::string>> config_paths =
      insert_config(*app.get_subcommand("serve"), arguments);
  if (!config_paths.ok()) {
    fmt::print(stderr, "slipway: {}\n", config_paths.status().message());
    return kExitFailure;
  }
  try {
    std::reverse(arguments.begin(), arguments.end());  // CLI11 takes them last first
    app.parse(arguments);
  } catch (const CLI::ParseError& error) {
    return report_parse_error(app, error, source_of(error, written, config_path(written)));
  }
  if (app.got_subcommand("serve")) {
    if (serve_options.paths.empty()) serve_options.paths = std::move(config_paths).value();
    return serve(serve_options);
  }
  if (app.got_subcommand("predict")) return predict(predict_options);
  if (app.got_subcommand("inspect")) return inspect(inspect_options);
  if (app.got_subcommand("verify")) return verify(verify_options);
  if (app.got_subcommand("evaluate")) return evaluate(evaluate_options);
  if (app.got_subcommand("convert")) return convert(convert_options);
  if (app.got_subcommand("pack")) return pack(pack_options);
  if (app.got_subcommand("sign")) return sign(sign_options);
  if (app.got_subcommand("train")) {
    train_options.command = written;
    train_options.command.insert(train_options.command.begin(), "slipway");
    return train(train_options);
  }
  if (app.got_subcommand("data")) return data(data_options);
  if (app.got_subcommand("runs")) return runs(runs_options);
  if (app.got_subcommand("completion")) {
    fmt::print("{}", completion_script(describe_commands(app), shell));
    return kExitOk;
  }
  if (app.got_subcommand("man")) {
    fmt::print("{}", manual_page(describe_commands(app), kVersion));
    return kExitOk;
  }
  fmt::print("slipway {}\n", kVersion);
  return kExitOk;
}

}  // namespace slipway::cli
