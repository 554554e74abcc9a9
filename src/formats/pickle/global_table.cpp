#include "formats/pickle/global_table.h"

#include <algorithm>
#include <array>
#include <cstdint>

namespace slipway::pickle {
namespace {

enum class Match : uint8_t {
  kExact,   // this module
  kPrefix,  // this module and those below it
};

/// Which names of the module a row covers.
enum class Names : uint8_t {
  kListed,     // those in `names`, separated by blanks
  kAny,        // every plain name
  kClassLike,  // a plain name whose first letter (after underscores) is upper case
};

struct Row {
  std::string_view module;
  Match match;
  Names covered;
  std::string_view names;
  Trust trust;
  GlobalRole role = GlobalRole::kNone;
};

constexpr Trust kData = Trust::kUnderstood;
constexpr Trust kOpaque = Trust::kInert;
constexpr Trust kRefuse = Trust::kRefused;

// numpy's scalar types and other names that stand for a dtype.
constexpr std::string_view kNumpyTypes =
    "dtype ndarray matrix recarray record memmap bool bool_ bool8 byte ubyte short ushort intc "
    "uintc int_ uint long ulong longlong ulonglong int8 int16 int32 int64 uint8 uint16 uint32 "
    "uint64 intp uintp float16 float32 float64 float128 longdouble half single double float_ "
    "longfloat complex64 complex128 complex256 csingle cdouble clongdouble str_ bytes_ unicode_ "
    "string_ object_ void datetime64 timedelta64 generic number integer signedinteger "
    "unsignedinteger inexact floating complexfloating flexible character";

// Universal functions and plain array functions: what FunctionTransformer and kernels hold.
constexpr std::string_view kNumpyFunctions =
    "abs absolute add all amax amin any arccos arccosh arcsin arcsinh arctan arctan2 arctanh "
    "argmax argmin argsort around asarray array atleast_1d atleast_2d average bitwise_and "
    "bitwise_count bitwise_not bitwise_or bitwise_xor cbrt ceil clip column_stack concatenate "
    "conjugate copysign corrcoef cos cosh count_nonzero cov cumprod cumsum deg2rad degrees diff "
    "digitize divide divmod dot equal exp exp2 expand_dims expm1 fabs fix flip float_power floor "
    "floor_divide fmax fmin fmod frexp gcd gradient greater greater_equal heaviside histogram "
    "hstack hypot interp invert isfinite isin isinf isnan lcm ldexp left_shift less less_equal "
    "linspace log log10 log1p log2 logaddexp logaddexp2 logical_and logical_not logical_or "
    "logical_xor logspace matmul max maximum mean median min minimum mod modf multiply nan_to_num "
    "nanmax nanmean nanmedian nanmin nanpercentile nanquantile nanstd nansum nanvar ndim negative "
    "nextafter not_equal ones percentile positive power prod ptp quantile rad2deg radians ravel "
    "real reciprocal remainder repeat reshape right_shift rint round round_ searchsorted select "
    "shape sign signbit sin sinh size sort spacing sqrt square squeeze stack std subtract sum "
    "swapaxes take tan tanh tile transpose tril triu true_divide trunc unique var vecdot vstack "
    "where zeros zeros_like ones_like";

// The first row that covers a name decides.
constexpr std::array kRows = {
    // The machinery of pickling itself.
    Row{"copyreg", Match::kExact, Names::kListed, "_reconstructor", kData,
        GlobalRole::kReconstructor},
    Row{"copyreg", Match::kExact, Names::kListed, "__newobj__", kData, GlobalRole::kNewObject},
    Row{"copyreg", Match::kExact, Names::kListed, "__newobj_ex__", kData,
        GlobalRole::kNewObjectKeywords},
    Row{"_codecs", Match::kExact, Names::kListed, "encode", kData, GlobalRole::kCodecsEncode},
    Row{"builtins", Match::kExact, Names::kListed, "set frozenset", kData, GlobalRole::kSet},
    Row{"builtins", Match::kExact, Names::kListed, "bytes bytearray", kData, GlobalRole::kBytes},
    Row{"builtins", Match::kExact, Names::kListed, "getattr", kOpaque, GlobalRole::kGetattr},
    Row{"builtins", Match::kExact, Names::kListed,
        "object list dict tuple slice int float bool str complex range long unicode type", kData},
    Row{"builtins", Match::kExact, Names::kListed,
        "Ellipsis NotImplemented None abs len max min round sum sorted reversed zip enumerate",
        kOpaque},
    Row{"collections", Match::kExact, Names::kListed,
        "OrderedDict defaultdict deque Counter UserList UserDict", kData},

    // numpy.
    Row{"numpy.core.multiarray", Match::kExact, Names::kListed, "scalar", kData,
        GlobalRole::kNumpyScalar},
    Row{"numpy._core.multiarray", Match::kExact, Names::kListed, "scalar", kData,
        GlobalRole::kNumpyScalar},
    Row{"numpy.core.multiarray", Match::kExact, Names::kListed, "_reconstruct", kData,
        GlobalRole::kNumpyArray},
    Row{"numpy._core.multiarray", Match::kExact, Names::kListed, "_reconstruct", kData,
        GlobalRole::kNumpyArray},
    Row{"numpy.core.numeric", Match::kExact, Names::kListed, "_frombuffer", kData,
        GlobalRole::kNumpyArray},
    Row{"numpy._core.numeric", Match::kExact, Names::kListed, "_frombuffer", kData,
        GlobalRole::kNumpyArray},
    Row{"numpy.ma.core", Match::kExact, Names::kListed, "_mareconstruct", kData,
        GlobalRole::kNumpyArray},
    Row{"numpy.ma", Match::kExact, Names::kListed, "MaskedArray MaskedConstant", kData},
    Row{"numpy.ma.core", Match::kExact, Names::kListed, "MaskedArray MaskedConstant mvoid", kData},
    Row{"numpy", Match::kExact, Names::kListed, kNumpyTypes, kData},
    Row{"numpy.dtypes", Match::kExact, Names::kClassLike, "", kData},
    Row{"numpy.matrixlib.defmatrix", Match::kExact, Names::kListed, "matrix", kData},
    Row{"numpy.rec", Match::kExact, Names::kListed, "recarray record", kData},
    Row{"numpy.core.records", Match::kExact, Names::kListed, "recarray record", kData},
    Row{"numpy.core.memmap", Match::kExact, Names::kListed, "memmap", kData},
    Row{"numpy.core.multiarray", Match::kExact, Names::kListed, kNumpyTypes, kData},
    Row{"numpy._core.multiarray", Match::kExact, Names::kListed, kNumpyTypes, kData},
    Row{"numpy", Match::kExact, Names::kListed, kNumpyFunctions, kOpaque},
    Row{"numpy", Match::kExact, Names::kListed, "vectorize poly1d", kOpaque},  // in distributions
    Row{"numpy.lib.function_base", Match::kExact, Names::kListed, "vectorize", kOpaque},
    Row{"numpy.lib._function_base_impl", Match::kExact, Names::kListed, "vectorize", kOpaque},
    Row{"numpy.core", Match::kExact, Names::kListed, "_ufunc_reconstruct", kOpaque},
    Row{"numpy._core", Match::kExact, Names::kListed, "_ufunc_reconstruct", kOpaque},
    Row{"numpy.core._multiarray_umath", Match::kExact, Names::kListed, kNumpyFunctions, kOpaque},
    Row{"numpy._core._multiarray_umath", Match::kExact, Names::kListed, kNumpyFunctions, kOpaque},
    Row{"numpy.core.umath", Match::kExact, Names::kListed, kNumpyFunctions, kOpaque},
    Row{"numpy._core.umath", Match::kExact, Names::kListed, kNumpyFunctions, kOpaque},
    Row{"numpy.core.fromnumeric", Match::kExact, Names::kListed, kNumpyFunctions, kOpaque},
    Row{"numpy._core.fromnumeric", Match::kExact, Names::kListed, kNumpyFunctions, kOpaque},
    Row{"numpy.lib.type_check", Match::kExact, Names::kListed, "nan_to_num real imag", kOpaque},
    Row{"numpy.lib._type_check_impl", Match::kExact, Names::kListed, "nan_to_num real imag",
        kOpaque},
    Row{"numpy.lib.function_base", Match::kExact, Names::kListed, kNumpyFunctions, kOpaque},
    Row{"numpy.lib._function_base_impl", Match::kExact, Names::kListed, kNumpyFunctions, kOpaque},
    Row{"numpy.lib.nanfunctions", Match::kExact, Names::kListed, kNumpyFunctions, kOpaque},
    Row{"numpy.lib._nanfunctions_impl", Match::kExact, Names::kListed, kNumpyFunctions, kOpaque},
    Row{"numpy.random", Match::kPrefix, Names::kClassLike, "", kOpaque},
    Row{"numpy.random", Match::kPrefix, Names::kListed,
        "__randomstate_ctor __bit_generator_ctor __generator_ctor __pyx_unpickle_SeedSequence "
        "__pyx_unpickle_SeedlessSeedSequence __pyx_unpickle_BitGenerator",
        kOpaque},

    // scikit-learn. Its functions (scorers, score functions, loaders of parameters) are opaque.
    Row{"sklearn.externals.joblib.numpy_pickle", Match::kExact, Names::kListed, "NumpyArrayWrapper",
        kData, GlobalRole::kJoblibArray},
    Row{"sklearn.externals.joblib.numpy_pickle", Match::kExact, Names::kListed,
        "NDArrayWrapper ZNDArrayWrapper", kRefuse, GlobalRole::kOldJoblibArray},
    Row{"sklearn.externals", Match::kPrefix, Names::kAny, "", kRefuse},
    Row{"sklearn.datasets", Match::kPrefix, Names::kAny, "", kRefuse},
    Row{"sklearn.utils._testing", Match::kExact, Names::kAny, "", kRefuse},
    Row{"sklearn", Match::kPrefix, Names::kListed, "newObj", kData, GlobalRole::kNewEmptyObject},
    Row{"sklearn.metrics._dist_metrics", Match::kExact, Names::kClassLike, "", kData},
    Row{"sklearn.metrics", Match::kPrefix, Names::kAny, "", kOpaque},
    Row{"sklearn.model_selection._split", Match::kExact, Names::kClassLike, "", kOpaque},
    Row{"sklearn", Match::kPrefix, Names::kClassLike, "", kData},
    Row{"sklearn", Match::kPrefix, Names::kAny, "", kOpaque},
    // What the Cython losses of 1.4 to 1.7 call their module.
    Row{"_loss", Match::kExact, Names::kAny, "", kOpaque},

    // scipy.
    Row{"scipy.sparse", Match::kPrefix, Names::kListed,
        "csr_matrix csc_matrix csr_array csc_array coo_matrix coo_array lil_matrix lil_array "
        "dok_matrix dok_array dia_matrix dia_array bsr_matrix bsr_array",
        kData},
    Row{"scipy.interpolate", Match::kPrefix, Names::kClassLike, "", kData},
    Row{"scipy.interpolate", Match::kPrefix, Names::kListed, "interp1d", kData},
    Row{"scipy.stats", Match::kPrefix, Names::kAny, "", kOpaque},
    Row{"scipy.spatial", Match::kPrefix, Names::kAny, "", kOpaque},
    Row{"scipy.special", Match::kPrefix, Names::kAny, "", kOpaque},
    Row{"scipy.optimize", Match::kPrefix, Names::kClassLike, "", kOpaque},
    Row{"scipy._lib.array_api_compat.numpy", Match::kPrefix, Names::kListed, "asarray", kOpaque},

    // joblib.
    Row{"joblib.numpy_pickle", Match::kExact, Names::kListed, "NumpyArrayWrapper", kData,
        GlobalRole::kJoblibArray},
    Row{"joblib.numpy_pickle", Match::kExact, Names::kListed, "NDArrayWrapper ZNDArrayWrapper",
        kRefuse, GlobalRole::kOldJoblibArray},
    Row{"joblib.numpy_pickle_compat", Match::kExact, Names::kListed,
        "NDArrayWrapper ZNDArrayWrapper", kRefuse, GlobalRole::kOldJoblibArray},
    Row{"joblib.memory", Match::kExact, Names::kClassLike, "", kOpaque},
    Row{"joblib.logger", Match::kExact, Names::kClassLike, "", kOpaque},
    Row{"joblib._store_backends", Match::kExact, Names::kClassLike, "", kOpaque},

    // pandas: column names and their dtypes.
    Row{"pandas", Match::kExact, Names::kListed,
        "Index RangeIndex MultiIndex Int64Index Float64Index UInt64Index CategoricalIndex "
        "DatetimeIndex StringDtype CategoricalDtype NA NaT Timestamp Timedelta Int8Dtype "
        "Int16Dtype Int32Dtype Int64Dtype UInt8Dtype UInt16Dtype UInt32Dtype UInt64Dtype "
        "Float32Dtype Float64Dtype BooleanDtype DatetimeTZDtype",
        kData},
    Row{"pandas.arrays", Match::kExact, Names::kClassLike, "", kData},
    Row{"pandas.core.indexes", Match::kPrefix, Names::kClassLike, "", kData},
    Row{"pandas.core.indexes", Match::kPrefix, Names::kListed, "_new_Index", kData},
    Row{"pandas.core.arrays", Match::kPrefix, Names::kClassLike, "", kData},
    Row{"pandas.core.dtypes.dtypes", Match::kExact, Names::kClassLike, "", kData},
    // Tables that hang on a model.
    Row{"pandas", Match::kExact, Names::kListed, "DataFrame Series", kOpaque},
    Row{"pandas.core.frame", Match::kExact, Names::kListed, "DataFrame", kOpaque},
    Row{"pandas.core.series", Match::kExact, Names::kListed, "Series", kOpaque},
    Row{"pandas.core.flags", Match::kExact, Names::kListed, "Flags", kOpaque},
    Row{"pandas.core.internals", Match::kPrefix, Names::kClassLike, "", kOpaque},
    Row{"pandas._libs.internals", Match::kExact, Names::kListed, "_unpickle_block BlockPlacement",
        kOpaque},
    Row{"pandas._libs.missing", Match::kExact, Names::kListed, "NAType _pickle_NA NA", kData},
    Row{"pandas._libs.tslibs", Match::kPrefix, Names::kClassLike, "", kOpaque},
    Row{"pandas._libs.tslibs", Match::kPrefix, Names::kListed,
        "_unpickle_timestamp _timedelta_unpickle _nat_unpickle __nat_unpickle", kOpaque},

    // The standard library, as opaque values.
    Row{"functools", Match::kExact, Names::kListed, "partial", kData},
    Row{"operator", Match::kExact, Names::kListed, "itemgetter", kOpaque},
    Row{"datetime", Match::kExact, Names::kListed, "date datetime time timedelta timezone tzinfo",
        kOpaque},
    Row{"zoneinfo", Match::kExact, Names::kClassLike, "", kOpaque},
    Row{"decimal", Match::kExact, Names::kListed, "Decimal", kOpaque},
    Row{"fractions", Match::kExact, Names::kListed, "Fraction", kOpaque},
    Row{"uuid", Match::kExact, Names::kListed, "UUID SafeUUID", kOpaque},
    Row{"pathlib", Match::kPrefix, Names::kListed,
        "Path PosixPath WindowsPath PurePath PurePosixPath PureWindowsPath", kOpaque},
    Row{"re", Match::kExact, Names::kListed, "_compile", kOpaque},

    // Libraries of estimators that are recognised by name but not read.
    Row{"xgboost", Match::kPrefix, Names::kClassLike, "", kOpaque},
    Row{"lightgbm", Match::kPrefix, Names::kClassLike, "", kOpaque},
    Row{"catboost", Match::kPrefix, Names::kClassLike, "", kOpaque},
    Row{"imblearn", Match::kPrefix, Names::kClassLike, "", kOpaque},
    Row{"category_encoders", Match::kPrefix, Names::kClassLike, "", kOpaque},
    Row{"sklearnex", Match::kPrefix, Names::kClassLike, "", kOpaque},
    Row{"daal4py", Match::kPrefix, Names::kClassLike, "", kOpaque},
    Row{"onedal", Match::kPrefix, Names::kClassLike, "", kOpaque},
    Row{"skl2onnx", Match::kPrefix, Names::kClassLike, "", kOpaque},
};

constexpr std::string_view kCythonPrefix = "__pyx_unpickle_";

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// An ASCII identifier. A dotted name (protocol 4) could walk from a known module into any other.
bool is_plain_name(std::string_view name) {
  if (name.empty() || is_digit(name[0])) return false;
  return std::all_of(name.begin(), name.end(),
                     [](char c) { return is_letter(c) || is_digit(c) || c == '_'; });
}

bool is_dunder(std::string_view name) { return name.starts_with("__"); }

bool is_class_like(std::string_view name) {
  const size_t first = name.find_first_not_of('_');
  return first != std::string_view::npos && name[first] >= 'A' && name[first] <= 'Z';
}

bool is_listed(std::string_view names, std::string_view name) {
  for (size_t at = names.find(name); at != std::string_view::npos; at = names.find(name, at + 1)) {
    const size_t end = at + name.size();
    if ((at == 0 || names[at - 1] == ' ') && (end == names.size() || names[end] == ' ')) {
      return true;
    }
  }
  return false;
}

bool module_matches(const Row& row, std::string_view module) {
  if (!module.starts_with(row.module)) return false;
  if (module.size() == row.module.size()) return true;
  return row.match == Match::kPrefix && module[row.module.size()] == '.';
}

bool name_matches(const Row& row, std::string_view name) {
  switch (row.covered) {
    case Names::kListed: return is_listed(row.names, name);
    case Names::kAny: return !is_dunder(name);
    case Names::kClassLike: return !is_dunder(name) && is_class_like(name);
  }
  return false;
}

/// Cython's generated unpicklers: their class is what counts, so they follow their module's rows.
bool is_cython_unpickler(std::string_view module, std::string_view name) {
  const bool known_module = module.starts_with("sklearn.") || module == "_loss" ||
                            module == "pandas._libs.arrays" || module == "pandas._libs.internals";
  return known_module && name.starts_with(kCythonPrefix) && name.size() > kCythonPrefix.size() &&
         !module.starts_with("sklearn.externals") && !module.starts_with("sklearn.datasets");
}

}  // namespace

std::string_view canonical_module(std::string_view module) {
  if (module == "__builtin__") return "builtins";
  if (module == "copy_reg") return "copyreg";
  return module;
}

GlobalClass classify_global(std::string_view module, std::string_view name) {
  if (!is_plain_name(name)) return {};
  if (is_cython_unpickler(module, name)) {
    return {Trust::kUnderstood, GlobalRole::kCythonUnpickler};
  }
  for (const Row& row : kRows) {
    if (module_matches(row, module) && name_matches(row, name)) return {row.trust, row.role};
  }
  return {};
}

}  // namespace slipway::pickle
