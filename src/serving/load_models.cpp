// load_models: paths to a ModelSet. Everything here runs off the request path.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <map>
#include <system_error>

#include "base/log.h"
#include "serving/model_set.h"
#include "serving/serving_metrics.h"

namespace slipway::serving {
namespace {

namespace fs = std::filesystem;

constexpr size_t kWarmRows = 64;
constexpr std::chrono::milliseconds kWarmTimeMax{20};
constexpr int kWarmRunsMax = 50;
constexpr std::string_view kFirstVersion = "1";
constexpr std::string_view kModelEndings[] = {".joblib", ".pkl", ".pickle", ".sav", ".dump"};
constexpr std::string_view kOtherEndings[] = {".gz",  ".z",   ".zlib", ".bz2",   ".xz", ".lzma",
                                              ".lz4", ".zst", ".zstd", ".model", ".bin"};

bool ends_with_any(std::string_view name, std::span<const std::string_view> endings,
                   std::string_view& found) {
  for (const std::string_view ending : endings) {
    if (name.size() > ending.size() && name.ends_with(ending)) {
      found = ending;
      return true;
    }
  }
  return false;
}

/// "iris.joblib.gz" -> "iris"; `is_model` tells whether an ending of model files was among them.
std::string model_name(std::string_view file, bool& is_model) {
  is_model = false;
  std::string_view ending;
  while (true) {
    if (ends_with_any(file, kModelEndings, ending)) {
      is_model = true;
    } else if (!ends_with_any(file, kOtherEndings, ending)) {
      return std::string(file);
    }
    file.remove_suffix(ending.size());
  }
}

struct Candidate {
  std::string name;
  std::string path;
  bool required;  // named by the user, or a model by its ending: a failure is told
};

Status list_folder(const std::string& path, std::vector<Candidate>& candidates) {
  std::error_code error;
  std::vector<Candidate> found;
  for (fs::directory_iterator entry(path, error), end; !error && entry != end;
       entry.increment(error)) {
    const std::string file = entry->path().filename().string();
    std::error_code ignored;
    if (file.starts_with('.') || !entry->is_regular_file(ignored)) continue;
    bool is_model = false;
    std::string name = model_name(file, is_model);
    found.push_back({std::move(name), entry->path().string(), is_model});
  }
  if (error) {
    return permission_denied(fmt::format("cannot read the folder {}: {}", path, error.message()));
  }
  std::ranges::sort(found, {}, &Candidate::path);
  std::ranges::move(found, std::back_inserter(candidates));
  return {};
}

/// Times one run of the default output, in seconds.
double timed_run(const Executable& executable, const InputBuffer& input, Scratch& scratch,
                 std::vector<OutputBuffer>& outputs) {
  const auto begin = std::chrono::steady_clock::now();
  // A model may refuse made-up rows (an unknown category); what it did until then is measured.
  static_cast<void>(executable.run(
      input.batch(), OutputMask{1} << executable.signature().default_output, scratch, outputs));
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

void fill_rows(const Signature& signature, size_t rows, InputBuffer& input) {
  input.reset(rows, signature.columns.size(), signature.matrices);
  for (size_t row = 0; row < rows; ++row) {
    for (size_t column = 0; column < signature.columns.size(); ++column) {
      switch (signature.columns[column].type) {
        case ColumnType::kNumber: input.number_row(row)[column] = 0; break;
        case ColumnType::kText: input.string_row(row)[column] = StringCell::text(""); break;
        case ColumnType::kRecord: input.begin_record(row, column); break;
      }
    }
  }
}

/// Pages the model in and measures what one row, and each further row, costs: the least of several
/// runs, within a bounded time.
void warm(ServedModel& model) {
  const Executable& executable = model.executable();
  const auto scratch = executable.make_scratch();
  std::vector<OutputBuffer> outputs;
  InputBuffer input;
  const auto least = [&](size_t rows) {
    fill_rows(model.signature(), rows, input);
    const auto deadline = std::chrono::steady_clock::now() + kWarmTimeMax;
    double seconds = timed_run(executable, input, *scratch, outputs);
    for (int i = 1; i < kWarmRunsMax && std::chrono::steady_clock::now() < deadline; ++i) {
      seconds = std::min(seconds, timed_run(executable, input, *scratch, outputs));
    }
    return seconds;
  };
  model.seconds_first_row = least(1);
  const double many = least(kWarmRows);
  model.seconds_per_row =
      std::max(0.0, (many - model.seconds_first_row) / static_cast<double>(kWarmRows - 1));
}

class SetLoader {
 public:
  SetLoader(ModelLoader& loader, ServingMetrics& metrics) : loader_(loader), metrics_(metrics) {}

  void load(const Candidate& candidate) {
    if (const auto first = paths_.find(candidate.name); first != paths_.end()) {
      fail(candidate,
           already_exists(fmt::format("{}: the name \"{}\" is already taken by {}; rename the file",
                                      candidate.path, candidate.name, first->second)),
           false);
      return;
    }
    auto loaded = loader_.load(candidate.path);
    if (!loaded.ok()) {
      if (!candidate.required) {
        log_info("passed over {}: {}", candidate.path, loaded.status().message());
        return;
      }
      paths_.emplace(candidate.name, candidate.path);
      fail(candidate, loaded.status(), true);
      return;
    }
    paths_.emplace(candidate.name, candidate.path);
    auto model = make_served_model(candidate.name, std::string(kFirstVersion), candidate.path,
                                   std::move(loaded).value(), metrics_);
    for (const std::string& warning : model->loaded.warnings) {
      log_warning("model {}: {}", candidate.name, warning);
    }
    log_info("model {} loaded from {} in {:.1f} ms", candidate.name, candidate.path,
             model->loaded.load_seconds * 1e3);
    statuses_.push_back({model->name, model->version, model->path, {}});
    models_.push_back(std::move(model));
  }

  /// A path that holds no model at all.
  void fail(const Candidate& candidate, const Status& status, bool own_name) {
    log_error("model {} is not served: {}", candidate.name, status.message());
    if (own_name) metrics_.model(candidate.name, std::string(kFirstVersion)).ready.set(0);
    statuses_.push_back({candidate.name, std::string(kFirstVersion), candidate.path, status});
  }

  Result<std::shared_ptr<const ModelSet>> finish(const std::string& default_model) && {
    const bool known = default_model.empty() || paths_.contains(default_model);
    auto set =
        std::make_shared<const ModelSet>(std::move(models_), std::move(statuses_), default_model);
    if (!known) {
      return not_found(fmt::format("the default model \"{}\" is not among the models: {}",
                                   default_model, set->names()));
    }
    return std::shared_ptr<const ModelSet>(std::move(set));
  }

 private:
  ModelLoader& loader_;
  ServingMetrics& metrics_;
  std::map<std::string, std::string> paths_;  // by name, of the first file of that name
  std::vector<std::shared_ptr<const ServedModel>> models_;
  std::vector<ModelStatus> statuses_;
};

}  // namespace

std::shared_ptr<const ServedModel> make_served_model(std::string name, std::string version,
                                                     std::string path, LoadedModel loaded,
                                                     ServingMetrics& metrics) {
  auto model = std::make_shared<ServedModel>();
  model->name = std::move(name);
  model->version = std::move(version);
  model->path = std::move(path);
  model->loaded = std::move(loaded);
  const auto& columns = model->signature().columns;
  for (uint32_t i = 0; i < columns.size(); ++i) model->column_places.emplace(columns[i].name, i);
  warm(*model);
  model->metrics = &metrics.model(model->name, model->version);
  metrics.set_loaded(*model);
  return model;
}

Result<std::shared_ptr<const ModelSet>> load_models(const LoadRequest& request, ModelLoader& loader,
                                                    ServingMetrics& metrics) {
  std::vector<Candidate> candidates;
  SetLoader set(loader, metrics);
  for (const std::string& path : request.paths) {
    std::error_code error;
    if (fs::is_directory(path, error)) {
      TRY_STATUS(list_folder(path, candidates));
      continue;
    }
    bool is_model = false;
    std::string name = model_name(fs::path(path).filename().string(), is_model);
    candidates.push_back({std::move(name), path, true});
  }
  if (!request.name.empty()) {
    if (candidates.size() != 1) {
      return invalid_argument(fmt::format(
          "a name can be given to a single model file only, and there are {}", candidates.size()));
    }
    candidates.front().name = request.name;
  }
  for (const Candidate& candidate : candidates) set.load(candidate);
  return std::move(set).finish(request.default_model);
}

}  // namespace slipway::serving
