// The node tests of the onnx package, packed by tests/data/onnx/make_node_tests.py: each model is
// read, compiled and run on one row that holds all its inputs. What cannot be expressed stands,
// with the reason, in tests/data/onnx/node_tests.unsupported.txt; everything else must pass, and
// what passes may not stand there.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <map>
#include <set>
#include <sstream>

#include "base/file.h"
#include "engine/compile.h"
#include "formats/onnx/format.h"
#include "formats/onnx/internal/tensor.h"
#include "formats/onnx/internal/wire.h"

namespace slipway::onnx {
namespace {

constexpr double kRelative = 1e-3;  // what the onnx package itself asks
constexpr double kAbsolute = 1e-7;

struct NodeCase {
  std::string name;
  std::string model;
  std::vector<TensorProto> inputs;
  std::vector<TensorProto> outputs;
};

Result<NodeCase> parse_case(std::string_view bytes) {
  NodeCase result;
  for (WireFields fields(bytes); fields.next();) {
    if (fields.number() == 1) result.name = fields.bytes();
    if (fields.number() == 2) result.model = fields.bytes();
    if (fields.number() == 3) result.inputs.push_back(TRY(parse_tensor(fields.bytes())));
    if (fields.number() == 4) result.outputs.push_back(TRY(parse_tensor(fields.bytes())));
  }
  return result;
}

Status fill(const NodeCase& test, const Signature& signature, InputBuffer& input) {
  input.reset(1, signature.columns.size(), signature.matrices);
  size_t column = 0;
  for (const TensorProto& proto : test.inputs) {
    const Value value = TRY(decode_tensor(proto));
    const size_t count =
        value.is_text() ? value.constant->texts.size() : value.constant->numbers.size();
    if (column + count > signature.columns.size()) return internal_error("too few columns");
    for (size_t i = 0; i < count; ++i, ++column) {
      if (value.is_text()) {
        input.string_row(0)[column] = input.store(value.constant->texts[i]);
      } else {
        input.number_row(0)[column] = value.constant->numbers[i];
      }
    }
  }
  return column == signature.columns.size() ? Status() : internal_error("too many columns");
}

bool close(double expected, double actual) {
  if (std::isnan(expected)) return std::isnan(actual);
  if (std::isinf(expected)) return actual == expected;
  return std::fabs(expected - actual) <= kAbsolute + kRelative * std::fabs(expected);
}

Status compare(const Value& expected, const OutputSpec& spec, const OutputBuffer& output) {
  const std::string name = spec.name;
  const bool is_short = expected.type == DType::kFloat16 || expected.type == DType::kBfloat16;
  if ((is_short ? DType::kFloat32 : expected.type) != spec.dtype)
    return internal_error(name + " has another type");
  const size_t count =
      expected.is_text() ? expected.constant->texts.size() : expected.constant->numbers.size();
  if (count != spec.width) return internal_error(name + " has another size");
  for (size_t i = 0; i < count; ++i) {
    if (expected.is_text()) {
      if (output.strings[i].view() != expected.constant->texts[i]) return internal_error(name);
      continue;
    }
    const double actual =
        output.indices.empty()
            ? output.numbers[i]
            : static_cast<double>(spec.labels[i].ints.at(static_cast<size_t>(output.indices[i])));
    if (!close(expected.constant->numbers[i], actual)) {
      return internal_error(fmt::format("{} element {}: expected {}, got {}", name, i,
                                        expected.constant->numbers[i], actual));
    }
  }
  return {};
}

Status run_case(const NodeCase& test) {
  const formats::FormatSet none;
  const formats::ReadReport report = TRY(make_format()->read(test.model, {}, none, Limits{}));
  TRY_STATUS(report.status());
  const auto executable = TRY(engine::compile(report.graph));
  InputBuffer input;
  TRY_STATUS(fill(test, executable->signature(), input));
  const auto scratch = executable->make_scratch();
  std::vector<OutputBuffer> outputs;
  const size_t count = executable->signature().outputs.size();
  if (count != test.outputs.size()) return internal_error("another number of outputs");
  TRY_STATUS(executable->run(input.batch(), (OutputMask{1} << count) - 1, *scratch, outputs));
  for (size_t i = 0; i < count; ++i) {
    const Value expected = TRY(decode_tensor(test.outputs[i]));
    TRY_STATUS(compare(expected, executable->signature().outputs[i], outputs[i]));
  }
  return {};
}

std::string data_path(std::string_view name) {
  return fmt::format("{}/onnx/{}", SLIPWAY_TEST_DATA_DIR, name);
}

std::set<std::string> unsupported_cases() {
  std::set<std::string> names;
  const Result<std::string> text = read_file(data_path("node_tests.unsupported.txt"), Limits{});
  std::istringstream lines(text.ok() ? *text : "");
  for (std::string line; std::getline(lines, line);) {
    if (!line.empty() && line[0] != '#') names.insert(line.substr(0, line.find(':')));
  }
  return names;
}

TEST(NodeTest, NodeTestsOfTheOnnxPackagePassOrAreListedAsUnsupported) {
  const Result<std::string> bytes = read_file(data_path("node_tests.pb"), Limits{});
  ASSERT_TRUE(bytes.ok()) << bytes.status().to_string();
  const std::set<std::string> unsupported = unsupported_cases();
  size_t total = 0;
  size_t passed = 0;
  for (WireFields fields(*bytes); fields.next();) {
    const Result<NodeCase> test = parse_case(fields.bytes());
    ASSERT_TRUE(test.ok()) << test.status().to_string();
    ++total;
    const Status status = run_case(*test);
    const bool listed = unsupported.contains(test->name);
    passed += status.ok() ? 1 : 0;
    if (status.ok()) {
      EXPECT_FALSE(listed) << test->name << " passes: take it off the list";
    } else if (!listed) {
      ADD_FAILURE() << test->name << ": " << status.to_string();
    }
  }
  fmt::print("node tests of the onnx package: {} passed / {} in domain\n", passed, total);
  EXPECT_EQ(passed + unsupported.size(), total);
}

}  // namespace
}  // namespace slipway::onnx
