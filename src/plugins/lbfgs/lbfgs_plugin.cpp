// libslipway_lbfgs.so: libLBFGS behind the C ABI of training/learners/lbfgs_plugin.h.
#include "training/learners/lbfgs_plugin.h"

#include <lbfgs.h>

#include <algorithm>
#include <cstring>
#include <string_view>

namespace {

void report(SlipwayPluginError error, std::string_view text) {
  if (error.size == 0) return;
  const size_t size = std::min(text.size(), error.size - 1);
  std::memcpy(error.text, text.data(), size);
  error.text[size] = '\0';
}

lbfgsfloatval_t evaluate(void* instance, const lbfgsfloatval_t* x, lbfgsfloatval_t* gradient,
                         int /*size*/, lbfgsfloatval_t /*step*/) {
  const auto* problem = static_cast<const SlipwayLbfgsProblem*>(instance);
  return problem->evaluate(problem->context, x, gradient);
}

/// 1 ends the search with that number, which is none of the library's own.
int progress(void* instance, const lbfgsfloatval_t* x, const lbfgsfloatval_t* gradient,
             lbfgsfloatval_t /*value*/, lbfgsfloatval_t /*x_norm*/, lbfgsfloatval_t /*g_norm*/,
             lbfgsfloatval_t /*step*/, int /*size*/, int /*iteration*/, int /*evaluations*/) {
  const auto* problem = static_cast<const SlipwayLbfgsProblem*>(instance);
  return problem->judge(problem->context, x, gradient) == 0 ? 0 : 1;
}

SlipwayLbfgsOutcome minimize(const SlipwayLbfgsProblem* problem, SlipwayPluginError error) {
  lbfgs_parameter_t parameters;
  lbfgs_parameter_init(&parameters);
  parameters.m = 10;           // as scipy, on which scikit-learn stands
  parameters.epsilon = 1e-14;  // judge() decides
  parameters.max_iterations = problem->iterations_max;
  parameters.max_linesearch = 50;
  if (problem->l1 > 0) {
    parameters.orthantwise_c = problem->l1;
    parameters.orthantwise_start = static_cast<int>(problem->l1_begin);
    parameters.orthantwise_end = static_cast<int>(problem->l1_end);
    parameters.linesearch = LBFGS_LINESEARCH_BACKTRACKING;
  }
  const int size = static_cast<int>(problem->size);
  lbfgsfloatval_t* x = lbfgs_malloc(size);  // aligned as the library wants it
  if (x == nullptr) {
    report(error, "out of memory");
    return kSlipwayLbfgsFailed;
  }
  std::copy_n(problem->x, problem->size, x);
  // libLBFGS hands the instance back as it got it; nobody writes to it.
  auto* instance = const_cast<SlipwayLbfgsProblem*>(problem);
  const int outcome = lbfgs(size, x, nullptr, evaluate, progress, instance, &parameters);
  std::copy_n(x, problem->size, problem->x);
  lbfgs_free(x);
  switch (outcome) {
    case LBFGS_SUCCESS:
    case LBFGS_STOP:  // also what judge() ends it with
    case LBFGS_ALREADY_MINIMIZED: return kSlipwayLbfgsJudged;
    case LBFGSERR_MAXIMUMITERATION: return kSlipwayLbfgsIterations;
    case LBFGSERR_ROUNDING_ERROR:
    case LBFGSERR_MINIMUMSTEP:
    case LBFGSERR_MAXIMUMSTEP:
    case LBFGSERR_MAXIMUMLINESEARCH:
    case LBFGSERR_WIDTHTOOSMALL:
    case LBFGSERR_OUTOFINTERVAL:
    case LBFGSERR_INCORRECT_TMINMAX:
    case LBFGSERR_INCREASEGRADIENT: return kSlipwayLbfgsStuck;
    case LBFGSERR_OUTOFMEMORY: report(error, "out of memory"); return kSlipwayLbfgsFailed;
    default: report(error, "libLBFGS refuses the problem"); return kSlipwayLbfgsFailed;
  }
}

constexpr SlipwayLbfgsPlugin kPlugin = {kSlipwayLbfgsAbi, minimize};

}  // namespace

extern "C" __attribute__((visibility("default"))) const SlipwayLbfgsPlugin* slipway_lbfgs_plugin() {
  return &kPlugin;
}
