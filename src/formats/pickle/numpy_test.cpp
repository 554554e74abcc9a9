// Files that Python wrote (tests/data/pickle/make.py says with what), all with the same values.
#include "formats/pickle/numpy.h"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>

#include "base/file.h"
#include "formats/pickle/internal/test_pickles.h"

namespace slipway::pickle {
namespace {

using std::string_literals::operator""s;

std::string file_bytes(const std::string& name) {
  Result<std::string> bytes =
      read_file(std::string(SLIPWAY_TEST_DATA_DIR) + "/pickle/" + name, Limits{});
  EXPECT_TRUE(bytes.ok()) << bytes.status().to_string();
  return bytes.ok() ? std::move(*bytes) : std::string();
}

class NumpyFile : public testing::TestWithParam<std::string> {
 protected:
  NumpyFile() {
    Result<Tree> tree = parse(file_bytes(GetParam()), {});
    EXPECT_TRUE(tree.ok()) << tree.status().to_string();
    if (tree.ok()) tree_ = std::move(*tree);
  }
  Value get(std::string_view key) {
    const std::optional<Value> found = tree_.root().find(key);
    EXPECT_TRUE(found.has_value()) << key;
    return found.value_or(tree_.root());
  }
  bool has(std::string_view key) { return tree_.root().find(key).has_value(); }
  std::vector<double> f64(std::string_view key) {
    Result<Array<double>> array = to_f64(get(key));
    EXPECT_TRUE(array.ok()) << key << ": " << array.status().to_string();
    return array.ok() ? array->values : std::vector<double>();
  }
  std::vector<int64_t> i64(std::string_view key) {
    Result<Array<int64_t>> array = to_i64(get(key));
    EXPECT_TRUE(array.ok()) << key << ": " << array.status().to_string();
    return array.ok() ? array->values : std::vector<int64_t>();
  }
  std::vector<std::string> strings(std::string_view key) {
    Result<Array<std::string>> array = to_strings(get(key));
    EXPECT_TRUE(array.ok()) << key << ": " << array.status().to_string();
    return array.ok() ? array->values : std::vector<std::string>();
  }
  Tree tree_;
};

using Shape = std::vector<uint64_t>;
using Doubles = std::vector<double>;
using Ints = std::vector<int64_t>;
using Strings = std::vector<std::string>;

TEST_P(NumpyFile, IsAcceptedWholly) {
  EXPECT_TRUE(tree_.refused_status().ok()) << tree_.refused_status().to_string();
  const bool joblib = GetParam().find("joblib") != std::string::npos;
  EXPECT_EQ(tree_.container(), joblib ? "joblib" : "pickle");
}

TEST_P(NumpyFile, EveryRealDtypeAndOrderReadsAlike) {
  for (const char* key : {"i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8", "g",
                          ">i2", ">u4", ">f4", ">f8", "fortran", "big_fortran"}) {
    EXPECT_EQ(f64(key), (Doubles{0, 1, 2, 3, 4, 5})) << key;
    EXPECT_EQ(to_f32(get(key)).value().values, (std::vector<float>{0, 1, 2, 3, 4, 5})) << key;
    EXPECT_EQ(array_info(get(key)).value().shape, (Shape{2, 3})) << key;
    EXPECT_TRUE(is_array(get(key))) << key;
  }
  for (const char* key : {"i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", ">i2", ">u4"}) {
    EXPECT_EQ(i64(key), (Ints{0, 1, 2, 3, 4, 5})) << key;
    EXPECT_EQ(to_u8(get(key)).value().values, (std::vector<uint8_t>{0, 1, 2, 3, 4, 5})) << key;
  }
  EXPECT_EQ(i64("?"), (Ints{0, 1, 1, 1, 1, 1}));
  EXPECT_FALSE(to_i64(get("f8")).ok());
  EXPECT_EQ(array_info(get("f8")).value().dtype, "float64");
  EXPECT_EQ(array_info(get(">i2")).value().dtype, ">int16");
  EXPECT_EQ(array_info(get("?")).value().kind, ElementKind::kBool);
}

TEST_P(NumpyFile, EveryMemoryOrderReadsRowMajor) {
  Doubles expected;
  for (int i = 0; i < 3; ++i) {
    for (int j = 0; j < 4; ++j) {
      for (int k = 0; k < 2; ++k) expected.push_back(12 * k + 4 * i + j);
    }
  }
  EXPECT_EQ(f64("transposed"), expected);
  EXPECT_EQ(to_f64(get("transposed")).value().shape, (Shape{3, 4, 2}));
  EXPECT_EQ(f64("strided"), (Doubles{0, 2, 4, 6, 8, 10}));
  EXPECT_EQ(f64("zero_d"), Doubles{2.5});
  EXPECT_TRUE(to_f64(get("zero_d")).value().shape.empty());
  EXPECT_EQ(to_f64(get("empty")).value().shape, (Shape{0, 3}));
  EXPECT_EQ(f64("matrix"), (Doubles{1, 2}));
  EXPECT_EQ(f64("masked"), (Doubles{1, 2, 3}));
}

TEST_P(NumpyFile, TextIsUtf8) {
  EXPECT_EQ(strings("text"), (Strings{"a", "bé", "", "\U0001f600"}));
  EXPECT_EQ(strings("big_text"), (Strings{"a", "bé"}));
  EXPECT_EQ(strings("bytes_array"), (Strings{"ab", "c"}));
  EXPECT_EQ(strings("object_grid"), (Strings{"a", "b", "c", "d"}));
  EXPECT_EQ(to_strings(get("object_grid")).value().shape, (Shape{2, 2}));
  EXPECT_EQ(get("text_scalar").as_string().value(), "hé");
  EXPECT_EQ(get("zero_d_text").as_string().value(), "dé");
  EXPECT_EQ(get("str").as_string().value(), "né\U0001f600\n\\");
  EXPECT_FALSE(to_f64(get("text")).ok());
  EXPECT_FALSE(to_strings(get("f8")).ok());
}

TEST_P(NumpyFile, ObjectsBecomeTypedCells) {
  const std::vector<Cell> cells = to_cells(get("objects")).value().values;
  ASSERT_EQ(cells.size(), 6u);
  EXPECT_EQ(cells[0].text, "x");
  EXPECT_EQ(cells[1].kind, Cell::Kind::kMissing);
  EXPECT_TRUE(cells[1].is_none);
  EXPECT_EQ(cells[2].kind, Cell::Kind::kInt);
  EXPECT_EQ(cells[2].integer, 1);
  EXPECT_EQ(cells[3].number, 2.5);
  EXPECT_EQ(cells[4].kind, Cell::Kind::kMissing);
  EXPECT_FALSE(cells[4].is_none);
  EXPECT_EQ(cells[5].kind, Cell::Kind::kBool);
  EXPECT_EQ(to_values(get("objects")).value().values[0].as_string().value(), "x");
  EXPECT_EQ(to_cells(get("text")).value().values[1].text, "bé");
  EXPECT_EQ(to_cells(get("u8")).value().values[5].integer, 5);
  EXPECT_FALSE(to_f64(get("objects")).ok());
  EXPECT_FALSE(to_strings(get("objects")).ok());
}

TEST_P(NumpyFile, RecordsAreReadByFieldName) {
  for (const char* key : {"nodes", "big_nodes"}) {
    EXPECT_EQ(field_i64(get(key), "left").value()->values, (Ints{1, -1, -1})) << key;
    EXPECT_EQ(field_f64(get(key), "threshold").value()->values, (Doubles{0.5, 2.5, -1})) << key;
    EXPECT_EQ(field_i64(get(key), "leaf").value()->values, (Ints{0, 1, 1})) << key;
    EXPECT_FALSE(field_f64(get(key), "gone").value().has_value()) << key;
    const Records records = Records::of(get(key)).value();
    const auto left = records.column<int64_t>("left").value();
    const auto threshold = records.column<double>("threshold").value();
    const auto leaf = records.column<uint8_t>("leaf").value();
    ASSERT_EQ(threshold->size(), 3U) << key;
    EXPECT_EQ((*left)[2], -1) << key;
    EXPECT_EQ((*threshold)[1], 2.5) << key;
    EXPECT_EQ((*leaf)[2], 1) << key;
    EXPECT_FALSE(records.column<double>("gone").value().has_value()) << key;
    EXPECT_FALSE(records.column<uint8_t>("threshold").ok()) << key;
    EXPECT_FALSE(to_f64(get(key)).ok());
  }
  const ArrayInfo info = array_info(get("nodes")).value();
  EXPECT_EQ(info.kind, ElementKind::kStruct);
  EXPECT_EQ(info.item_bytes, 24u);
  EXPECT_EQ(info.dtype, "[('left', 'int32'), ('threshold', 'float64'), ('leaf', 'uint8')]");
}

TEST_P(NumpyFile, ScalarsCountAsPythonValues) {
  EXPECT_EQ(get("float_scalar").as_double().value(), 1.5);
  EXPECT_EQ(get("float32_scalar").as_double().value(), static_cast<double>(0.1F));
  EXPECT_EQ(get("int_scalar").as_int().value(), -7);
  EXPECT_TRUE(get("bool_scalar").as_bool().value());
  EXPECT_EQ(get("zero_d").as_double().value(), 2.5);
  EXPECT_FALSE(is_array(get("float_scalar")));
  EXPECT_EQ(f64("float_scalar"), Doubles{1.5});
  EXPECT_EQ(get("big_int").as_double().value(), 0x1p70);
  EXPECT_EQ(get("min_int").as_int().value(), INT64_MIN);
  EXPECT_EQ(get("uint64").as_double().value(), 0x1p63);
  EXPECT_FALSE(get("uint64").as_int().ok());
  EXPECT_FALSE(to_f64(get("complex_array")).ok());
  EXPECT_FALSE(to_f64(get("dates")).ok());
}

TEST_P(NumpyFile, SparseMatricesAreCsr) {
  for (const char* key : {"csr", "csc"}) {
    EXPECT_TRUE(is_sparse(get(key)));
    const Csr csr = to_csr(get(key)).value();
    EXPECT_EQ(csr.rows, 2u);
    EXPECT_EQ(csr.columns, 3u);
    EXPECT_EQ(csr.values, (Doubles{1.5, 2, 3})) << key;
    EXPECT_EQ(csr.column_indices, (Ints{1, 0, 2})) << key;
    EXPECT_EQ(csr.row_starts, (Ints{0, 1, 3})) << key;
  }
  EXPECT_FALSE(is_sparse(get("f8")));
  EXPECT_FALSE(to_csr(get("f8")).ok());
}

TEST_P(NumpyFile, PythonContainersAreThemselves) {
  EXPECT_EQ(f64("list"), (Doubles{1, 2.5, 3, 1}));
  EXPECT_EQ(to_f64(get("list")).value().shape, (Shape{2, 2}));
  std::string all;
  for (int i = 0; i < 256; ++i) all.push_back(static_cast<char>(i));
  EXPECT_EQ(get("bytes").kind(), Kind::kBytes);
  EXPECT_EQ(get("bytes").text(), all);
  EXPECT_EQ(get("bytearray").text(), "a\xff");
  EXPECT_EQ(get("set").kind(), Kind::kSet);
  EXPECT_EQ(get("set").at(0).as_int().value(), 1);
  EXPECT_EQ(get("frozenset").at(0).as_string().value(), "a");
  EXPECT_EQ(get("ordered").type_name(), "collections.OrderedDict");
  EXPECT_EQ(get("ordered").size(), 2u);
  EXPECT_EQ(get("ordered").entry(1).key.as_string().value(), "l");
  EXPECT_EQ(get("ordered").find("l")->as_int().value(), 2);
  EXPECT_EQ(get("bunch").find("a")->as_int().value(), 1);
  EXPECT_TRUE(get("slice").is("builtins", "slice"));
  EXPECT_EQ(get("slice").args().at(0).as_int().value(), 1);
  EXPECT_TRUE(get("dtype").is("numpy", "float32"));
}

TEST_P(NumpyFile, ModelsKeepTheirAttributes) {
  const Value model = get("model");
  EXPECT_TRUE(model.is("sklearn.", "LogisticRegression"));
  EXPECT_EQ(model.trust(), Trust::kUnderstood);
  EXPECT_EQ(to_strings(model.attr("classes_").value()).value().values, (Strings{"no", "yes"}));
  EXPECT_EQ(to_f64(model.attr("coef_").value()).value().shape, (Shape{1, 1}));
  const Value tree = get("kd_tree");
  EXPECT_TRUE(tree.is("sklearn.neighbors._kd_tree", "KDTree"));
  ASSERT_TRUE(tree.state().has_value());
  EXPECT_EQ(to_f64(tree.state()->at(0)).value().values, (Doubles{0, 1, 2, 3, 4, 5, 6, 7}));
  EXPECT_EQ(get("random").trust(), Trust::kInert);
  EXPECT_EQ(get("function").name(), "log1p");
  EXPECT_EQ(get("function").trust(), Trust::kInert);
}

TEST_P(NumpyFile, PandasNamesAreCells) {
  if (!has("index")) GTEST_SKIP() << "written without pandas";
  EXPECT_EQ(strings("index"), (Strings{"a", "bé"}));
  EXPECT_TRUE(is_array(get("index")));
  EXPECT_EQ(strings("object_index"), (Strings{"a", "b"}));
  EXPECT_EQ(i64("int_index"), (Ints{3, 5}));
  EXPECT_EQ(i64("range_index"), (Ints{1, 3, 5}));
  EXPECT_EQ(to_cells(get("range_index")).value().values[2].integer, 5);
  const std::vector<Cell> cells = to_cells(get("string_array")).value().values;
  EXPECT_EQ(cells[0].text, "a");
  EXPECT_EQ(cells[1].kind, Cell::Kind::kMissing);
}

std::vector<std::string> all_files() {
  const std::filesystem::path root = std::filesystem::path(SLIPWAY_TEST_DATA_DIR) / "pickle";
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(root)) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with("values.")) continue;
    names.push_back(entry.path().parent_path().filename().string() + "/" + name);
  }
  return names;
}

std::string test_name(const testing::TestParamInfo<std::string>& file) {
  std::string name = file.param;
  for (char& c : name) {
    if (c == '/' || c == '.') c = '_';
  }
  return name;
}

INSTANTIATE_TEST_SUITE_P(Written, NumpyFile, testing::ValuesIn(all_files()), test_name);

TEST(Numpy, TheFilesAreThere) { EXPECT_EQ(all_files().size(), 27u); }

TEST(Numpy, AFileCutAnywhereIsAnErrorAndNothingWorse) {
  for (const char* name :
       {"numpy2/model.joblib", "numpy2/values.joblib", "numpy2/values.p0.pkl",
        "numpy2/values.p5.pkl", "numpy2/values.two.gz", "numpy2/values.joblib.lz4",
        "numpy2/values.pkl.zst", "numpy2/values.pkl.zlib"}) {
    const std::string whole = file_bytes(name);
    // The small file at every byte; the others, which take their time, at some.
    const size_t step = std::string_view(name) == "numpy2/model.joblib" ? 1 : 97;
    for (size_t size = 0; size < whole.size(); size += step) {
      const Status status = parse(whole.substr(0, size), {}).status();
      const bool expected =
          status.code() == StatusCode::kDataLoss || status.code() == StatusCode::kInvalidArgument;
      EXPECT_TRUE(expected) << name << " cut at " << size << ": " << status.to_string();
    }
  }
}

/// An int64 array of this shape with these bytes, as protocol 5 pickles it.
std::string array_pickle(const std::string& shape, std::string_view bytes,
                         std::string_view code = "i8") {
  return pickle_of(global("numpy.core.numeric", "_frombuffer") + "(C" + little(bytes.size(), 1) +
                   std::string(bytes) + global("numpy", "dtype") + text(code) + "\x89\x88\x87R" +
                   shape + text("C") + "tR");
}

TEST(Numpy, AShapeThatTheBytesDoNotFillIsInvalid) {
  const std::string zeros(16, '\0');
  const auto status = [](const std::string& bytes) {
    const Tree tree = parse(bytes, {}).value();
    return to_i64(tree.root()).status();
  };
  EXPECT_TRUE(status(array_pickle("K\x02\x85", zeros)).ok());
  EXPECT_EQ(status(array_pickle("K\x03\x85", zeros)).code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(status(array_pickle("J\xff\xff\xff\xff\x85", zeros)).code(),
            StatusCode::kInvalidArgument);
  const std::string huge = "\x8a\x08" + little(1ULL << 62, 8);
  EXPECT_EQ(status(array_pickle(huge + "\x85", zeros)).code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(status(array_pickle(huge + huge + "\x86", zeros)).code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(status(array_pickle(huge + "\x85", "", "V0")).code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(status(array_pickle("N\x85", zeros)).code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(status(array_pickle("K\x02\x85", zeros, "i7")).code(), StatusCode::kInvalidArgument);
}

TEST(Numpy, ExtremeNumbersSurvive) {
  const auto value = [](std::string_view bytes, std::string_view code) {
    const Tree tree = parse(array_pickle(")", bytes, code), {}).value();
    return to_f64(tree.root()).value().values.at(0);
  };
  EXPECT_EQ(value(little(0x7BFF, 2), "f2"), 65504);    // the largest half
  EXPECT_EQ(value(little(0x0001, 2), "f2"), 0x1p-24);  // the smallest
  EXPECT_EQ(value(little(0xFC00, 2), "f2"), -INFINITY);
  EXPECT_TRUE(std::isnan(value(little(0x7E00, 2), "f2")));
  EXPECT_EQ(value(little(0xFFFFFFFFFFFFFFFF, 8), "u8"), 0x1p64);
  const std::string pi = little(0xC90FDAA22168C235, 8) + little(0x4000, 8);  // numpy.longdouble
  EXPECT_DOUBLE_EQ(value(pi, "f16"), 3.14159265358979323846);
  const Tree big = parse(array_pickle(")", little(0xFFFFFFFFFFFFFFFF, 8), "u8"), {}).value();
  EXPECT_EQ(to_i64(big.root()).status().code(), StatusCode::kInvalidArgument);
}

TEST(Numpy, MemoryLimitHoldsForConversions) {
  Limits limits;
  const Tree tree = parse(array_pickle("K\x10\x85", std::string(16, '\1'), "i1"), limits).value();
  EXPECT_TRUE(to_cells(tree.root()).ok());
  limits.memory_bytes_max = 4096;  // 16 cells take less, 200 bytes of int8 as cells more
  const Tree tight = parse(array_pickle("K\xc8\x85", std::string(200, '\1'), "i1"), limits).value();
  EXPECT_EQ(to_cells(tight.root()).status().code(), StatusCode::kResourceExhausted);
}

TEST(Numpy, ADtypeThatIsMadeOfItselfIsInvalid) {
  // The dtype's item size is a numpy scalar of that same dtype.
  const std::string dtype = global("numpy", "dtype") + text("V8") + "\x89\x88\x87R\x94";
  const std::string scalar = global("numpy.core.multiarray", "scalar") + "h"s + '\0' + "C\x08" +
                             std::string(8, '\1') + "\x86R";
  const std::string state = "(K\x03" + text("|") + "NNN" + scalar + "K\x01K\x00t"s + "b";
  const Tree tree = parse(pickle_of(dtype + state + "0" + scalar), {}).value();
  EXPECT_EQ(tree.root().as_int().status().code(), StatusCode::kInvalidArgument);
}

TEST(Numpy, BrokenSparseMatricesAreInvalid) {
  const auto list = [](std::string_view items) { return "](" + std::string(items) + "e"; };
  const auto matrix = [&](const std::string& starts, const std::string& indices) {
    return pickle_of(global("scipy.sparse._csr", "csr_matrix") + ")\x81}(" + text("_shape") +
                     "K\x02K\x03\x86" + text("data") + list("K\x01K\x02K\x03") + text("indptr") +
                     list(starts) + text("indices") + list(indices) + "ub");
  };
  const auto status = [](const std::string& bytes) {
    const Tree tree = parse(bytes, {}).value();
    return to_csr(tree.root()).status();
  };
  EXPECT_TRUE(status(matrix("K\0K\1K\3"s, "K\1K\0K\2"s)).ok());
  EXPECT_EQ(status(matrix("K\0K\1"s, "K\1K\0K\2"s)).code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(status(matrix("K\0K\2K\1"s, "K\1K\0K\2"s)).code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(status(matrix("K\0K\1K\4"s, "K\1K\0K\2"s)).code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(status(matrix("K\0K\1K\3"s, "K\1K\0K\3"s)).code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(status(matrix("K\0K\1K\3"s, "K\1J\xff\xff\xff\xffK\2"s)).code(),
            StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace slipway::pickle
