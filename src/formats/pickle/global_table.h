// The one table of the classes and functions that a pickle may name.
//
// A pickle names its classes and functions as (module, name). Nothing that is named is ever
// imported, looked up or called; the table only says whether a file that names it can be a model:
// understood (data whose meaning we know), inert (kept but opaque) or refused (the whole file is
// refused). What the table does not know is refused.
//
// Thread rule: pure functions.
//
//   classify_global("os", "system").trust == Trust::kRefused
#pragma once

#include <string_view>

#include "formats/pickle/tree.h"

namespace slipway::pickle {

/// The few callables whose call the virtual machine rewrites into the data it stands for.
enum class GlobalRole : uint8_t {
  kNone,
  kReconstructor,      // copyreg._reconstructor(class, base, state)
  kNewObject,          // copyreg.__newobj__(class, *args)
  kNewObjectKeywords,  // copyreg.__newobj_ex__(class, args, kwargs)
  kNewEmptyObject,     // sklearn's newObj(class)
  kCythonUnpickler,    // __pyx_unpickle_X(class, checksum, state)
  kCodecsEncode,       // _codecs.encode(text, 'latin1'): how protocols 0 to 2 write bytes
  kBytes,              // bytes(), bytearray(bytes)
  kSet,                // set([...]), frozenset([...])
  kGetattr,            // builtins.getattr(object, name)
  kJoblibArray,        // joblib's NumpyArrayWrapper: array bytes follow in the stream
  kOldJoblibArray,     // joblib < 0.10: the array lies in another file
  kDillArray,          // dill's _create_array(_reconstruct, args, state[, attributes])
  kNumpyScalar,        // numpy.core.multiarray.scalar(dtype, bytes)
  kNumpyArray,         // ..._reconstruct, ..._frombuffer, numpy.ma.core._mareconstruct
};

struct GlobalClass {
  Trust trust = Trust::kRefused;
  GlobalRole role = GlobalRole::kNone;
};

/// Python 2's module names ("__builtin__", "copy_reg") are known under Python 3's.
std::string_view canonical_module(std::string_view module);

/// `module` as canonical_module() gives it.
GlobalClass classify_global(std::string_view module, std::string_view name);

}  // namespace slipway::pickle
