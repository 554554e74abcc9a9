// Parses the bytes as a file of definitions, and as one formula, which is compiled to a program.
#include <cstddef>
#include <cstdint>
#include <string>

#include "formats/definitions.h"
#include "formats/formula_terms.h"

namespace {

using namespace slipway;

/// Names of one letter are columns of numbers, longer ones of texts, those with parts constants.
class AnyScope final : public formats::FormulaScope {
 public:
  explicit AnyScope(ExpressionBuilder& terms) : terms_(terms) {}
  Result<formats::FormulaValue> find(const formats::FormulaNode& path) override {
    if (path.steps.size() > 1) {
      return formats::FormulaValue(
          formats::FormulaTable{std::vector<std::string>{"a"}, std::vector<double>{1}});
    }
    if (!path.steps.empty()) return formats::FormulaValue(std::vector<double>{1, 2});
    const bool is_text = path.text.size() > 1;
    return formats::FormulaValue(
        terms_.column(is_text ? 1 : 0, 0, is_text ? ValueKind::kString : ValueKind::kDense));
  }

 private:
  ExpressionBuilder& terms_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  (void)formats::parse_definitions(text);
  const Result<formats::Formula> formula = formats::parse_formula(text, {.line = 1, .column = 1});
  if (!formula.ok()) return 0;
  ExpressionBuilder terms;
  AnyScope scope(terms);
  const Result<TermId> term = formats::compile_formula(*formula, scope, terms);
  if (!term.ok()) return 0;
  const TermId outputs[] = {*term};
  const Result<ExpressionBuilder::Built> built = terms.build(outputs);
  if (!built.ok()) return 0;
  std::vector<ValueType> types;
  for (const ValueId input : built->inputs) {
    types.push_back({.kind = input == 1 ? ValueKind::kString : ValueKind::kDense, .width = 1});
  }
  (void)built->op->infer(types);
  return 0;
}
