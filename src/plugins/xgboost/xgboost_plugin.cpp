// libslipway_xgboost.so: XGBoost behind the C ABI of training/learners/xgboost_plugin.h.
#include "training/learners/xgboost_plugin.h"

#include <xgboost/c_api.h>

#include <limits>
#include <string_view>

namespace {

int fail(SlipwayPluginError error, std::string_view text) {
  if (error.size > 0) error.text[text.copy(error.text, error.size - 1)] = '\0';
  return 1;
}

/// Frees XGBoost's handles whatever happens.
struct Handles {
  DMatrixHandle rows = nullptr;
  BoosterHandle booster = nullptr;

  ~Handles() {
    if (booster != nullptr) XGBoosterFree(booster);
    if (rows != nullptr) XGDMatrixFree(rows);
  }
};

/// 0, or what the first failing call gives: its message is XGBoost's last error.
int prepare(const SlipwayXgboostTask& task, Handles& handles) {
  int failed = XGDMatrixCreateFromMat(task.x, task.rows, task.columns,
                                      std::numeric_limits<float>::quiet_NaN(), &handles.rows);
  if (failed != 0) return failed;
  failed = XGDMatrixSetFloatInfo(handles.rows, "label", task.y, task.rows);
  if (failed != 0) return failed;
  if (task.weights != nullptr) {
    failed = XGDMatrixSetFloatInfo(handles.rows, "weight", task.weights, task.rows);
    if (failed != 0) return failed;
  }
  failed = XGBoosterCreate(&handles.rows, 1, &handles.booster);
  for (size_t i = 0; i < task.parameters && failed == 0; ++i) {
    failed = XGBoosterSetParam(handles.booster, task.names[i], task.values[i]);
  }
  return failed;
}

int train(const SlipwayXgboostTask* task, SlipwayPluginError error) {
  Handles handles;
  if (prepare(*task, handles) != 0) return fail(error, XGBGetLastError());
  for (int round = 0; round < task->rounds; ++round) {
    if (task->may_go_on(task->context) == 0) return fail(error, "stopped");
    if (XGBoosterUpdateOneIter(handles.booster, round, handles.rows) != 0) {
      return fail(error, XGBGetLastError());
    }
  }
  const char* bytes = nullptr;
  bst_ulong size = 0;
  if (XGBoosterSaveModelToBuffer(handles.booster, R"({"format": "ubj"})", &size, &bytes) != 0) {
    return fail(error, XGBGetLastError());
  }
  task->take(task->context, bytes, size);
  return 0;
}

constexpr SlipwayXgboostPlugin kPlugin = {kSlipwayXgboostAbi, train};

}  // namespace

extern "C" __attribute__((visibility("default"))) const SlipwayXgboostPlugin*
slipway_xgboost_plugin() {
  return &kPlugin;
}
