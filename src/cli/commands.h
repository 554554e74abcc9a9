// The commands of `slipway`, one file each. main.cpp parses the command line into these options.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cli/admission_flags.h"
#include "cli/answer_flags.h"
#include "cli/listener_flags.h"
#include "cli/preparation_flags.h"
#include "cli/selection_flags.h"
#include "cli/table_flags.h"

namespace slipway::cli {

/// Exit codes of all commands.
inline constexpr int kExitOk = 0;
inline constexpr int kExitFailure = 1;      // it could not be done: the message says why
inline constexpr int kExitUnsupported = 2;  // the model holds something that Slipway cannot compute

struct ServeOptions {
  std::vector<std::string> paths;
  std::string name;
  std::string select;
  std::string default_model;
  std::vector<std::string> named_models;  // NAME=PATH
  std::string model_store;                // admin calls may register what lies in it
  std::string token_file;                 // TorchServe's keys are written to it; empty: none
  double token_expiry_s = 3600;
  bool no_model_api = false;                    // TorchServe's calls register nothing
  std::vector<std::string> model_config_files;  // lists in TensorFlow Serving's text format
  AnswerFlags answers;                          // of the only model
  std::string monitoring_config_file;           // TensorFlow Serving's, for the metrics' path
  std::string versions = "latest";              // of models that no list gives a policy
  std::string watch = "inotify";                // "inotify", "poll", "off"
  double poll_interval_s = 5;
  double quiet_time_s = 0.5;
  uint32_t load_threads = 0;   // 0: one per usable CPU
  uint64_t memory_budget = 0;  // 0: no limit
  bool load_on_demand = false;
  std::string cache_folder;  // empty: the usual place
  std::string ca_file;
  std::vector<std::string> allow_url;  // where admin calls may load models from
  std::vector<std::string> allow_folders;
  std::string s3_endpoint;
  std::string s3_region;
  std::string s3_style = "auto";  // "auto", "path", "virtual"
  double load_timeout_s = 30;
  std::vector<std::string> require_signature;  // public keys; only bundles they signed are served
  bool shared_memory = false;                  // clients may register regions
  bool triton_metrics = false;
  std::string model_control_mode;         // as Triton's: "none", "poll", "explicit"; empty: --watch
  std::vector<std::string> load_models;   // "explicit": at the start; "*": all
  uint32_t repository_poll_seconds = 15;  // "poll"
  std::string trace_folder;               // empty: no traces are written
  std::string admin;                      // HOST:PORT or unix:PATH; empty: no admin listener
  std::string admin_token;
  std::string host = "127.0.0.1";
  uint16_t port = 8080;
  ListenerFlags listeners;
  uint32_t loops = 0;         // 0: one per usable CPU
  uint32_t pool_threads = 0;  // 0: one per usable CPU
  AdmissionFlags admission;
  double inline_ms_max = 0.5;
  double drain_delay_s = 0;
  double grace_s = 30;
  std::string access_log = "off";  // "off", "-" (stdout) or a path
  double access_log_sample = 1;    // share of requests that are logged; errors always are
  std::string log_level = "info";
  std::string log_format = "text";
  uint64_t body_bytes_max = 64ULL << 20;
  uint64_t header_bytes_max = 32ULL << 10;
  uint32_t connections_max = 10'000;
  uint64_t rows_max = 1'000'000;
  uint64_t model_bytes_max = 4ULL << 30;
  double idle_timeout_s = 75;
  double header_timeout_s = 10;
  double body_timeout_s = 60;
  double write_timeout_s = 60;
};

struct PredictOptions {
  std::string model;
  std::string file = "-";
  std::string select;
  std::string input_format = "auto";  // "auto", "csv", "tsv", "jsonl", "arrow", "parquet"
  std::string separator;              // of CSV; empty: found in its first line
  bool no_header = false;             // of CSV: the first line is a row
  std::string output_format = "csv";  // "csv", "json"
  std::vector<std::string> outputs;   // empty: the default output
  std::vector<std::string> keys;      // columns passed through; empty: all that are no feature
  AnswerFlags answers;                // threshold and class names
  std::string out = "-";
  uint64_t model_bytes_max = 4ULL << 30;
};

struct InspectOptions {
  std::string model;
  std::vector<std::string> require_signature;  // public keys
  std::string select;
  bool json = false;
  uint64_t model_bytes_max = 4ULL << 30;
};

struct VerifyOptions {
  std::string model;
  std::string data;      // rows
  std::string expected;  // CSV of answers; empty: they are in `data`, or those of `against`
  std::string against;   // another model file
  std::string select;
  std::string against_select;
  std::vector<std::string> keys;  // columns of `data` that are no feature
  double tolerance = 1e-6;
  bool json = false;
  uint64_t model_bytes_max = 4ULL << 30;
};

struct ConvertOptions {
  std::string model;
  std::string out;
  std::string to;  // "onnx", "pmml"; empty: told from the name of `out`
  std::string select;
  std::string data;               // rows to compare on; empty: rows are made up
  std::vector<std::string> keys;  // columns of `data` that are no feature
  double tolerance = 1e-6;
  bool force = false;
  bool json = false;
  uint64_t model_bytes_max = 4ULL << 30;
};

struct PackOptions {
  std::vector<std::string> models;
  std::string out;      // a file, or for several models a folder; empty: NAME.slip
  std::string name;     // empty: the file's
  std::string version;  // empty: "1"
  std::string select;
  std::string data;               // rows: samples and ranges come from them
  std::vector<std::string> keys;  // columns of `data` that are no feature
  std::string details;            // a JSON file: metrics, parameters, ...
  std::string card;               // a Markdown file
  size_t sample_rows = 20;
  bool json = false;
  uint64_t model_bytes_max = 4ULL << 30;
};

struct EvaluateOptions {
  std::string model;
  std::string data;
  std::string select;
  std::string input_format = "auto";  // as ReadOptions::format
  std::string target;                 // empty: the only column that is no feature
  std::string task = "auto";          // "auto", "classification", "regression"
  std::string positive;               // label of two; empty: the second one
  std::optional<double> threshold;    // on the positive class's probability
  std::vector<std::string> slices;    // columns whose values the rows are told apart by
  std::vector<std::string> keys;      // columns of the data that are no feature
  std::string group;
  std::string time;
  std::string weight;          // a column, no feature; empty: each row counts 1
  std::string split = "none";  // "none", or holdout=, stratified=, grouped=, time= and a share
  uint64_t seed = 0;
  uint32_t replicates = 1000;  // of the bootstrap; 0: no intervals
  double level = 0.95;
  bool importance = false;
  uint32_t repeats = 5;   // of each feature's permutation
  uint32_t threads = 0;   // 0: one per usable CPU
  std::string html_file;  // empty: no report
  bool json = false;
  uint64_t model_bytes_max = 4ULL << 30;
};

struct TrainOptions {
  std::string data;
  TableFlags table;
  std::string target;
  std::string out;                   // empty: TARGET.slip
  std::string name;                  // of the model; empty: the target's
  std::string version;               // empty: "1"
  std::string task = "auto";         // "auto", "classification", "regression"
  std::vector<std::string> ignored;  // columns that are neither feature nor target
  SelectionFlags selection;
  PreparationFlags preparation;
  uint64_t seed = 0;
  uint32_t threads = 0;  // 0: one per usable CPU
  bool no_record = false;
  std::vector<std::string> command;  // as it was written
  bool json = false;
};

struct SignOptions {
  std::vector<std::string> bundles;
  std::string key;      // PEM of the private key
  std::string new_key;  // NAME.key and NAME.pub are made
};

struct DataOptions {
  std::string file;
  TableFlags table;
  std::string target;  // a column; empty: none
  bool json = false;
  std::string html;          // a page is written there
  std::string write_schema;  // the schema is written there
};

int serve(const ServeOptions& options);
int predict(const PredictOptions& options);
int inspect(const InspectOptions& options);
/// Prints what a table holds.
int data(const DataOptions& options);
/// 0: equal, 1: something differs, 2: it cannot be told.
int verify(const VerifyOptions& options);
/// 0: written, 1: not, 2: the format has nothing for what the model does.
int convert(const ConvertOptions& options);
int pack(const PackOptions& options);
int sign(const SignOptions& options);
/// 0: trained and written, 1: not, 2: what was learnt cannot be written.
int train(const TrainOptions& options);
/// 0: evaluated, 1: not, 2: the model holds what Slipway cannot compute.
int evaluate(const EvaluateOptions& options);

}  // namespace slipway::cli
