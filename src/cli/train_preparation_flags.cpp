// How columns become features.
#include "cli/internal/train_preparation_flags.h"

namespace slipway::cli {
namespace {

constexpr const char* kGroup = "Preparation";

/// An option of words, one of them the default.
void add_words(CLI::App& c, const char* name, std::string& value, const char* text,
               const std::vector<std::string>& words) {
  c.add_option(name, value, text)
      ->capture_default_str()
      ->check(CLI::IsMember(words))
      ->group(kGroup);
}

void add_count(CLI::App& c, const char* name, uint32_t& value, const char* text,
               const CLI::Range& range) {
  c.add_option(name, value, text)->capture_default_str()->check(range)->group(kGroup);
}

void add_row_flags(CLI::App& c, PreparationFlags& o) {
  c.add_flag("--drop-missing", o.drop_missing,
             "Do not learn from incomplete rows; requests may still lack values")
      ->group(kGroup);
  c.add_flag("--dedupe", o.drop_duplicates, "Learn from equal rows once")->group(kGroup);
  add_words(c, "--resample", o.resample,
            "Learn from as many rows of each class: small ones again, large ones in part, or made "
            "ones in between",
            {"none", "over", "under", "smote"});
  add_count(c, "--smote-neighbors", o.smote_neighbors, "Of --resample smote", CLI::Range(1, 1000));
}

void add_number_flags(CLI::App& c, PreparationFlags& o) {
  add_words(c, "--outliers", o.outliers,
            "Numbers far from the quartiles (iqr) or the mean (z): clip them to the fence, or do "
            "not learn from their rows",
            {"keep", "clip-iqr", "clip-z", "drop-iqr", "drop-z"});
  c.add_option("--outlier-factor", o.outlier_factor,
               "How far: in ranges between the quartiles (default: 1.5), or in deviations "
               "(default: 3)")
      ->check(CLI::PositiveNumber)
      ->type_name("NUMBER")
      ->group(kGroup);
  add_words(c, "--impute", o.impute,
            "What missing numbers become; constant: --fill; knn: the mean of --neighbors rows",
            {"mean", "median", "most_frequent", "constant", "knn", "keep"});
  c.add_option("--fill", o.fill, "The number of --impute constant")
      ->capture_default_str()
      ->group(kGroup);
  add_count(c, "--neighbors", o.neighbors, "Of --impute knn", CLI::Range(1, 10'000));
  c.add_flag("--indicate-missing", o.indicate_missing,
             "A feature more for each number column with missing values: is it missing?")
      ->group(kGroup);
  add_words(c, "--scale", o.scale, "Of numbers; auto: standard, but none for trees and naive Bayes",
            {"auto", "none", "standard", "minmax", "robust"});
  add_count(c, "--bins", o.bins, "Numbers become one of so many ranges (default: no ranges)",
            CLI::Range(2, 1000));
  add_words(c, "--bins-by", o.bins_by, "Ranges of as many rows, or of one width",
            {"quantile", "uniform"});
  add_words(c, "--bins-encode", o.bins_encode, "Of ranges", {"onehot", "ordinal"});
}

void add_time_flags(CLI::App& c, PreparationFlags& o) {
  add_words(c, "--times", o.times,
            "Of dates and times: the days since the first one, parts of the calendar, or both",
            {"all", "elapsed", "parts"});
  c.add_flag("--cyclic-times", o.cyclic_times,
             "Parts that come round (month, weekday, hour, ...) as sine and cosine")
      ->group(kGroup);
}

void add_text_flags(CLI::App& c, PreparationFlags& o) {
  c.add_option("--rules", o.rules, "Cleaning rules for columns of texts, YAML")
      ->type_name("FILE")
      ->group(kGroup);
  add_count(c, "--max-terms", o.terms_max, "Of free texts: the commonest terms that count",
            CLI::Range(1, 1'000'000));
  add_count(c, "--min-term-rows", o.term_rows_min, "Terms in fewer rows do not count",
            CLI::Range(1, 1'000'000'000));
  add_count(c, "--words-min", o.words_min, "Of a term, at least", CLI::Range(1, 10));
  add_count(c, "--words-max", o.words_max, "Of a term, at most", CLI::Range(1, 10));
  add_words(c, "--stop-words", o.stop_words, "Words that do not count", {"none", "english"});
}

void add_category_flags(CLI::App& c, PreparationFlags& o) {
  add_words(c, "--impute-categories", o.impute_categories,
            "Missing categories are a category of their own, or the most frequent one",
            {"category", "most_frequent"});
  add_words(c, "--encode", o.encode, "Of categories; target: the mean of the target, cross-fitted",
            {"onehot", "ordinal", "target"});
  add_count(c, "--min-frequency", o.category_rows_min, "Categories of fewer rows share one feature",
            CLI::Range(1, 1'000'000'000));
  add_count(c, "--max-categories", o.categories_max,
            "Of a column; the rarest of more share one feature", CLI::Range(1, 100'000));
  c.add_option("--target-smoothing", o.target_smoothing,
               "Of --encode target: how many rows the mean of all weighs (default: by the "
               "variances)")
      ->check(CLI::NonNegativeNumber)
      ->type_name("NUMBER")
      ->group(kGroup);
}

void add_feature_flags(CLI::App& c, PreparationFlags& o) {
  add_count(c, "--polynomial", o.degree, "Products of features up to this degree",
            CLI::Range(1, 10));
  c.add_flag("--interactions", o.interactions,
             "Products of different features only, of two or of --polynomial")
      ->group(kGroup);
  c.add_option("--variance-threshold", o.variance_threshold,
               "Leave out features whose variance is no more")
      ->check(CLI::NonNegativeNumber)
      ->type_name("NUMBER")
      ->group(kGroup);
  add_words(c, "--select", o.select, "Keep the features that say most of the target, by this score",
            {"all", "f", "mutual-information", "chi2", "forest", "coefficients"});
  add_count(c, "--select-features", o.select_count, "How many --select keeps",
            CLI::Range(1, 1'000'000));
}

}  // namespace

void add_preparation_flags(CLI::App& command, PreparationFlags& flags) {
  add_row_flags(command, flags);
  add_number_flags(command, flags);
  add_time_flags(command, flags);
  add_text_flags(command, flags);
  add_category_flags(command, flags);
  add_feature_flags(command, flags);
}

}  // namespace slipway::cli
