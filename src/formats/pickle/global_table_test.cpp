#include "formats/pickle/global_table.h"

#include <gtest/gtest.h>

namespace slipway::pickle {
namespace {

struct Case {
  const char* module;
  const char* name;
  Trust trust;
};

TEST(GlobalTable, NamesOfRealFilesAreInTheirClass) {
  constexpr Case kCases[] = {
      {"sklearn.tree._tree", "Tree", Trust::kUnderstood},
      {"sklearn.neighbors._kd_tree", "KDTree", Trust::kUnderstood},
      {"sklearn.neighbors._kd_tree", "newObj", Trust::kUnderstood},
      {"sklearn._loss._loss", "CyHalfBinomialLoss", Trust::kUnderstood},
      {"sklearn._loss._loss", "__pyx_unpickle_CyHalfBinomialLoss", Trust::kUnderstood},
      {"sklearn.metrics._scorer", "_PredictScorer", Trust::kInert},
      {"sklearn.metrics._classification", "f1_score", Trust::kInert},
      {"sklearn.model_selection._split", "StratifiedKFold", Trust::kInert},
      {"sklearn.feature_selection._univariate_selection", "f_classif", Trust::kInert},
      {"numpy", "float64", Trust::kUnderstood},
      {"numpy.core._multiarray_umath", "log1p", Trust::kInert},
      {"numpy._core._multiarray_umath", "sqrt", Trust::kInert},
      {"numpy", "log1p", Trust::kInert},
      {"numpy", "vectorize", Trust::kInert},
      {"numpy.random._pickle", "__randomstate_ctor", Trust::kInert},
      {"numpy.random._mt19937", "MT19937", Trust::kInert},
      {"scipy.stats._distn_infrastructure", "rv_frozen", Trust::kInert},
      {"scipy.sparse.csr", "csr_matrix", Trust::kUnderstood},
      {"scipy.sparse._csc", "csc_array", Trust::kUnderstood},
      {"pandas._libs.arrays", "__pyx_unpickle_NDArrayBacked", Trust::kUnderstood},
      {"collections", "OrderedDict", Trust::kUnderstood},
      {"datetime", "datetime", Trust::kInert},
      {"xgboost.sklearn", "XGBClassifier", Trust::kUnderstood},
      {"xgboost.core", "Booster", Trust::kUnderstood},
      {"xgboost.dask", "DaskXGBClassifier", Trust::kInert},
      {"numpy._core.memmap", "memmap", Trust::kUnderstood},
      {"numpy.linalg", "norm", Trust::kInert},
      {"pandas.core.frame", "DataFrame", Trust::kInert},
      {"pandas._libs.internals", "_unpickle_block", Trust::kInert},
      {"pandas.core.indexes.datetimes", "_new_DatetimeIndex", Trust::kUnderstood},
      {"pytz", "_p", Trust::kInert},
      {"array", "_array_reconstructor", Trust::kInert},
      {"builtins", "ValueError", Trust::kInert},
      {"dill._dill", "_create_array", Trust::kUnderstood},
  };
  for (const Case& known : kCases) {
    EXPECT_EQ(classify_global(known.module, known.name).trust, known.trust)
        << known.module << "." << known.name;
  }
}

TEST(GlobalTable, WhatItDoesNotKnowIsRefused) {
  constexpr Case kCases[] = {
      {"os", "system", Trust::kRefused},
      {"posix", "system", Trust::kRefused},
      {"subprocess", "Popen", Trust::kRefused},
      {"builtins", "eval", Trust::kRefused},
      {"builtins", "exec", Trust::kRefused},
      {"builtins", "__import__", Trust::kRefused},
      {"__main__", "Model", Trust::kRefused},
      {"numpy", "load", Trust::kRefused},
      {"numpy.testing._private.utils", "runstring", Trust::kRefused},
      {"numpy.f2py", "compile", Trust::kRefused},
      {"sklearn.datasets", "fetch_openml", Trust::kRefused},
      {"sklearn.externals.joblib", "load", Trust::kRefused},
      {"sklearnx.svm", "SVC", Trust::kRefused},
      {"sklearn.base", "BaseEstimator.__init__", Trust::kRefused},
      {"sklearn.base", "__builtins__", Trust::kRefused},
      {"operator", "attrgetter", Trust::kRefused},
      {"operator", "methodcaller", Trust::kRefused},
      {"pandas", "read_pickle", Trust::kRefused},
      {"joblib", "load", Trust::kRefused},
      {"", "", Trust::kRefused},
      {"numpy", "", Trust::kRefused},
      {"numpy", "log log2", Trust::kRefused},
      {"numpy numpy.linalg", "norm", Trust::kRefused},
      {"numpy.linalgx", "norm", Trust::kRefused},
      {"builtins", "compile", Trust::kRefused},
      {"pandas", "eval", Trust::kRefused},
      {"dill._dill", "_import_module", Trust::kRefused},
      {"dill._dill", "_create_function", Trust::kRefused},
      {"cloudpickle.cloudpickle", "subimport", Trust::kRefused},
      {"logging", "FileHandler", Trust::kRefused},
      {"xgboost", "__pyx_unpickle_X", Trust::kRefused},
  };
  for (const Case& unknown : kCases) {
    EXPECT_EQ(classify_global(unknown.module, unknown.name).trust, Trust::kRefused)
        << unknown.module << "." << unknown.name;
  }
}

TEST(GlobalTable, Python2NamesAreThoseOfPython3) {
  EXPECT_EQ(canonical_module("__builtin__"), "builtins");
  EXPECT_EQ(canonical_module("copy_reg"), "copyreg");
  EXPECT_EQ(canonical_module("exceptions"), "builtins");
  EXPECT_EQ(canonical_module("UserDict"), "collections");
  EXPECT_EQ(canonical_module("numpy"), "numpy");
}

}  // namespace
}  // namespace slipway::pickle
