// A numpy function that an estimator holds by name, applied to a value.
#pragma once

#include "formats/sklearn/lowering.h"

namespace slipway::sklearn {

/// Which attributes of an estimator name the function and its keyword arguments.
struct FunctionAttributes {
  std::string_view function;   // "func", "inverse_func"
  std::string_view arguments;  // "kw_args", "inv_kw_args"
};

/// The function's value; nullopt where it is the identity. UNIMPLEMENTED names a function that is
/// not known.
Result<std::optional<ValueId>> apply_numpy_function(Lowering& lowering, pickle::Value self,
                                                    FunctionAttributes attributes, ValueId x);

}  // namespace slipway::sklearn
