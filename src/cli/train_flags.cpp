#include "cli/internal/train_flags.h"

#include "cli/internal/data_flags.h"
#include "cli/internal/train_selection_flags.h"

namespace slipway::cli {
namespace {

void add_preparation_flags(CLI::App& c, TrainOptions& o) {
  const char* const group = "Preparation";
  c.add_option("--impute", o.impute, "What missing numbers become; constant: --fill")
      ->capture_default_str()
      ->check(CLI::IsMember({"mean", "median", "most_frequent", "constant", "keep"}))
      ->group(group);
  c.add_option("--fill", o.fill, "The number of --impute constant")
      ->capture_default_str()
      ->group(group);
  c.add_option("--impute-categories", o.impute_categories,
               "Missing categories are a category of their own, or the most frequent one")
      ->capture_default_str()
      ->check(CLI::IsMember({"category", "most_frequent"}))
      ->group(group);
  c.add_flag("--indicate-missing", o.indicate_missing,
             "A feature more for each number column with missing values: is it missing?")
      ->group(group);
  c.add_option("--scale", o.scale, "Of numbers; auto: standard, but none for trees and naive Bayes")
      ->capture_default_str()
      ->check(CLI::IsMember({"auto", "none", "standard", "minmax", "robust"}))
      ->group(group);
  c.add_option("--encode", o.encode, "Of categories")
      ->capture_default_str()
      ->check(CLI::IsMember({"onehot", "ordinal"}))
      ->group(group);
  c.add_option("--min-frequency", o.category_rows_min, "Categories of fewer rows share one feature")
      ->capture_default_str()
      ->check(CLI::Range(1, 1'000'000'000))
      ->group(group);
  c.add_option("--max-categories", o.categories_max,
               "Of a column; the rarest of more share one feature")
      ->capture_default_str()
      ->check(CLI::Range(1, 100'000))
      ->group(group);
}

}  // namespace

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
  c.add_flag("--json", o.json, "The result as JSON");
  add_table_flags(c, o.table);
  add_selection_flags(c, o.selection);
  add_preparation_flags(c, o);
}

}  // namespace slipway::cli
