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
  std::string_view modules;  // separated by blanks: one thing often moved between modules
  Match match;
  Names covered;
  std::string_view names;
  Trust trust;
  GlobalRole role = GlobalRole::kNone;
};

constexpr Trust kData = Trust::kUnderstood;
constexpr Trust kOpaque = Trust::kInert;
constexpr Trust kRefuse = Trust::kRefused;

constexpr Row exact(std::string_view modules, std::string_view names, Trust trust,
                    GlobalRole role = GlobalRole::kNone) {
  return {modules, Match::kExact, Names::kListed, names, trust, role};
}
constexpr Row below(std::string_view modules, std::string_view names, Trust trust,
                    GlobalRole role = GlobalRole::kNone) {
  return {modules, Match::kPrefix, Names::kListed, names, trust, role};
}
/// Every class of these modules and those below them.
constexpr Row classes(std::string_view modules, Trust trust) {
  return {modules, Match::kPrefix, Names::kClassLike, "", trust};
}
/// Every plain name of these modules and those below them.
constexpr Row all(std::string_view modules, Trust trust) {
  return {modules, Match::kPrefix, Names::kAny, "", trust};
}

// numpy's scalar types and other names that stand for a dtype.
constexpr std::string_view kNumpyTypes =
    "dtype ndarray matrix recarray record memmap chararray bool bool_ bool8 byte ubyte short "
    "ushort intc uintc int_ uint long ulong longlong ulonglong int8 int16 int32 int64 uint8 uint16 "
    "uint32 uint64 intp uintp float16 float32 float64 float96 float128 longdouble half single "
    "double float_ longfloat complex64 complex128 complex192 complex256 csingle cdouble "
    "clongdouble str_ bytes_ unicode_ string_ object_ void datetime64 timedelta64 generic number "
    "integer signedinteger unsignedinteger inexact floating complexfloating flexible character";

// Universal functions and plain array functions: what FunctionTransformer and kernels hold.
constexpr std::string_view kNumpyFunctions =
    "abs absolute acos acosh add all allclose amax amin angle any append arange arccos arccosh "
    "arcsin arcsinh arctan arctan2 arctanh argmax argmin argsort around array array_equal asarray "
    "asin asinh atan atan2 atanh atleast_1d atleast_2d average bincount bitwise_and bitwise_count "
    "bitwise_invert bitwise_not bitwise_or bitwise_xor cbrt ceil clip column_stack concat "
    "concatenate conj conjugate convolve copy copysign corrcoef cos cosh count_nonzero cov cross "
    "cumprod cumsum deg2rad degrees delete diag diff digitize divide divmod dot ediff1d einsum "
    "empty equal exp exp2 expand_dims expm1 eye fabs fix flip fliplr flipud float_power floor "
    "floor_divide fmax fmin fmod frexp full gcd gradient greater greater_equal heaviside histogram "
    "hstack hypot identity imag inner insert interp invert isclose iscomplex isfinite isin isinf "
    "isnan isneginf isposinf isreal kron lcm ldexp left_shift less less_equal linspace log log10 "
    "log1p log2 logaddexp logaddexp2 logical_and logical_not logical_or logical_xor logspace "
    "matmul matvec max maximum mean median min minimum mod modf multiply nan_to_num nanargmax "
    "nanargmin nancumsum nanmax nanmean nanmedian nanmin nanpercentile nanprod nanquantile nanstd "
    "nansum nanvar ndim negative nextafter nonzero not_equal ones ones_like outer partition "
    "percentile piecewise positive pow power prod ptp quantile rad2deg radians ravel real "
    "real_if_close reciprocal remainder repeat reshape resize right_shift rint roll round round_ "
    "searchsorted select shape sign signbit sin sinc sinh size sort spacing sqrt square squeeze "
    "stack std subtract sum swapaxes take tan tanh tile trace transpose trapezoid trapz tri tril "
    "triu true_divide trunc unique unwrap vander var vecdot vecmat vstack where zeros zeros_like";

// The first row that covers a name decides.
constexpr std::array kRows = {
    // The machinery of pickling itself.
    exact("copyreg", "_reconstructor", kData, GlobalRole::kReconstructor),
    exact("copyreg", "__newobj__", kData, GlobalRole::kNewObject),
    exact("copyreg", "__newobj_ex__", kData, GlobalRole::kNewObjectKeywords),
    exact("_codecs", "encode", kData, GlobalRole::kCodecsEncode),
    exact("builtins", "set frozenset", kData, GlobalRole::kSet),
    exact("builtins", "bytes bytearray", kData, GlobalRole::kBytes),
    exact("builtins", "getattr", kOpaque, GlobalRole::kGetattr),
    exact("builtins",
          "object list dict tuple slice int float bool str complex range xrange long unicode type",
          kData),
    exact("builtins",
          "Ellipsis NotImplemented None abs all any chr divmod enumerate filter iter len map max "
          "min next ord pow repr reversed round sorted sum zip ArithmeticError AssertionError "
          "AttributeError Exception FloatingPointError FutureWarning IndexError KeyError "
          "LookupError NotImplementedError OSError OverflowError RuntimeError RuntimeWarning "
          "TypeError UserWarning ValueError Warning ZeroDivisionError",
          kOpaque),
    exact("collections",
          "OrderedDict defaultdict deque Counter ChainMap UserList UserDict UserString "
          "IterableUserDict",
          kData),
    // dill and cloudpickle write arrays and types in their own words, all else by name.
    exact("dill._dill", "_create_array", kData, GlobalRole::kDillArray),
    exact("dill._dill", "_load_type _create_dtypemeta", kOpaque),
    exact("cloudpickle.cloudpickle", "_builtin_type", kOpaque),

    // numpy.
    exact("numpy.core.multiarray numpy._core.multiarray", "scalar", kData,
          GlobalRole::kNumpyScalar),
    exact("numpy.core.multiarray numpy._core.multiarray", "_reconstruct", kData,
          GlobalRole::kNumpyArray),
    exact("numpy.core.numeric numpy._core.numeric", "_frombuffer", kData, GlobalRole::kNumpyArray),
    exact("numpy.ma.core", "_mareconstruct", kData, GlobalRole::kNumpyArray),
    exact("numpy.ma numpy.ma.core", "MaskedArray MaskedConstant mvoid", kData),
    exact("numpy numpy.core.multiarray numpy._core.multiarray numpy.matrixlib.defmatrix numpy.rec "
          "numpy.core.records numpy._core.records numpy.core.memmap numpy._core.memmap numpy.char "
          "numpy.core.defchararray numpy._core.defchararray",
          kNumpyTypes, kData),
    exact("numpy.core._internal numpy._core._internal", "_convert_to_stringdtype_kwargs", kData),
    Row{"numpy.dtypes", Match::kExact, Names::kClassLike, "", kData},
    exact("numpy numpy.core._multiarray_umath numpy._core._multiarray_umath numpy.core.umath "
          "numpy._core.umath numpy.core.fromnumeric numpy._core.fromnumeric numpy.core.numeric "
          "numpy._core.numeric numpy.core.multiarray numpy._core.multiarray numpy.lib.type_check "
          "numpy.lib._type_check_impl numpy.lib.function_base numpy.lib._function_base_impl "
          "numpy.lib.nanfunctions numpy.lib._nanfunctions_impl",
          kNumpyFunctions, kOpaque),
    exact("numpy numpy.lib.function_base numpy.lib._function_base_impl numpy.lib.polynomial "
          "numpy.lib._polynomial_impl",
          "vectorize poly1d errstate iinfo finfo", kOpaque),
    exact("numpy.core numpy._core", "_ufunc_reconstruct", kOpaque),
    exact("numpy.core.getlimits numpy._core.getlimits", "MachArLike iinfo finfo", kOpaque),
    all("numpy.fft numpy.linalg numpy.polynomial", kOpaque),
    classes("numpy.random", kOpaque),
    below("numpy.random",
          "__randomstate_ctor __bit_generator_ctor __generator_ctor __pyx_unpickle_SeedSequence "
          "__pyx_unpickle_SeedlessSeedSequence __pyx_unpickle_BitGenerator default_rng",
          kOpaque),

    // scikit-learn. Its functions (scorers, score functions, loaders of parameters) are opaque.
    exact("joblib.numpy_pickle sklearn.externals.joblib.numpy_pickle", "NumpyArrayWrapper", kData,
          GlobalRole::kJoblibArray),
    exact("joblib.numpy_pickle joblib.numpy_pickle_compat sklearn.externals.joblib.numpy_pickle",
          "NDArrayWrapper ZNDArrayWrapper", kRefuse, GlobalRole::kOldJoblibArray),
    all("sklearn.externals sklearn.datasets sklearn.utils._testing", kRefuse),
    below("sklearn", "newObj", kData, GlobalRole::kNewEmptyObject),
    classes("sklearn.metrics._dist_metrics", kData),
    all("sklearn.metrics", kOpaque),
    classes("sklearn.model_selection._split", kOpaque),
    classes("sklearn", kData),
    all("sklearn", kOpaque),
    all("_loss", kOpaque),  // what the Cython losses of 1.4 to 1.7 call their module

    // scipy.
    below("scipy.sparse",
          "csr_matrix csc_matrix csr_array csc_array coo_matrix coo_array lil_matrix lil_array "
          "dok_matrix dok_array dia_matrix dia_array bsr_matrix bsr_array",
          kData),
    classes("scipy.interpolate", kData),
    below("scipy.interpolate", "interp1d", kData),
    all("scipy.stats scipy.spatial scipy.special scipy.optimize scipy.linalg scipy.signal "
        "scipy.ndimage scipy.fft scipy.integrate scipy.cluster",
        kOpaque),
    below("scipy._lib.array_api_compat.numpy", "asarray", kOpaque),
    classes("scipy._lib._util scipy._lib._bunch", kOpaque),

    // joblib.
    classes("joblib.memory joblib.logger joblib._store_backends joblib.func_inspect", kOpaque),

    // pandas: column names and their dtypes are data, frames that users keep beside a model opaque.
    exact("pandas",
          "Index RangeIndex MultiIndex Int64Index Float64Index UInt64Index CategoricalIndex "
          "DatetimeIndex TimedeltaIndex PeriodIndex IntervalIndex StringDtype CategoricalDtype NA "
          "NaT Timestamp Timedelta Period Interval Int8Dtype Int16Dtype Int32Dtype Int64Dtype "
          "UInt8Dtype UInt16Dtype UInt32Dtype UInt64Dtype Float32Dtype Float64Dtype BooleanDtype "
          "DatetimeTZDtype PeriodDtype IntervalDtype SparseDtype ArrowDtype Categorical",
          kData),
    exact("pandas", "DataFrame Series", kOpaque),
    classes("pandas.core.frame pandas.core.series pandas.core.internals pandas.core.flags "
            "pandas.tseries.offsets",
            kOpaque),
    below("pandas.core.internals pandas._libs.internals", "_unpickle_block new_block make_block",
          kOpaque),
    classes("pandas.arrays pandas.core.indexes pandas.core.arrays pandas.core.dtypes.dtypes",
            kData),
    below("pandas.core.indexes",
          "_new_Index _new_DatetimeIndex _new_TimedeltaIndex _new_PeriodIndex _new_IntervalIndex",
          kData),
    exact("pandas._libs.missing", "NAType _pickle_NA NA", kData),
    classes("pandas._libs.tslibs pandas._libs.interval pandas._libs.sparse pandas._libs.internals",
            kOpaque),
    below("pandas._libs.tslibs",
          "_unpickle_timestamp _timedelta_unpickle _nat_unpickle __nat_unpickle", kOpaque),
    all("pytz dateutil", kOpaque),

    // The standard library, as opaque values.
    exact("functools", "partial", kData),
    exact("operator _operator",
          "itemgetter add sub mul truediv floordiv mod pow neg pos abs "
          "eq ne lt le gt ge and_ or_ xor invert not_ truth getitem contains index concat",
          kOpaque),
    exact("math cmath",
          "acos acosh asin asinh atan atan2 atanh cbrt ceil copysign cos cosh degrees dist erf "
          "erfc exp exp2 expm1 fabs factorial floor fmod fsum gamma gcd hypot isclose isfinite "
          "isinf isnan lgamma log log10 log1p log2 pow prod radians sin sinh sqrt tan tanh trunc",
          kOpaque),
    exact("itertools", "accumulate chain count cycle islice product repeat", kOpaque),
    exact("datetime", "date datetime time timedelta timezone tzinfo", kOpaque),
    exact("time", "struct_time", kOpaque),
    exact("types", "SimpleNamespace", kData),
    exact("array", "array _array_reconstructor", kOpaque),
    exact("decimal", "Decimal Context", kOpaque),
    exact("fractions", "Fraction", kOpaque),
    exact("uuid", "UUID SafeUUID", kOpaque),
    exact("http", "HTTPStatus HTTPMethod", kOpaque),
    exact("logging", "getLogger", kOpaque),
    exact("random", "Random", kOpaque),
    exact("string", "Template", kOpaque),
    exact("re", "_compile RegexFlag", kOpaque),
    exact("ipaddress",
          "IPv4Address IPv6Address IPv4Network IPv6Network IPv4Interface IPv6Interface", kOpaque),
    below("pathlib", "Path PosixPath WindowsPath PurePath PurePosixPath PureWindowsPath", kOpaque),
    classes("zoneinfo", kOpaque),

    // Boosters of other libraries, and their wrappers for scikit-learn.
    exact("lightgbm.sklearn", "LGBMClassifier LGBMRegressor LGBMRanker LGBMModel", kData),
    exact("lightgbm.basic", "Booster", kData),
    exact("xgboost.sklearn",
          "XGBClassifier XGBRegressor XGBRanker XGBRFClassifier XGBRFRegressor XGBModel", kData),
    exact("xgboost.core", "Booster", kData),
    exact("xgboost.compat", "XGBoostLabelEncoder", kData),
    exact("catboost.core", "CatBoost CatBoostClassifier CatBoostRegressor CatBoostRanker", kData),

    // Libraries of estimators that are recognised by name but not read.
    classes(
        "xgboost lightgbm catboost _catboost imblearn category_encoders sklearnex daal4py onedal "
        "skl2onnx feature_engine mlxtend sktime",
        kOpaque),
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

/// True if `name`, which holds no blank, is one of the blank-separated `names`.
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
  if (row.match == Match::kExact) return is_listed(row.modules, module);
  for (size_t dot = module.find('.');; dot = module.find('.', dot + 1)) {
    if (is_listed(row.modules, module.substr(0, dot))) return true;
    if (dot == std::string_view::npos) return false;
  }
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
  const bool known_module =
      module.starts_with("sklearn.") || module == "_loss" || module.starts_with("pandas._libs.");
  return known_module && name.starts_with(kCythonPrefix) && name.size() > kCythonPrefix.size() &&
         !module.starts_with("sklearn.externals") && !module.starts_with("sklearn.datasets");
}

}  // namespace

std::string_view canonical_module(std::string_view module) {
  if (module == "__builtin__") return "builtins";
  if (module == "copy_reg") return "copyreg";
  if (module == "exceptions") return "builtins";
  if (module == "UserDict" || module == "UserList" || module == "UserString") return "collections";
  return module;
}

GlobalClass classify_global(std::string_view module, std::string_view name) {
  if (!is_plain_name(name) || module.find(' ') != std::string_view::npos) return {};
  if (is_cython_unpickler(module, name)) {
    return {Trust::kUnderstood, GlobalRole::kCythonUnpickler};
  }
  for (const Row& row : kRows) {
    if (module_matches(row, module) && name_matches(row, name)) return {row.trust, row.role};
  }
  return {};
}

}  // namespace slipway::pickle
