// Fitted attributes of scikit-learn estimators, as the lowering functions want them: one call each,
// errors that name class, attribute, expectation and offset.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "formats/pickle/numpy.h"
#include "formats/pickle/tree.h"
#include "graph/signature.h"

namespace slipway::sklearn {

/// Arrays. A missing attribute is INVALID_ARGUMENT ("LogisticRegression has no coef_: is it
/// fitted?").
Result<pickle::Array<double>> f64_attr(pickle::Value self, std::string_view name);
/// As a rows x columns matrix: 1-D arrays become one row.
Result<pickle::Array<double>> matrix_attr(pickle::Value self, std::string_view name);
Result<pickle::Array<int64_t>> i64_attr(pickle::Value self, std::string_view name);

/// Scalars; the default where the attribute is missing or None.
Result<double> double_attr_or(pickle::Value self, std::string_view name, double fallback);
Result<int64_t> int_attr_or(pickle::Value self, std::string_view name, int64_t fallback);
Result<bool> bool_attr_or(pickle::Value self, std::string_view name, bool fallback);
/// A str attribute; the fallback where it is missing, None or no str.
std::string string_attr_or(pickle::Value self, std::string_view name, std::string_view fallback);

/// True unless the estimator says that an older scikit-learn wrote it.
bool written_since(pickle::Value self, int64_t major, int64_t minor);

/// The most input columns of a model.
inline constexpr uint32_t kColumnsMax = 1U << 20;

/// `classes_`-like arrays: ints, floats, bools or strings. UNIMPLEMENTED for mixed objects.
Result<LabelTable> label_table(pickle::Value classes);
/// The labels as text, for column names of predict_proba.
std::vector<std::string> label_names(const LabelTable& labels);

/// n_features_in_ of the estimator itself, or of the first nested one that has it.
std::optional<uint32_t> feature_count(pickle::Value estimator);
/// The model of another library, if it is what sees the columns first: only its own bytes tell
/// their names. `module_prefix`: "lightgbm.".
std::optional<pickle::Value> first_of_library(pickle::Value estimator,
                                              std::string_view module_prefix);
/// True if what the estimator does first is done to dicts (DictVectorizer), not to columns.
bool takes_records(pickle::Value estimator);
/// True if what the estimator does first is done to a list of texts (TfidfVectorizer).
bool takes_texts(pickle::Value estimator);
/// feature_names_in_, likewise; empty if there are none.
std::vector<std::string> feature_names(pickle::Value estimator);

}  // namespace slipway::sklearn
