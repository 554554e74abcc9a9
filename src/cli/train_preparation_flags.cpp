// How columns become features.
#include "cli/internal/train_flags.h"

namespace slipway::cli {

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

}  // namespace slipway::cli
