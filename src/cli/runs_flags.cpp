#include "cli/internal/runs_flags.h"

namespace slipway::cli {
namespace {

CLI::App& add_action(CLI::App& runs, const char* name, const char* description,
                     RunsOptions::Action action, RunsOptions& o) {
  CLI::App& c = *runs.add_subcommand(name, description);
  c.callback([&o, action] { o.action = action; });
  return c;
}

}  // namespace

void add_runs(CLI::App& app, RunsOptions& o) {
  CLI::App& c = *app.add_subcommand(
      "runs", "List the project's trainings; show, compare, delete, export them");
  c.require_subcommand(0, 1);
  c.add_option("--target", o.target, "Only runs that predict this column")->type_name("COLUMN");
  c.add_option("--learner", o.learner, "Only runs whose best learner is this one")
      ->type_name("NAME");
  c.add_option("--sort", o.sort, "By this metric, the best first (default: the newest first)")
      ->type_name("METRIC");
  c.add_option("--limit", o.limit, "So many at most; 0: all")->capture_default_str();
  c.add_flag("--json", o.json, "As JSON");

  using Action = RunsOptions::Action;
  constexpr const char* kRun = "RUN";
  CLI::App& show = add_action(c, "show", "All that is known of a run", Action::kShow, o);
  show.add_option("run", o.runs, "Its number, its id, or latest")
      ->required()
      ->expected(1)
      ->type_name(kRun);
  show.add_flag("--json", o.json, "As JSON");
  CLI::App& compare =
      add_action(c, "compare", "What differs between runs, and nothing else", Action::kCompare, o);
  compare.add_option("runs", o.runs, "Two or more")->required()->expected(2, 100)->type_name(kRun);
  compare.add_flag("--json", o.json, "As JSON");
  CLI::App& remove = add_action(c, "delete", "Forget runs; their bundles stay", Action::kDelete, o);
  remove.add_option("runs", o.runs, "One or more")->required()->type_name(kRun);
  CLI::App& out = add_action(c, "export", "Write runs for other programs", Action::kExport, o);
  out.add_option("runs", o.runs, "Which (default: all that have ended)")->type_name(kRun);
  out.add_option("--mlflow", o.mlflow,
                 "A tracking directory of MLflow; one that is there is added to")
      ->required()
      ->type_name("FOLDER");
  out.add_option("--experiment", o.experiment,
                 "MLflow's experiment (default: the name of the project's folder)")
      ->type_name("NAME");
}

}  // namespace slipway::cli
