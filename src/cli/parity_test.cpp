// Parity with the libraries that made the models: every fixture
// tests/data/<format>/<version>/*.json is read, compiled and run, and each answer is compared with
// what that version of the library itself said (tests/data/sklearn/README.md tells what the JSON
// holds). Each case also runs with every row alone: the bits must agree.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <simdjson.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <filesystem>
#include <map>
#include <numeric>

#include "cli/model_file.h"

namespace slipway::cli {
namespace {

namespace dom = simdjson::dom;

struct FixturePath {
  std::string format;
  std::string version;
  std::string name;
  std::string json_path;
};

bool is_version(const std::string& name) {
  return name.find_first_not_of("0123456789.") == std::string::npos;
}

std::vector<FixturePath> find_fixtures() {
  namespace fs = std::filesystem;
  std::vector<FixturePath> found;
  for (const auto& format : fs::directory_iterator(SLIPWAY_TEST_DATA_DIR)) {
    if (!format.is_directory()) continue;
    for (const auto& folder : fs::directory_iterator(format.path())) {
      const std::string version = folder.path().filename();
      if (!folder.is_directory() || !is_version(version)) continue;
      for (const auto& file : fs::directory_iterator(folder.path())) {
        if (file.path().extension() != ".json") continue;
        if (file.path().stem().string().find('.') != std::string::npos) continue;  // "x.model.json"
        found.push_back({format.path().filename(), version, file.path().stem(), file.path()});
      }
    }
  }
  std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) {
    return std::tie(a.format, a.version, a.name) < std::tie(b.format, b.version, b.name);
  });
  return found;
}

double special_float(dom::element value) {
  const std::string_view text = value["f"].get_string().value();
  if (text == "inf") return std::numeric_limits<double>::infinity();
  if (text == "-inf") return -std::numeric_limits<double>::infinity();
  return std::numeric_limits<double>::quiet_NaN();
}

double to_number(dom::element value) {
  if (value.is_object()) return special_float(value);
  if (value.is_null()) return std::numeric_limits<double>::quiet_NaN();
  if (value.is_bool()) return value.get_bool().value() ? 1 : 0;
  return value.get_double().value();
}

/// Where each cell of a fixture's row goes: by name where the model knows names, else in order.
std::vector<size_t> column_places(const Signature& signature, dom::element expected) {
  std::vector<size_t> places(signature.columns.size());
  std::iota(places.begin(), places.end(), size_t{0});
  dom::array names;
  if (!signature.columns_named || expected["columns"].get(names) != simdjson::SUCCESS) {
    return places;
  }
  places.clear();
  for (const dom::element name : names) {
    const auto place = signature.find_column(name.get_string().value());
    EXPECT_TRUE(place.has_value()) << "no column " << name;
    places.push_back(place.value_or(0));
  }
  return places;
}

/// A dict's values: numbers, texts, truth values, null and special floats, lists of texts.
void fill_record(dom::object record, size_t row, size_t column, InputBuffer& input) {
  input.begin_record(row, column);
  for (const auto& [name, value] : record) {
    const std::string_view key = input.store_key(name);
    if (value.is_array()) {
      const dom::array texts = value.get_array().value();
      for (const dom::element text : texts) {
        ASSERT_TRUE(input.add_field(key, input.store(text.get_string().value())).ok());
      }
      continue;
    }
    const StringCell cell = value.is_string() ? input.store(value.get_string().value())
                            : value.is_null() ? StringCell::none()
                                              : StringCell::number(to_number(value));
    ASSERT_TRUE(input.add_field(key, cell).ok());
  }
  ASSERT_TRUE(input.end_record().ok());
}

void fill_row(const Signature& signature, const std::vector<size_t>& places, dom::array row,
              size_t index, InputBuffer& input) {
  ASSERT_EQ(row.size(), places.size());
  size_t cell_index = 0;
  for (const dom::element cell : row) {
    const size_t column = places[cell_index++];
    if (!signature.columns[column].is_used) continue;
    if (signature.columns[column].is_record()) {
      ASSERT_TRUE(cell.is_object()) << "no dict in record column " << column;
      fill_record(cell.get_object().value(), index, column, input);
    } else if (!signature.columns[column].is_text()) {
      ASSERT_FALSE(cell.is_string()) << "a text in number column " << column;
      input.number_row(index)[column] = to_number(cell);
    } else if (cell.is_string()) {
      input.string_row(index)[column] = input.store(cell.get_string().value());
    } else {
      ASSERT_TRUE(cell.is_null() || cell.is_object()) << "a number in text column " << column;
      input.string_row(index)[column] = cell.is_null() ? StringCell::none() : StringCell::nan();
    }
  }
}

/// What may differ, and what did: the largest |expected - actual| / max(1, |expected|).
struct Tolerance {
  double allowed = 0;
  double worst = 0;
};

void compare_number(double expected, double actual, Tolerance& tolerance,
                    const std::string& where) {
  if (std::isnan(expected) || std::isinf(expected)) {
    EXPECT_TRUE(std::isnan(expected) ? std::isnan(actual) : actual == expected)
        << where << ": expected " << expected << ", got " << actual;
    return;
  }
  const double scale = std::max(1.0, std::fabs(expected));
  tolerance.worst = std::max(tolerance.worst, std::fabs(expected - actual) / scale);
  EXPECT_LE(std::fabs(expected - actual), tolerance.allowed * scale)
      << where << ": expected " << fmt::format("{}, got {}", expected, actual);
}

void compare_label(const LabelTable& labels, int32_t index, dom::element expected,
                   const std::string& where) {
  ASSERT_GE(index, 0) << where;
  ASSERT_LT(static_cast<size_t>(index), labels.size()) << where;
  const auto i = static_cast<size_t>(index);
  switch (labels.dtype) {
    case DType::kString:
      EXPECT_EQ(labels.strings[i], std::string(expected.get_string().value())) << where;
      break;
    case DType::kFloat64: EXPECT_EQ(labels.floats[i], to_number(expected)) << where; break;
    case DType::kBool:
      ASSERT_TRUE(expected.is_bool()) << where;
      EXPECT_EQ(labels.ints[i] != 0, expected.get_bool().value()) << where;
      break;
    default: EXPECT_EQ(labels.ints[i], expected.get_int64().value()) << where;
  }
}

void compare_string(const StringCell& cell, dom::element expected, Tolerance& tolerance,
                    const std::string& where) {
  if (cell.is_number()) {
    ASSERT_FALSE(expected.is_string()) << where;
    return compare_number(to_number(expected), cell.real, tolerance, where);
  }
  if (!expected.is_string()) {
    EXPECT_TRUE(cell.missing()) << where;
    return;
  }
  EXPECT_EQ(cell.view(), expected.get_string().value()) << where;
}

size_t product(dom::array shape) {
  size_t count = 1;
  for (const dom::element extent : shape) count *= extent.get_uint64().value();
  return count;
}

void compare_output(const OutputSpec& spec, const OutputBuffer& output, dom::element expected,
                    Tolerance& tolerance) {
  const dom::array values = expected["values"].get_array().value();
  const dom::array shape = expected["shape"].get_array().value();
  ASSERT_EQ(product(shape), output.rows * spec.width) << spec.name;
  EXPECT_EQ(shape.size() == 1, spec.is_vector) << spec.name << ": vector or matrix";
  size_t i = 0;
  for (const dom::element value : values) {
    const std::string where =
        fmt::format("{}, row {}, column {}", spec.name, i / spec.width, i % spec.width);
    if (!output.indices.empty()) {
      compare_label(spec.labels[i % spec.width], output.indices[i], value, where);
    } else if (!output.strings.empty()) {
      compare_string(output.strings[i], value, tolerance, where);
    } else {
      ASSERT_FALSE(value.is_string()) << where;
      compare_number(to_number(value), output.numbers[i], tolerance, where);
    }
    ++i;
  }
}

bool same_bits(const OutputBuffer& batch, size_t row, const OutputBuffer& alone) {
  const auto equal = [&](const auto& all, const auto& one, const auto& same) {
    return std::equal(one.begin(), one.end(),
                      all.begin() + static_cast<ptrdiff_t>(all.empty() ? 0 : row * batch.width),
                      same);
  };
  return equal(batch.numbers, alone.numbers,
               [](double a, double b) {
                 return std::bit_cast<uint64_t>(a) == std::bit_cast<uint64_t>(b);
               }) &&
         equal(batch.indices, alone.indices, std::equal_to<>()) &&
         equal(batch.strings, alone.strings, [](const StringCell& a, const StringCell& b) {
           return a.kind == b.kind && a.view() == b.view() &&
                  (!a.is_number() ||
                   std::bit_cast<uint64_t>(a.real) == std::bit_cast<uint64_t>(b.real));
         });
}

Status run_rows(const Executable& executable, const std::vector<size_t>& places, dom::array rows,
                OutputMask wanted, Scratch& scratch, std::vector<OutputBuffer>& outputs,
                InputBuffer& input) {
  const Signature& signature = executable.signature();
  input.reset(rows.size(), signature.columns.size(), signature.matrices);
  size_t index = 0;
  for (const dom::element row : rows) {
    fill_row(signature, places, row.get_array().value(), index++, input);
  }
  return executable.run(input.batch(), wanted, scratch, outputs);
}

/// What tests/data/<format>/known_differences.json, if there is one, says of a case: where Slipway
/// does otherwise, and why.
struct KnownDifference {
  bool is_gap = false;  // the model must be refused with a clear error, or answer as scikit-learn
  bool other_input = false;  // it is read, but takes other rows than the fixture holds
  std::string left_out;      // an output that is not compared
  double tolerance = 0;      // if not 0
};

KnownDifference known_difference(const std::string& format, const std::string& name) {
  dom::parser parser;
  const std::string path =
      fmt::format("{}/{}/known_differences.json", SLIPWAY_TEST_DATA_DIR, format);
  KnownDifference known;
  if (!std::filesystem::exists(path)) return known;
  const dom::array entries = parser.load(path).get_array().value();
  for (const dom::element entry : entries) {
    const std::string_view wanted = entry["case"].get_string().value();
    const bool prefix = entry["prefix"].error() == simdjson::SUCCESS;
    if (prefix ? !name.starts_with(wanted) : name != wanted) continue;
    const std::string_view kind = entry["kind"].get_string().value();
    known.is_gap = known.is_gap || kind == "gap";
    known.other_input = known.other_input || kind == "input";
    if (kind == "output") known.left_out = entry["output"].get_string().value();
    if (kind == "tolerance") known.tolerance = entry["tolerance"].get_double().value();
  }
  return known;
}

class ParityTest : public testing::TestWithParam<FixturePath> {};

TEST_P(ParityTest, AnswersAsItsLibrary) {
  const FixturePath& fixture = GetParam();
  dom::parser parser;
  dom::element expected;
  ASSERT_EQ(parser.load(fixture.json_path).get(expected), simdjson::SUCCESS);
  const std::filesystem::path model_path = std::filesystem::path(fixture.json_path).parent_path() /
                                           std::string(expected["file"].get_string().value());
  std::string select;
  if (std::string_view path; expected["select"].get(path) == simdjson::SUCCESS) select = path;
  const Result<ModelFile> file = read_model_file(model_path, select, Limits{}.file_bytes_max);
  ASSERT_TRUE(file.ok()) << file.status().to_string();
  const KnownDifference known = known_difference(fixture.format, fixture.name);
  const Status status_of_report = file->report.status();
  if (known.is_gap && !status_of_report.ok()) {
    EXPECT_EQ(status_of_report.code(), StatusCode::kUnimplemented) << status_of_report.to_string();
    return;
  }
  ASSERT_TRUE(status_of_report.ok()) << status_of_report.to_string();
  if (known.other_input) return;
  const auto executable = compile_model(*file, model_path);
  ASSERT_TRUE(executable.ok()) << executable.status().to_string();
  const Signature& signature = (*executable)->signature();
  const dom::object outputs_expected = expected["outputs"].get_object().value();
  const double tolerance =
      known.tolerance != 0 ? known.tolerance : expected["tolerance"].get_double().value();
  const auto scratch = (*executable)->make_scratch();
  const dom::array rows = expected["rows"].get_array().value();

  const std::vector<size_t> places = column_places(signature, expected);

  OutputMask wanted = 0;
  for (const auto& [name, values] : outputs_expected) {
    if (name == known.left_out) continue;
    const auto output = signature.find_output(name);
    ASSERT_TRUE(output.has_value()) << "the model has no output " << name;
    wanted |= OutputMask{1} << *output;
  }
  std::vector<OutputBuffer> outputs;
  InputBuffer input;
  const Status status = run_rows(**executable, places, rows, wanted, *scratch, outputs, input);
  ASSERT_TRUE(status.ok()) << status.to_string();
  std::string errors;
  for (const auto& [name, values] : outputs_expected) {
    if (name == known.left_out) continue;
    const uint32_t i = *signature.find_output(name);
    Tolerance found{tolerance};
    compare_output(signature.outputs[i], outputs[i], values, found);
    errors += fmt::format("{}{}={:.1e}", errors.empty() ? "" : " ", name, found.worst);
  }
  // tools/coverage_table makes a table of these.
  RecordProperty("errors", errors);
  RecordProperty("classes", fmt::format("{}", fmt::join(file->report.classes, " ")));

  // Each row alone gives the same bits.
  const size_t columns = signature.columns.size();
  const Batch batch = input.batch();
  for (size_t row = 0; row < batch.rows; ++row) {
    std::vector<OutputBuffer> alone;
    const Batch one{1, batch.numbers + row * columns,
                    batch.strings == nullptr ? nullptr : batch.strings + row * columns,
                    batch.records == nullptr ? nullptr : batch.records + row * columns,
                    batch.fields};
    ASSERT_TRUE((*executable)->run(one, wanted, *scratch, alone).ok());
    for (size_t i = 0; i < outputs.size(); ++i) {
      if ((wanted >> i & 1U) == 0) continue;
      EXPECT_TRUE(same_bits(outputs[i], row, alone[i]))
          << signature.outputs[i].name << ": row " << row << " alone differs from the batch";
    }
  }

  // Rows that the library refuses are refused, each by itself.
  if (dom::object refused; expected["error"].get(refused) == simdjson::SUCCESS) {
    const dom::array refused_rows = refused["rows"].get_array().value();
    for (const dom::element row : refused_rows) {
      input.reset(1, columns, signature.matrices);
      fill_row(signature, places, row.get_array().value(), 0, input);
      std::vector<OutputBuffer> none;
      const Status error = (*executable)->run(input.batch(), wanted, *scratch, none);
      EXPECT_EQ(error.code(), StatusCode::kInvalidArgument)
          << "the library refuses a row: " << refused["message"].get_string().value();
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Models, ParityTest, testing::ValuesIn(find_fixtures()),
                         [](const testing::TestParamInfo<FixturePath>& param) {
                           std::string name = fmt::format("{}_{}_{}", param.param.format,
                                                          param.param.version, param.param.name);
                           std::replace_if(
                               name.begin(), name.end(),
                               [](char c) {
                                 return std::isalnum(static_cast<unsigned char>(c)) == 0;
                               },
                               '_');
                           return name;
                         });

TEST(ParityFixtures, AreThere) { EXPECT_GE(find_fixtures().size(), 500U); }

}  // namespace
}  // namespace slipway::cli
