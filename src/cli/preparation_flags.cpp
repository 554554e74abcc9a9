#include "cli/preparation_flags.h"

#include "base/file.h"
#include "cli/training_run.h"
#include "data/cleaning_rules.h"

namespace slipway::cli {
namespace {

using Plan = training::PreparationPlan;

Status check(const PreparationFlags& flags) {
  if (flags.bins > 0 && flags.impute == "keep") {
    return invalid_argument(
        "--bins: missing numbers are in no bin; --impute has to be other than keep");
  }
  if (flags.outlier_factor > 0 && flags.outliers == "keep") {
    return invalid_argument("--outlier-factor: --outliers says what to do with them");
  }
  if (flags.resample == "smote" && flags.impute == "keep") {
    return invalid_argument(
        "--resample smote makes rows of numbers that are there; --impute has to be other than "
        "keep");
  }
  if (flags.select != "all" && flags.impute == "keep") {
    return invalid_argument(
        "--select scores numbers that are there; --impute has to be other than keep");
  }
  if (flags.words_min > flags.words_max) {
    return invalid_argument("--words-min is above --words-max");
  }
  if (flags.target_smoothing >= 0 && flags.encode != "target") {
    return invalid_argument("--target-smoothing is of --encode target");
  }
  return {};
}

Result<std::shared_ptr<const data::CleaningRules>> read_rules(const std::string& path) {
  const std::string yaml = TRY(read_file(path, Limits()));
  Result<data::CleaningRules> rules = data::parse_cleaning_rules(yaml);
  if (!rules.ok()) return std::move(rules).status().with_context(path);
  return std::make_shared<const data::CleaningRules>(std::move(rules).value());
}

void write_text(JsonWriter& json, std::string_view key, std::string_view value) {
  json.key(key);
  json.string(value);
}

void write_number(JsonWriter& json, std::string_view key, double value) {
  json.key(key);
  json.real(value);
}

void write_true(JsonWriter& json, std::string_view key, bool value) {
  if (!value) return;
  json.key(key);
  json.boolean(true);
}

void write_rows(JsonWriter& json, const PreparationFlags& flags) {
  write_true(json, "drop_missing", flags.drop_missing);
  write_true(json, "dedupe", flags.drop_duplicates);
  if (flags.resample == "none") return;
  write_text(json, "resample", flags.resample);
  if (flags.resample == "smote") write_number(json, "smote_neighbors", flags.smote_neighbors);
}

void write_numbers(JsonWriter& json, const PreparationFlags& flags, const Plan& plan) {
  if (flags.outliers != "keep") {
    write_text(json, "outliers", flags.outliers);
    if (flags.outlier_factor > 0) write_number(json, "outlier_factor", flags.outlier_factor);
  }
  write_text(json, "impute", flags.impute);
  if (flags.impute == "constant") write_number(json, "fill", flags.fill);
  if (flags.impute == "knn") write_number(json, "neighbors", flags.neighbors);
  write_true(json, "indicate_missing", flags.indicate_missing);
  const bool is_auto = flags.scale == "auto";
  const std::string_view scale = plan.scale == Plan::Scale::kNone ? "none" : "standard";
  write_text(json, "scale", is_auto ? scale : flags.scale);
  if (flags.bins == 0) return;
  write_number(json, "bins", flags.bins);
  write_text(json, "bins_by", flags.bins_by);
  write_text(json, "bins_encode", flags.bins_encode);
}

void write_times_and_texts(JsonWriter& json, const PreparationFlags& flags, const Plan& plan) {
  write_text(json, "times", flags.times);
  write_true(json, "cyclic_times", flags.cyclic_times);
  write_number(json, "max_terms", flags.terms_max);
  write_number(json, "min_term_rows", flags.term_rows_min);
  write_number(json, "words_min", flags.words_min);
  write_number(json, "words_max", flags.words_max);
  if (flags.stop_words != "none") write_text(json, "stop_words", flags.stop_words);
  if (plan.rules == nullptr) return;
  std::vector<std::string> names;
  for (const auto& [name, rules] : *plan.rules) names.push_back(name);
  json.key("cleaned");
  json.strings(names);
}

void write_categories(JsonWriter& json, const PreparationFlags& flags) {
  write_text(json, "impute_categories", flags.impute_categories);
  write_text(json, "encode", flags.encode);
  write_number(json, "min_frequency", flags.category_rows_min);
  write_number(json, "max_categories", flags.categories_max);
  if (flags.target_smoothing >= 0) {
    write_number(json, "target_smoothing", flags.target_smoothing);
  }
}

void write_features(JsonWriter& json, const PreparationFlags& flags, const Plan& plan) {
  if (plan.degree > 1) write_number(json, "polynomial", plan.degree);
  write_true(json, "interactions", flags.interactions);
  if (flags.variance_threshold) {
    write_number(json, "variance_threshold", *flags.variance_threshold);
  }
  if (flags.select == "all") return;
  write_text(json, "select", flags.select);
  write_number(json, "select_features", flags.select_count);
}

}  // namespace

Status set_preparation(const PreparationFlags& flags, TrainingPlan& plan) {
  TRY_STATUS(check(flags));
  Plan& wanted = plan.preparation;
  wanted.drop_missing = flags.drop_missing;
  wanted.drop_duplicates = flags.drop_duplicates;
  wanted.resample = *training::find_resample(flags.resample);
  wanted.smote_neighbors = flags.smote_neighbors;
  wanted.outliers = *training::find_outliers(flags.outliers);
  wanted.outlier_factor = flags.outlier_factor;
  wanted.numbers = *training::find_fill(flags.impute);
  wanted.constant = flags.fill;
  wanted.neighbors = flags.neighbors;
  wanted.indicate_missing = flags.indicate_missing;
  plan.scale_as_needed = flags.scale == "auto";
  if (!plan.scale_as_needed) wanted.scale = *training::find_scale(flags.scale);
  wanted.bins = flags.bins;
  wanted.bins_by = *training::find_bins(flags.bins_by);
  wanted.bins_encode = *training::find_encode(flags.bins_encode);
  wanted.fill_categories = flags.impute_categories == "most_frequent";
  wanted.encode = *training::find_encode(flags.encode);
  wanted.category_rows_min = flags.category_rows_min;
  wanted.categories_max = flags.categories_max;
  wanted.target_smoothing = flags.target_smoothing;
  wanted.times = *training::find_times(flags.times);
  wanted.cyclic_times = flags.cyclic_times;
  wanted.terms_max = flags.terms_max;
  wanted.term_rows_min = flags.term_rows_min;
  wanted.words_min = flags.words_min;
  wanted.words_max = flags.words_max;
  wanted.english_stop_words = flags.stop_words == "english";
  if (!flags.rules.empty()) wanted.rules = TRY(read_rules(flags.rules));
  wanted.interactions_only = flags.interactions;
  wanted.degree = flags.interactions && flags.degree == 1 ? 2 : flags.degree;
  wanted.variance_threshold = flags.variance_threshold;
  wanted.select = *training::find_select(flags.select);
  wanted.select_count = flags.select_count;
  return {};
}

void write_preparation(JsonWriter& json, const PreparationFlags& flags, const Plan& plan) {
  write_rows(json, flags);
  write_numbers(json, flags, plan);
  write_times_and_texts(json, flags, plan);
  write_categories(json, flags);
  write_features(json, flags, plan);
}

}  // namespace slipway::cli
