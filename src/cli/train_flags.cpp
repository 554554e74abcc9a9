#include "cli/internal/train_flags.h"

#include "cli/internal/data_flags.h"
#include "cli/internal/train_preparation_flags.h"
#include "cli/internal/train_selection_flags.h"

namespace slipway::cli {

void add_train(CLI::App& app, TrainOptions& o) {
  CLI::App& c = *app.add_subcommand(
      "train", "Learn a model from a table: prepare, compare learners, write a bundle to serve");
  c.add_option("data", o.data, "CSV, TSV, JSON lines (.gz, .zst), Arrow or Parquet; - for stdin")
      ->required()
      ->type_name("DATA");
  c.add_option("--target", o.target, "The column that is to be predicted")
      ->required()
      ->type_name("COLUMN");
  c.add_option("-o,--out", o.out, "Where to write the bundle (default: TARGET.slip)")
      ->type_name("FILE");
  c.add_option("--name", o.name, "The model's name (default: the target's)")->type_name("NAME");
  c.add_option("--model-version", o.version, "The model's version (default: 1)")
      ->type_name("VERSION");
  c.add_option("--task", o.task, "By default texts and few whole numbers are classes")
      ->capture_default_str()
      ->check(CLI::IsMember({"auto", "classification", "regression"}));
  c.add_option("--ignore", o.ignored, "Columns that are neither feature nor target")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->type_name("COLUMNS");
  c.add_option("--seed", o.seed, "Of everything that is drawn by lot")->capture_default_str();
  c.add_option("--threads", o.threads, "At work at once (default: one per usable CPU)")
      ->check(CLI::Range(1, 1024));
  c.add_flag("--no-record", o.no_record, "Leave no record of the run (`slipway runs`)");
  c.add_flag("--json", o.json, "The result as JSON");
  add_table_flags(c, o.table);
  add_selection_flags(c, o.selection);
  add_preparation_flags(c, o.preparation);
}

}  // namespace slipway::cli
