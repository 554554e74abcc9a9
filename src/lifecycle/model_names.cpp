#include "lifecycle/model_names.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace slipway::lifecycle {
namespace {

constexpr std::string_view kModelEndings[] = {".joblib", ".pkl",  ".pickle", ".sav", ".dump",
                                              ".skops",  ".onnx", ".pmml",   ".cbm", ".ubj",
                                              ".xgb",    ".lgb",  ".mar",    ".slip"};
constexpr std::string_view kOtherEndings[] = {".gz",   ".z",   ".zlib", ".bz2",  ".xz",
                                              ".lzma", ".lz4", ".zst",  ".zstd", ".model",
                                              ".bin",  ".zip", ".tar",  ".tgz"};
constexpr std::string_view kSharedEndings[] = {".json", ".txt", ".xml"};
constexpr std::string_view kCompanionEndings[] = {".expected.csv", ".samples.json",
                                                  ".slipway.yaml"};

/// The ending that the name has before which something stands; empty if none.
std::string_view ending_among(std::string_view name, std::span<const std::string_view> endings) {
  for (const std::string_view ending : endings) {
    if (name.size() > ending.size() && name.ends_with(ending)) return ending;
  }
  return {};
}

Status several(const std::string& folder, std::span<const std::string> names,
               const std::vector<size_t>& places) {
  std::string list;
  for (size_t i = 0; i < std::min<size_t>(places.size(), 5); ++i) {
    list += (i == 0 ? "" : ", ") + names[places[i]];
  }
  return failed_precondition(fmt::format(
      "{} holds several files ({}); name the model's model.joblib or model.pkl", folder, list));
}

}  // namespace

std::string model_name(std::string_view file, bool& is_model) {
  is_model = false;
  while (true) {
    const std::string_view model = ending_among(file, kModelEndings);
    const std::string_view ending = model.empty() ? ending_among(file, kOtherEndings) : model;
    if (ending.empty()) return std::string(file);
    is_model = is_model || !model.empty();
    file.remove_suffix(ending.size());
  }
}

bool needs_content(std::string_view file) { return !ending_among(file, kSharedEndings).empty(); }

std::string name_by_content(std::string_view file) {
  file.remove_suffix(ending_among(file, kSharedEndings).size());
  bool ignored = false;
  return model_name(file, ignored);
}

bool is_companion(std::string_view file) {
  return file == "expected.csv" ||
         std::ranges::any_of(kCompanionEndings,
                             [&](std::string_view ending) { return file.ends_with(ending); });
}

Result<size_t> choose_model(const std::string& folder, std::span<const std::string> names,
                            const IsModel& is_model) {
  std::vector<size_t> named;  // with a model's ending
  std::vector<size_t> others;
  for (size_t i = 0; i < names.size(); ++i) {
    bool has_ending = false;
    const std::string name = model_name(names[i], has_ending);
    if (has_ending && name == "model") return i;
    if (has_ending) {
      named.push_back(i);
    } else if (!is_companion(names[i])) {
      others.push_back(i);
    }
  }
  if (named.size() == 1) return named.front();
  if (named.size() > 1) return several(folder, names, named);
  if (others.size() == 1) return others.front();
  std::vector<size_t> models;
  for (const size_t place : others) {
    if (is_model && is_model(folder + "/" + names[place])) models.push_back(place);
  }
  if (models.size() == 1) return models.front();
  for (const size_t place : models) {
    if (name_by_content(names[place]) == "model") return place;
  }
  if (others.empty()) return not_found(fmt::format("{} holds no model file", folder));
  return several(folder, names, models.empty() ? others : models);
}

}  // namespace slipway::lifecycle
