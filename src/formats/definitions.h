// Definitions: what the custom Python that a model file only names computes, said by its operator.
//
//   MODEL.slipway.yaml --parse_definitions--> Definitions --ReadOptions--> the reader of the model
//
//   definitions:
//     shop.features.add_ratio:            # as `slipway inspect` names it
//       inputs: [income, debt]            # or {income: number, city: text}
//       keep: true                        # the input columns come first
//       outputs:
//         ratio: debt / (income + self.epsilon_)
//     shop.features.Log:
//       each: log1p(x)                    # every column
//     shop.features.MyScaler:
//       same_as: StandardScaler
//
// docs/definitions.md describes the file. Code in the model file is never run; a definition takes
// its place. Thread rule: immutable.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "formats/formula.h"

namespace slipway::formats {

/// What one function or class computes.
struct Definition {
  struct Input {
    std::string name;
    bool is_text = false;
  };
  struct Output {
    std::string name;
    Formula formula;
  };
  std::string name;  // "shop.features.add_ratio"
  /// The columns that it takes, in this order; nullopt: whatever reaches it.
  std::optional<std::vector<Input>> inputs;
  bool keep = false;
  // One of these four.
  std::vector<Output> outputs;  // columns
  std::optional<Formula> each;  // of every input column x
  std::vector<Output> methods;  // "predict", "decision_function": a number each
  std::string same_as;          // a class of scikit-learn that it does not differ from
};

class Definitions {
 public:
  static constexpr size_t kBytesMax = size_t{1} << 20;
  static constexpr size_t kDefinitionsMax = 1000;
  static constexpr size_t kOutputsMax = 10000;

  /// Null if nothing of that name is defined.
  const Definition* find(std::string_view name) const;
  /// INVALID_ARGUMENT if the file says which model it belongs to, and it is another.
  /// `digest`: "sha256:...".
  Status check_model(std::string_view digest) const;
  bool names_model() const { return !model_.empty(); }
  /// The operator takes the answers on trust: no rows with expected answers need agree.
  bool unverified() const { return unverified_; }

 private:
  friend class DefinitionsReader;
  std::map<std::string, Definition, std::less<>> definitions_;
  std::string model_;
  bool unverified_ = false;
};

/// INVALID_ARGUMENT with line and column.
Result<std::shared_ptr<const Definitions>> parse_definitions(const std::string& yaml);

/// What the name of a model file's definitions ends in: "model.pkl.slipway.yaml".
inline constexpr std::string_view kDefinitionsSuffix = ".slipway.yaml";

}  // namespace slipway::formats
