#include "formats/pickle/internal/skops_nodes.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "formats/pickle/internal/literal.h"
#include "formats/pickle/internal/skops_json.h"

namespace slipway::pickle {
namespace {

namespace dom = simdjson::dom;

constexpr size_t kNameBytesMax = 4096;
constexpr size_t kRankMax = 64;  // numpy's own

enum class Loader : uint8_t {
  kOpaque,  // nothing depends on it, or nobody knows it
  kJson,
  kDict,
  kDefaultDict,
  kList,
  kTuple,
  kSet,
  kName,
  kFunction,
  kMethod,
  kPartial,
  kSlice,
  kObject,
  kConstructor,
  kOperator,
  kReduced,
  kArray,
  kMasked,
  kDtype,
  kSparse,
  kBytes,
  kMain,
};

struct LoaderName {
  std::string_view name;
  Loader loader;
};

constexpr std::array kLoaders = {
    LoaderName{"JsonNode", Loader::kJson},
    LoaderName{"DictNode", Loader::kDict},
    LoaderName{"DefaultDictNode", Loader::kDefaultDict},
    LoaderName{"_DictWithDeprecatedKeysNode", Loader::kMain},
    LoaderName{"ListNode", Loader::kList},
    LoaderName{"TupleNode", Loader::kTuple},
    LoaderName{"SetNode", Loader::kSet},
    LoaderName{"TypeNode", Loader::kName},
    LoaderName{"FunctionNode", Loader::kFunction},
    LoaderName{"MethodNode", Loader::kMethod},
    LoaderName{"PartialNode", Loader::kPartial},
    LoaderName{"SliceNode", Loader::kSlice},
    LoaderName{"ObjectNode", Loader::kObject},
    LoaderName{"ConstructorFromReduceNode", Loader::kConstructor},
    LoaderName{"OperatorFuncNode", Loader::kOperator},
    LoaderName{"TreeNode", Loader::kReduced},
    LoaderName{"LossNode", Loader::kReduced},
    LoaderName{"SGDNode", Loader::kReduced},
    LoaderName{"QuantileForestNode", Loader::kReduced},
    LoaderName{"NdArrayNode", Loader::kArray},
    LoaderName{"MaskedArrayNode", Loader::kMasked},
    LoaderName{"DTypeNode", Loader::kDtype},
    LoaderName{"SparseMatrixNode", Loader::kSparse},
    LoaderName{"BytesNode", Loader::kBytes},
    LoaderName{"BytearrayNode", Loader::kBytes},
};

Loader loader_of(dom::object object) {
  std::string_view name;
  if (object["__loader__"].get(name) != simdjson::SUCCESS) return Loader::kOpaque;
  const auto found = std::ranges::find(kLoaders, name, &LoaderName::name);
  return found == kLoaders.end() ? Loader::kOpaque : found->loader;
}

Status malformed(std::string_view what) {
  return data_loss(fmt::format("The skops file is malformed: {}", what));
}

Result<dom::element> member(dom::object object, const char* key) {
  dom::element found;
  if (object[key].get(found) != simdjson::SUCCESS) {
    return malformed(fmt::format("an object has no {}", key));
  }
  return found;
}

/// A member of an object's content.
Result<dom::element> member(dom::element content, const char* key) {
  dom::object object;
  if (content.get(object) != simdjson::SUCCESS) {
    return malformed(fmt::format("an object has no {}", key));
  }
  return member(object, key);
}

Status add_items(dom::element content, std::vector<dom::element>& parts) {
  dom::array items;
  if (content.get(items) != simdjson::SUCCESS) return malformed("items that are no list");
  for (const dom::element item : items) parts.push_back(item);
  return {};
}

}  // namespace

SkopsNodes::SkopsNodes(Tree::Impl& storage, const formats::FileSet& files, uint64_t schema_bytes,
                       uint64_t offset)
    : storage_(storage), files_(files), builder_(storage, schema_bytes), offset_(offset) {
  for (size_t i = 0; i < files.files().size(); ++i) places_[files.files()[i].name] = i;
}

SkopsNodes::Parts SkopsNodes::children(uint32_t id) {
  const std::span<const uint32_t> slots = builder_.children(id);
  return {slots.begin(), slots.end()};
}

Status SkopsNodes::list_parts(JsonObject object, std::vector<Json>& parts) {
  const auto add_members = [&](std::initializer_list<const char*> keys) -> Status {
    const Json content = TRY(content_of(object));
    for (const char* key : keys) parts.push_back(TRY(member(content, key)));
    return {};
  };
  switch (loader_of(object)) {
    case Loader::kOpaque:
    case Loader::kJson:
    case Loader::kName:
    case Loader::kFunction:
    case Loader::kSlice:
    case Loader::kSparse:
    case Loader::kBytes: return {};
    case Loader::kList:
    case Loader::kTuple:
    case Loader::kSet: return add_items(TRY(content_of(object)), parts);
    case Loader::kMain: return add_members({"main"});
    case Loader::kDefaultDict: return add_members({"main", "default_factory"});
    case Loader::kMethod: return add_members({"obj"});
    case Loader::kPartial: return add_members({"func", "args", "kwds", "namespace"});
    case Loader::kMasked: return add_members({"data"});
    case Loader::kConstructor:
    case Loader::kDtype: parts.push_back(TRY(content_of(object))); return {};
    case Loader::kObject: {
      Json content;
      if (object["content"].get(content) == simdjson::SUCCESS && !content.is_null()) {
        parts.push_back(content);
      }
      return {};
    }
    case Loader::kOperator: parts.push_back(TRY(member(object, "attrs"))); return {};
    case Loader::kReduced: {
      const Json reduce = TRY(member(object, "__reduce__"));
      parts.push_back(TRY(member(reduce, "args")));
      parts.push_back(TRY(content_of(object)));
      return {};
    }
    case Loader::kDict: {
      parts.push_back(TRY(member(object, "key_types")));
      JsonObject entries;
      if (TRY(content_of(object)).get(entries) != simdjson::SUCCESS) {
        return malformed("a dict's content is no object");
      }
      for (const auto& [key, value] : entries) parts.push_back(value);
      return {};
    }
    case Loader::kArray: {
      const std::string_view type = TRY(text_of(object, "type"));
      if (type != "json") return {};
      parts.push_back(TRY(member(object, "shape")));
      return add_items(TRY(content_of(object)), parts);
    }
  }
  return {};
}

Result<uint32_t> SkopsNodes::make(JsonObject object, const Parts& parts) {
  switch (loader_of(object)) {
    case Loader::kOpaque: return add_call(TRY(class_of(object)), {});
    case Loader::kJson: return make_json(object);
    case Loader::kDict: return make_dict(object, parts);
    case Loader::kDefaultDict: return make_default_dict(parts);
    case Loader::kList: return make_sequence(object, Kind::kList, parts);
    case Loader::kTuple: return make_sequence(object, Kind::kTuple, parts);
    case Loader::kSet: return make_sequence(object, Kind::kSet, parts);
    case Loader::kName: return class_of(object);
    case Loader::kFunction: return make_function(object);
    case Loader::kMethod: return make_method(object, parts);
    case Loader::kPartial: return make_partial(parts);
    case Loader::kSlice: {
      const Json content = TRY(content_of(object));
      Parts bounds;
      for (const char* key : {"start", "stop", "step"}) {
        const Json bound = TRY(member(content, key));
        int64_t number = 0;
        bounds.push_back(bound.get(number) == simdjson::SUCCESS
                             ? TRY(builder_.add_int(number, offset_))
                             : TRY(builder_.add(Kind::kNone, offset_)));
      }
      return add_call("builtins", "slice", bounds);
    }
    case Loader::kObject: return make_object(object, parts);
    case Loader::kConstructor:
    case Loader::kOperator:
    case Loader::kReduced: return make_call(object, parts);
    case Loader::kArray: return make_array(object, parts);
    case Loader::kMasked:
    case Loader::kMain: return parts[0];
    case Loader::kDtype: return make_dtype(parts);
    case Loader::kSparse: return make_sparse(object);
    case Loader::kBytes: return make_bytes(object);
  }
  return malformed("a loader without a rule");
}

Result<std::string_view> SkopsNodes::text_of(JsonObject object, const char* key) {
  std::string_view text;
  if (object[key].get(text) != simdjson::SUCCESS) {
    return malformed(fmt::format("an object has no {}", key));
  }
  return text;
}

Result<SkopsNodes::Json> SkopsNodes::content_of(JsonObject object) {
  return member(object, "content");
}

bool SkopsNodes::is_class(JsonObject object, std::string_view module, std::string_view name) {
  std::string_view text;
  return object["__class__"].get(text) == simdjson::SUCCESS && text == name &&
         object["__module__"].get(text) == simdjson::SUCCESS && text == module;
}

/// The text for as long as the tree lives; each only once.
Result<std::string_view> SkopsNodes::kept(std::string_view text) {
  if (const auto found = texts_.find(text); found != texts_.end()) return *found;
  const std::string_view owned = TRY(builder_.own_text(std::string(text)));
  texts_.insert(owned);
  return owned;
}

Result<uint32_t> SkopsNodes::add_string(std::string_view text) {
  return builder_.add_text(Kind::kString, TRY(kept(text)), offset_);
}

Result<uint32_t> SkopsNodes::add_global(std::string_view module, std::string_view name) {
  if (module.size() > kNameBytesMax || name.size() > kNameBytesMax) {
    return malformed(fmt::format("a class name of {} bytes", module.size() + name.size()));
  }
  return builder_.add_global(TRY(kept(module)), TRY(kept(name)), offset_);
}

Result<uint32_t> SkopsNodes::class_of(JsonObject object) {
  const std::string_view module = TRY(text_of(object, "__module__"));
  const std::string_view name = TRY(text_of(object, "__class__"));
  return add_global(module, name);
}

Result<uint32_t> SkopsNodes::add_call(uint32_t type, const Parts& args) {
  return builder_.add_object(type, TRY(builder_.add_container(Kind::kTuple, args, offset_)),
                             offset_);
}

Result<uint32_t> SkopsNodes::add_call(std::string_view module, std::string_view name,
                                      const Parts& args) {
  return add_call(TRY(add_global(module, name)), args);
}

Result<uint32_t> SkopsNodes::make_json(JsonObject object) {
  const std::string_view text = TRY(text_of(object, "content"));
  std::optional<JsonScalar> scalar = parse_json_scalar(text);
  if (!scalar) return malformed("a value that is no scalar of JSON");
  switch (scalar->kind) {
    case Kind::kNone: return builder_.add(Kind::kNone, offset_);
    case Kind::kBool: return builder_.add_bool(scalar->integer != 0, offset_);
    case Kind::kInt: return builder_.add_int(scalar->integer, offset_);
    case Kind::kFloat: return builder_.add_float(scalar->number, offset_);
    case Kind::kBigInt:
      return builder_.add_owned_text(Kind::kBigInt, std::move(scalar->text), offset_);
    default: return add_string(scalar->text);
  }
}

/// JSON has only texts for keys; what they were is told by their types.
Result<uint32_t> SkopsNodes::add_key(std::string_view key, uint32_t type) {
  const Global& global = builder_.global_of(type);
  const std::string_view name = global.name;
  if (name.starts_with("bool")) return builder_.add_bool(key == "true", offset_);
  if (name == "NoneType") return builder_.add(Kind::kNone, offset_);
  if (name.starts_with("int") || name.starts_with("uint")) {
    if (const std::optional<int64_t> number = decimal_to_int(key)) {
      return builder_.add_int(*number, offset_);
    }
  }
  if (name.starts_with("float")) {
    if (const std::optional<JsonScalar> scalar = parse_json_scalar(key);
        scalar && (scalar->kind == Kind::kFloat || scalar->kind == Kind::kInt)) {
      return builder_.add_float(scalar->number, offset_);
    }
  }
  return add_string(key);
}

Result<uint32_t> SkopsNodes::make_dict(JsonObject object, const Parts& parts) {
  const Parts types = kind(parts[0]) == Kind::kList ? children(parts[0]) : Parts();
  const bool typed =
      types.size() == parts.size() - 1 &&
      std::ranges::all_of(types, [&](uint32_t type) { return kind(type) == Kind::kGlobal; });
  if (!typed) return malformed("a dict without a type for each of its keys");
  const JsonObject content = TRY(content_of(object)).get_object().value();
  Parts slots;
  slots.reserve(2 * types.size());
  size_t place = 0;
  for (const auto& [key, value] : content) {
    slots.push_back(TRY(add_key(key, types[place])));
    slots.push_back(parts[++place]);
  }
  if (is_class(object, "builtins", "dict")) {
    return builder_.add_container(Kind::kDict, slots, offset_);
  }
  const uint32_t made = TRY(add_call(TRY(class_of(object)), {}));
  TRY_STATUS(builder_.extend_object(&Object::entries, made, slots));
  return made;
}

Result<uint32_t> SkopsNodes::make_default_dict(const Parts& parts) {
  if (kind(parts[0]) != Kind::kDict) return malformed("a defaultdict without a dict");
  const uint32_t made = TRY(add_call("collections", "defaultdict", {parts[1]}));
  TRY_STATUS(builder_.extend_object(&Object::entries, made, children(parts[0])));
  return made;
}

Result<uint32_t> SkopsNodes::make_sequence(JsonObject object, Kind made, const Parts& parts) {
  std::string_view module;
  if (object["__module__"].get(module) == simdjson::SUCCESS && module == "builtins") {
    return builder_.add_container(made, parts, offset_);
  }
  const uint32_t type = TRY(class_of(object));
  if (made == Kind::kTuple) return add_call(type, parts);  // a named tuple
  const uint32_t sequence = TRY(add_call(type, {}));
  TRY_STATUS(builder_.extend_object(&Object::appended, sequence, parts));
  return sequence;
}

Result<uint32_t> SkopsNodes::make_function(JsonObject object) {
  Json content;
  if (object["content"].get(content) != simdjson::SUCCESS) return class_of(object);
  const Json module = TRY(member(content, "module_path"));  // protocol 0
  const Json name = TRY(member(content, "function"));
  if (!module.is_string() || !name.is_string()) return malformed("a function without a name");
  return add_global(module.get_string().value(), name.get_string().value());
}

/// A bound method is as opaque as what getattr would give.
Result<uint32_t> SkopsNodes::make_method(JsonObject object, const Parts& parts) {
  const Json name = TRY(member(TRY(content_of(object)), "func"));
  if (!name.is_string()) return malformed("a method without a name");
  const std::string_view text = name.get_string().value();
  const uint32_t attribute = TRY(add_string(text));
  const uint32_t made = TRY(add_call("builtins", "getattr", {parts[0], attribute}));
  if (text.starts_with("__")) builder_.refuse("builtins", "getattr", offset_);
  return made;
}

/// As the pickle of functools.partial: its function as argument, and all four as state.
Result<uint32_t> SkopsNodes::make_partial(const Parts& parts) {
  const uint32_t made = TRY(add_call("functools", "partial", {parts[0]}));
  const uint32_t state = TRY(builder_.add_container(Kind::kTuple, parts, offset_));
  builder_.object(made).state = state;
  return made;
}

Result<uint32_t> SkopsNodes::make_object(JsonObject object, const Parts& parts) {
  const uint32_t made = TRY(add_call(TRY(class_of(object)), {}));
  if (!parts.empty() && kind(parts[0]) != Kind::kNone) builder_.object(made).state = parts[0];
  return made;
}

/// Arguments, and a state if there is one.
Result<uint32_t> SkopsNodes::make_call(JsonObject object, const Parts& parts) {
  if (kind(parts[0]) != Kind::kTuple) return malformed("a call whose arguments are no tuple");
  const uint32_t type = TRY(class_of(object));
  const uint32_t made = TRY(builder_.add_object(type, parts[0], offset_));
  if (parts.size() > 1 && kind(parts[1]) != Kind::kNone) builder_.object(made).state = parts[1];
  return made;
}

/// The bytes of a file of the archive for as long as the tree lives.
Result<std::string_view> SkopsNodes::hold(const formats::FileSet& files, size_t place) {
  if (const auto whole = files.stored(place)) return *whole;
  storage_.owned_text.push_back(TRY(files.read(place)));  // its size was held to the limits
  return std::string_view(storage_.owned_text.back());
}

Result<std::string_view> SkopsNodes::file_of(JsonObject object) {
  const std::string_view name = TRY(text_of(object, "file"));
  const auto place = places_.find(name);
  if (place == places_.end()) return malformed("an array's file is not in it");
  if (const auto found = unpacked_.find(place->second); found != unpacked_.end()) {
    return found->second;
  }
  const std::string_view bytes = TRY(hold(files_, place->second));
  unpacked_.emplace(place->second, bytes);
  return bytes;
}

Result<uint32_t> SkopsNodes::make_bytes(JsonObject object) {
  return builder_.add_text(Kind::kBytes, TRY(file_of(object)), offset_);
}

Result<uint32_t> SkopsNodes::make_array(JsonObject object, const Parts& parts) {
  if (!parts.empty()) return make_object_array(parts);
  const NpyNodes npy = TRY(add_npy(builder_, TRY(file_of(object)), offset_));
  std::string_view name;
  const bool is_array = object["__class__"].get(name) != simdjson::SUCCESS || name == "ndarray" ||
                        name == "matrix" || name == "recarray" || name == "memmap" ||
                        !builder_.children(npy.shape).empty();
  if (is_array) return npy.array;
  return add_call("numpy.core.multiarray", "scalar", {npy.dtype, npy.bytes});
}

/// numpy's _reconstruct with the state (version, shape, dtype, Fortran, list of elements). The
/// elements of a matrix come as lists of its rows.
Result<uint32_t> SkopsNodes::make_object_array(const Parts& parts) {
  if (kind(parts[0]) != Kind::kTuple) return malformed("an array's shape is no tuple");
  const size_t rank = builder_.children(parts[0]).size();
  if (rank == 0 || rank > kRankMax) return malformed(fmt::format("an array of rank {}", rank));
  Parts elements(parts.begin() + 1, parts.end());
  for (size_t axis = 1; axis < rank; ++axis) {
    Parts below;
    for (const uint32_t element : elements) {
      if (kind(element) != Kind::kList) return malformed("a row of an array is no list");
      const std::span<const uint32_t> slots = builder_.children(element);
      below.insert(below.end(), slots.begin(), slots.end());
    }
    elements = std::move(below);
  }
  const uint32_t version = TRY(builder_.add_int(1, offset_));
  const uint32_t type = TRY(add_dtype(builder_, "O", offset_));
  const uint32_t by_columns = TRY(builder_.add_bool(false, offset_));
  const uint32_t list = TRY(builder_.add_container(Kind::kList, elements, offset_));
  const Parts state = {version, parts[0], type, by_columns, list};
  const uint32_t made = TRY(add_call("numpy.core.multiarray", "_reconstruct", {}));
  const uint32_t tuple = TRY(builder_.add_container(Kind::kTuple, state, offset_));
  builder_.object(made).state = tuple;
  return made;
}

/// skops writes a dtype as an empty array of it.
Result<uint32_t> SkopsNodes::make_dtype(const Parts& parts) {
  if (kind(parts[0]) == Kind::kObject) {
    const Parts args = children(builder_.object(parts[0]).args);
    constexpr size_t kDtypePlace = 1;
    if (builder_.global_of(parts[0]).name == "_frombuffer" && args.size() > kDtypePlace) {
      return args[kDtypePlace];
    }
    if (builder_.global_of(parts[0]).name == "_reconstruct") {
      return add_dtype(builder_, "O", offset_);
    }
  }
  return malformed("a dtype without its array");
}

Result<uint32_t> SkopsNodes::add_state_entry(Parts& state, std::string_view key, uint32_t value) {
  state.push_back(TRY(add_string(key)));
  state.push_back(value);
  return value;
}

/// A .npz file, itself an archive of .npy files: data, indices, indptr, shape, format.
Result<uint32_t> SkopsNodes::make_sparse(JsonObject object) {
  constexpr std::string_view kEnding = ".npy";
  constexpr size_t kFilesMax = 16;
  const std::string_view bytes = TRY(file_of(object));
  const auto files = TRY(formats::open_zip(bytes, storage_.limits));
  if (files->files().size() > kFilesMax) return malformed("a sparse matrix of too many arrays");
  Parts state;
  for (size_t i = 0; i < files->files().size(); ++i) {
    std::string_view name = files->files()[i].name;
    if (!name.ends_with(kEnding)) return malformed("a sparse matrix holds what is no array");
    name.remove_suffix(kEnding.size());
    const std::string_view file = TRY(hold(*files, i));
    const NpyNodes npy = TRY(add_npy(builder_, file, offset_));
    if (name != "shape") {
      TRY(add_state_entry(state, name, npy.array));
      continue;
    }
    const std::optional<std::array<int64_t, 2>> shape = two_int64(builder_.text(npy.bytes));
    if (!shape) return malformed("a sparse matrix has no shape of two");
    const uint32_t rows = TRY(builder_.add_int((*shape)[0], offset_));
    const uint32_t columns = TRY(builder_.add_int((*shape)[1], offset_));
    const Parts sizes = {rows, columns};
    TRY(add_state_entry(state, "_shape",
                        TRY(builder_.add_container(Kind::kTuple, sizes, offset_))));
  }
  const uint32_t made = TRY(add_call(TRY(class_of(object)), {}));
  const uint32_t dict = TRY(builder_.add_container(Kind::kDict, state, offset_));
  builder_.object(made).state = dict;
  return made;
}

}  // namespace slipway::pickle
