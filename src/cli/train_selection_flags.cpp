#include "cli/internal/train_selection_flags.h"

#include "cli/internal/flag_values.h"

namespace slipway::cli {
namespace {

constexpr const char* kGroup = "Selection";
constexpr const char* kRowsGroup = "Selection: rows";

CLI::Option* add_rows(CLI::App& c, const char* name, size_t& rows, const char* text) {
  return c.add_option(name, rows, text)
      ->check(CLI::Range(size_t{0}, size_t{1} << 32))
      ->type_name("ROWS")
      ->group(kRowsGroup);
}

CLI::Option* add_share(CLI::App& c, const char* name, double& share, const char* text) {
  return c.add_option(name, share, text)
      ->check(CLI::Range(0.0, 0.9))
      ->type_name("SHARE")
      ->group(kRowsGroup);
}

void add_halving_flags(CLI::App& c, SelectionFlags& o) {
  CLI::Option* const halving =
      c.add_flag("--halving", o.halving,
                 "Judge all with little, the best of them with more, and so on")
          ->group(kGroup);
  c.add_option("--factor", o.factor, "One in so many goes on (default: 3)")
      ->check(CLI::Range(1.01, 1000.0))
      ->needs(halving)
      ->group(kGroup);
  c.add_option("--resource", o.resource,
               "What is given out: rows, or a hyperparameter such as n_estimators (default: rows)")
      ->needs(halving)
      ->group(kGroup);
  c.add_option("--min-resources", o.resources_min,
               "Of the first round: exhaust (so that the last has all), smallest, or a number")
      ->needs(halving)
      ->group(kGroup);
  c.add_option("--max-resources", o.resources_max, "Of the last round (of rows: all)")
      ->needs(halving)
      ->group(kGroup);
  c.add_flag("--aggressive-elimination", o.aggressive_elimination,
             "Repeat the first round until few enough are left for the last")
      ->needs(halving)
      ->group(kGroup);
}

void add_row_flags(CLI::App& c, SelectionFlags& o) {
  CLI::Option* const cv = c.add_option("--cv", o.folds, "Folds of the cross-validation")
                              ->capture_default_str()
                              ->check(CLI::Range(2, 1000))
                              ->group(kRowsGroup);
  c.add_option("--folds", o.fold_kind,
               "How they are made: stratified, plain, grouped, stratified-grouped (with --group), "
               "time (with --time), repeated (default: by --time, --group, classes, in this order)")
      ->capture_default_str()
      ->check(CLI::IsMember(
          {"auto", "stratified", "plain", "grouped", "stratified-grouped", "time", "repeated"}))
      ->group(kRowsGroup);
  c.add_option("--group", o.group, "Column, no feature, whose values stay in one part")
      ->type_name("COLUMN")
      ->group(kRowsGroup);
  c.add_option("--time", o.time, "Column, no feature, that orders the rows: trained on the past")
      ->type_name("COLUMN")
      ->group(kRowsGroup);
  c.add_option("--weight", o.weight, "Column, no feature: how much each row counts")
      ->type_name("COLUMN")
      ->group(kRowsGroup);
  c.add_option("--repeats", o.repeats, "Times that folds are drawn (of --folds repeated: 10)")
      ->check(CLI::Range(1, 1000))
      ->type_name("N")
      ->group(kRowsGroup);
  c.add_flag("--no-shuffle", o.no_shuffle, "Folds keep the rows' order instead of drawing by lot")
      ->group(kRowsGroup);
  add_rows(c, "--gap", o.gap, "Of --folds time: rows left out before those that judge");
  add_rows(c, "--window", o.window,
           "Of --folds time: at most so many rows to train on, the latest");
  add_rows(c, "--horizon", o.horizon, "Of --folds time: rows that judge, in each fold");
  add_share(c, "--test", o.test_share,
            "A share of the rows that is kept back and judged at the end");
  add_share(c, "--validation", o.validation_share,
            "A share of the rows that judges the candidates, instead of folds")
      ->excludes(cv);
}

}  // namespace

void add_selection_flags(CLI::App& c, SelectionFlags& o) {
  c.add_option("--learner,--learners", o.learners,
               "What to try: logistic_regression, random_forest, ...; auto: a portfolio, searched "
               "until --budget ends (default: those that are usual for the task)")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->type_name("NAMES")
      ->group(kGroup);
  c.add_option("--param", o.hyperparameters,
               "Values to try of a hyperparameter, as in C=0.01,0.1,1; may be repeated: all "
               "combinations are tried")
      ->allow_extra_args(false)
      ->type_name("NAME=V,V")
      ->group(kGroup);
  c.add_option("--draws", o.draws, "Try so many combinations, drawn by lot (default: all)")
      ->check(CLI::Range(1, 100'000))
      ->type_name("N")
      ->group(kGroup);
  c.add_option("--search", o.search_file,
               "YAML file: learners with lists and ranges of their hyperparameters, and how to go "
               "through them (docs/train.md)")
      ->type_name("FILE")
      ->group(kGroup);
  c.add_option("--scoring", o.scoring,
               "The metric that decides: accuracy, f1_macro, roc_auc, log_loss, r2, ... (default: "
               "accuracy, r2)")
      ->type_name("METRIC")
      ->group(kGroup);
  c.add_option("--budget", o.budget_s, "Time after which nothing more is tried: 60s, 10m, 2h")
      ->transform(time_value(Zero::kAllowed))
      ->type_name("TIME")
      ->group(kGroup);
  c.add_option("--journal", o.journal,
               "Where results are written as they come, so that a search that ended too early goes "
               "on when it is started again (default: under .slipway)")
      ->type_name("FILE")
      ->group(kGroup);
  c.add_flag("--no-journal", o.no_journal, "Neither read nor write a journal")->group(kGroup);
  add_halving_flags(c, o);
  add_row_flags(c, o);
}

}  // namespace slipway::cli
