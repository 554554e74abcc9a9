// Predictions: a model's answers to the rows of a Frame, computed in chunks on all cores.
//
//   Predictor predictor(*model, roles, plan, threads);
//   Predictions answers = TRY(predictor.run(frame));
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/status.h"
#include "cli/evaluation/model_roles.h"
#include "data/frame.h"
#include "engine/executable.h"

namespace slipway::cli {

/// What is there depends on the roles; vectors of what is not are empty.
struct Predictions {
  std::vector<int32_t> indices;          // labels, as places in the model's table
  std::vector<double> label_numbers;     // labels without a table
  std::vector<std::string> label_texts;  // likewise
  std::vector<double> probabilities;     // rows x width, row-major
  size_t width = 0;                      // of the probabilities
  std::vector<double> scores;
  std::vector<double> values;
};

/// Thread rule: const methods are safe to call concurrently.
class Predictor {
 public:
  /// `ignored`: columns of the frames that are no feature. All must live as long as it does.
  Predictor(const Executable& model, const ModelRoles& roles,
            const std::vector<std::string>& ignored, uint32_t threads)
      : model_(model), roles_(roles), ignored_(ignored), threads_(threads) {}

  /// INVALID_ARGUMENT: a column is missing or of a wrong type, a row holds what the model does not
  /// take.
  Result<Predictions> run(const data::Frame& frame) const;

 private:
  Status append(const std::vector<OutputBuffer>& outputs, size_t rows, Predictions& out) const;

  const Executable& model_;
  const ModelRoles& roles_;
  const std::vector<std::string>& ignored_;
  const uint32_t threads_;
};

}  // namespace slipway::cli
