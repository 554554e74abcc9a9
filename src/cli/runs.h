// `slipway runs`: the records of the project's trainings (experiments/run_store.h).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace slipway::cli {

struct RunsOptions {
  enum class Action : uint8_t { kList, kShow, kCompare, kDelete, kExport };
  Action action = Action::kList;
  std::vector<std::string> runs;  // numbers, ids, "latest"
  std::string target;             // kList: empty: any
  std::string learner;            // kList: the best one's; empty: any
  std::string sort;               // kList: a metric; empty: the newest first
  size_t limit = 20;              // kList: 0: all
  std::string mlflow;             // kExport: the tracking directory
  std::string experiment;         // kExport: empty: the project's folder
  bool json = false;
};

int runs(const RunsOptions& options);

}  // namespace slipway::cli
