// What is tried, and how it is judged.
#include "cli/internal/train_flags.h"

namespace slipway::cli {

void add_selection_flags(CLI::App& c, TrainOptions& o) {
  const char* const group = "Selection";
  c.add_option("--learner,--learners", o.learners,
               "What to try: logistic_regression, random_forest, ... (default: those that are "
               "usual for the task)")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->type_name("NAMES")
      ->group(group);
  c.add_option("--param", o.hyperparameters,
               "Values to try of a hyperparameter, as in C=0.01,0.1,1; may be repeated: all "
               "combinations are tried")
      ->allow_extra_args(false)
      ->type_name("NAME=V,V")
      ->group(group);
  c.add_option("--draws", o.draws, "Try so many combinations, drawn by lot (default: all)")
      ->type_name("N")
      ->group(group);
  c.add_option("--cv", o.folds, "Folds of the cross-validation")
      ->capture_default_str()
      ->check(CLI::Range(2, 1000))
      ->group(group);
  c.add_option("--test", o.test_share,
               "A share of the rows that is kept back and judged at the end")
      ->check(CLI::Range(0.0, 0.9))
      ->type_name("SHARE")
      ->group(group);
  c.add_option("--scoring", o.scoring,
               "The metric that decides: accuracy, f1_macro, roc_auc, log_loss, r2, ... (default: "
               "accuracy, r2)")
      ->type_name("METRIC")
      ->group(group);
  c.add_option("--budget", o.budget_s, "Seconds after which nothing more is tried")
      ->check(CLI::NonNegativeNumber)
      ->type_name("SECONDS")
      ->group(group);
}

}  // namespace slipway::cli
