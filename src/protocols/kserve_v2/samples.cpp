#include "protocols/kserve_v2/samples.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/json_escape.h"
#include "protocols/json_output.h"
#include "protocols/kserve_v2/request.h"

namespace slipway::protocols::kserve_v2 {
namespace {

namespace dom = simdjson::dom;

constexpr double kTolerance = 1e-6;

/// The number that a cell's JSON text is; nothing if it is a text, a truth value or null.
std::optional<double> number_of(const std::string& text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

class SamplesReader {
 public:
  explicit SamplesReader(const Executable& model)
      : model_(model), scratch_(model.make_scratch()), outputs_(model.signature().outputs.size()) {}

  Status check(std::string_view text) {
    dom::parser parser(kSamplesBytesMax);
    dom::element top;
    const simdjson::padded_string padded(text);
    if (const auto error = parser.parse(padded).get(top)) {
      return invalid_argument(fmt::format("not valid JSON: {}", simdjson::error_message(error)));
    }
    dom::array samples;
    if (top["samples"].get(samples)) {
      return invalid_argument("expected an object such as {\"samples\": [...]}");
    }
    dom::element tolerance;
    if (!top["tolerance"].get(tolerance) &&
        (tolerance.get(tolerance_) || !(tolerance_ >= 0) || std::isinf(tolerance_))) {
      return invalid_argument("\"tolerance\": expected a number that is not negative");
    }
    size_t index = 0;
    for (const dom::element sample : samples) {
      if (Status status = check_sample(sample); !status.ok()) {
        return std::move(status).with_context(fmt::format("sample {}", index));
      }
      ++index;
    }
    if (index == 0) return invalid_argument("\"samples\" is empty; expected at least one");
    return {};
  }

 private:
  Status check_sample(dom::element sample) {
    dom::object request;
    dom::array expected;
    if (sample["request"].get(request) || sample["response"]["outputs"].get(expected)) {
      return invalid_argument(
          "expected {\"request\": {\"inputs\": [...]}, \"response\": {\"outputs\": [...]}}");
    }
    const std::string body = simdjson::minify(request);
    OutputMask wanted = 0;
    TRY_STATUS(read_request({body, {}}, {model_.signature(), {}}, buffers_, input_, plan_, wanted));
    wanted = 0;
    for (const dom::element output : expected) {
      const uint32_t place = TRY(find_output(output));
      wanted |= OutputMask{1} << place;
    }
    if (wanted == 0) return invalid_argument("the response has no outputs to compare");
    TRY_STATUS(model_.run(input_.batch(), wanted, *scratch_, outputs_));
    for (const dom::element output : expected) TRY_STATUS(compare(output));
    return {};
  }

  Result<uint32_t> find_output(dom::element output) const {
    std::string_view name;
    if (output["name"].get(name)) return invalid_argument("an output has no \"name\"");
    const auto place = model_.signature().find_output(std::string(name));
    if (place.has_value()) return *place;
    return invalid_argument(fmt::format("the model has no output '{}'", name));
  }

  /// Data is flat, or a list for each row.
  Status compare(dom::element output) {
    const uint32_t place = TRY(find_output(output));
    dom::array data;
    if (output["data"].get(data)) return invalid_argument("an output has no list \"data\"");
    size_t cell = 0;
    for (const dom::element item : data) {
      dom::array row;
      if (item.get(row)) {
        TRY_STATUS(compare_cell(place, cell++, item));
        continue;
      }
      for (const dom::element inner : row) TRY_STATUS(compare_cell(place, cell++, inner));
    }
    const OutputBuffer& got = outputs_[place];
    if (cell == got.rows * got.width) return {};
    return failed_precondition(fmt::format("output '{}': expected {} elements, got {}",
                                           model_.signature().outputs[place].name, cell,
                                           got.rows * got.width));
  }

  Status compare_cell(uint32_t place, size_t cell, dom::element expected) {
    const OutputBuffer& got = outputs_[place];
    const OutputSpec& spec = model_.signature().outputs[place];
    if (cell >= got.rows * got.width) return {};  // compare() tells the numbers of elements
    const size_t row = cell / got.width;
    const size_t column = cell % got.width;
    text_.clear();
    append_cell(text_, spec, got, row, column);
    if (agrees(expected)) return {};
    return failed_precondition(fmt::format("output '{}', row {}, column {}: expected {}, got {}",
                                           spec.name, row, column, simdjson::minify(expected),
                                           text_));
  }

  bool agrees(dom::element expected) const {
    double number = 0;
    if (!expected.get(number)) {
      const std::optional<double> got = number_of(text_);
      return got.has_value() &&
             std::abs(*got - number) <= tolerance_ * std::max(1.0, std::abs(number));
    }
    std::string_view text;
    if (expected.get(text)) return simdjson::minify(expected) == text_;  // null, true, false
    std::string quoted;
    append_json_string(quoted, text);
    return quoted == text_;
  }

  const Executable& model_;
  const std::unique_ptr<Scratch> scratch_;
  std::vector<OutputBuffer> outputs_;
  double tolerance_ = kTolerance;
  ReadBuffers buffers_;
  InputBuffer input_;
  AnswerPlan plan_;
  std::string text_;
};

}  // namespace

Status check_samples(std::string_view text, const Executable& model) {
  if (text.size() > kSamplesBytesMax) return invalid_argument("larger than 16 MiB");
  return SamplesReader(model).check(text);
}

}  // namespace slipway::protocols::kserve_v2
