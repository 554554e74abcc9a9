#include "cli/runs.h"

#include <fmt/format.h>

#include <cstdio>
#include <filesystem>
#include <new>

#include "cli/commands.h"
#include "cli/output_file.h"
#include "cli/runs_export.h"
#include "cli/runs_output.h"
#include "cli/train_record.h"
#include "experiments/mlflow_export.h"
#include "experiments/project_folder.h"
#include "experiments/run_store.h"
#include "training/selection/judge.h"

namespace slipway::cli {
namespace {

using experiments::RunRecord;
using experiments::RunStatus;
using experiments::RunStore;

Result<std::string> project_folder() {
  const std::string home = project_home();
  if (const auto found = experiments::find_project_folder(working_directory(), home)) return *found;
  return not_found(
      home.empty() ? fmt::format("there are no records of runs: no folder {} here or above (each "
                                 "`slipway train` records its run)",
                                 experiments::kProjectFolder)
                   : fmt::format("there are no records of runs: no folder {} ({})", home,
                                 experiments::kHomeVariable));
}

Result<RunStore> open_store() {
  const std::string folder = TRY(project_folder());
  return RunStore::open(folder);
}

Status list(const RunsOptions& options) {
  RunStore store = TRY(open_store());
  experiments::RunFilter filter;
  filter.target = options.target;
  filter.learner = options.learner;
  filter.metric = options.sort;
  filter.least_first = training::is_loss(options.sort);
  filter.limit = options.limit;
  const std::vector<RunRecord> runs = TRY(store.list(filter));
  return write_output("-", options.json ? runs_json(runs) : runs_table(runs, options.sort));
}

Result<std::vector<RunRecord>> find_all(RunStore& store, const std::vector<std::string>& names) {
  std::vector<RunRecord> runs;
  runs.reserve(names.size());
  for (const std::string& name : names) runs.push_back(TRY(store.find(name)));
  return runs;
}

Status show(const RunsOptions& options) {
  RunStore store = TRY(open_store());
  const RunRecord run = TRY(store.find(options.runs[0]));
  return write_output("-", options.json ? run_json(run) : run_text(run));
}

Status compare(const RunsOptions& options) {
  RunStore store = TRY(open_store());
  const std::vector<RunRecord> runs = TRY(find_all(store, options.runs));
  return write_output("-", options.json ? comparison_json(runs) : comparison_text(runs));
}

Status remove(const RunsOptions& options) {
  const std::string folder = TRY(project_folder());
  TRY_STATUS(experiments::delete_runs(folder, options.runs));
  fmt::print("deleted {} run{}; bundles stay where they are\n", options.runs.size(),
             options.runs.size() == 1 ? "" : "s");
  return {};
}

/// "shop" of /home/me/shop/.slipway.
std::string project_name(const std::string& folder) {
  std::error_code error;
  const auto path = std::filesystem::absolute(folder, error).lexically_normal();
  const std::string name = path.parent_path().filename().string();
  return name.empty() ? std::string("slipway") : name;
}

Status write_runs(const RunsOptions& options) {
  const std::string folder = TRY(project_folder());
  RunStore store = TRY(RunStore::open(folder));
  std::vector<std::string> names = options.runs;
  if (names.empty()) {
    const std::vector<RunRecord> all = TRY(store.list({}));
    for (auto run = all.rbegin(); run != all.rend(); ++run) names.push_back(run->id);
  }
  const std::string experiment =
      options.experiment.empty() ? project_name(folder) : options.experiment;
  size_t written = 0;
  size_t present = 0;
  for (const std::string& name : names) {
    RunRecord run = TRY(store.find(name));
    const int64_t number = run.number;
    if (run.status == RunStatus::kRunning) {
      fmt::print(stderr, "slipway: run {} is still under way and left out\n", number);
      continue;
    }
    const bool is_new = TRY(
        experiments::export_to_mlflow(options.mlflow, experiment, with_artifacts(std::move(run))));
    ++(is_new ? written : present);
  }
  fmt::print("wrote {} run{} to {}, experiment '{}'", written, written == 1 ? "" : "s",
             options.mlflow, experiment);
  fmt::print("{}\n", present == 0 ? "" : fmt::format("; {} were there already", present));
  return {};
}

Status run_action(const RunsOptions& options) {
  switch (options.action) {
    case RunsOptions::Action::kList: return list(options);
    case RunsOptions::Action::kShow: return show(options);
    case RunsOptions::Action::kCompare: return compare(options);
    case RunsOptions::Action::kDelete: return remove(options);
    case RunsOptions::Action::kExport: return write_runs(options);
  }
  return {};
}

}  // namespace

int runs(const RunsOptions& options) {
  Status status;
  try {
    status = run_action(options);
  } catch (const std::bad_alloc&) {
    status = resource_exhausted("not enough memory");
  }
  if (status.ok()) return kExitOk;
  fmt::print(stderr, "slipway: {}\n", status.message());
  return kExitFailure;
}

}  // namespace slipway::cli
