#include "formats/pickle/tree.h"

#include <fmt/format.h>

#include <array>

#include "base/check.h"
#include "formats/pickle/internal/array_view.h"
#include "formats/pickle/internal/nodes.h"
#include "formats/pickle/internal/scalar.h"

namespace slipway::pickle {
namespace {

/// The names a type has in Python, by Kind.
constexpr std::array<std::string_view, 11> kTypeNames = {
    "None", "bool", "int", "int", "float", "str", "bytes", "tuple", "list", "dict", "set"};

Status expected(std::string_view what, Value value) {
  return invalid_argument(
      fmt::format("Expected {} at byte {}, got {}", what, value.offset(), value.type_name()));
}

/// The children of a container; of an object its entries.
Range slots_of(Value value) {
  if (value.kind() == Kind::kObject) return TreeStorage::object(value).entries;
  if (value.kind() < Kind::kTuple || value.kind() > Kind::kSet) return {};
  const Node& node = TreeStorage::node(value);
  return {node.payload.begin, node.extent.span.count, node.extent.span.capacity};
}

bool has_entries(Value value) {
  return value.kind() == Kind::kDict || value.kind() == Kind::kObject;
}

}  // namespace

const Tree::Impl& TreeStorage::of(const Tree& tree) { return *tree.impl_; }

const Global& TreeStorage::global(Value value) {
  const Tree::Impl& tree = of(value);
  const uint32_t index = node(value).payload.index;
  return tree.globals[value.kind() == Kind::kObject ? tree.objects[index].global : index];
}

const ObjectExtra* TreeStorage::extra(Value value) {
  if (value.kind() != Kind::kObject || object(value).extra == kNoNode) return nullptr;
  return &of(value).extras[object(value).extra];
}

Kind Value::kind() const { return TreeStorage::node(*this).kind(); }

uint64_t Value::offset() const { return TreeStorage::node(*this).offset; }

Result<bool> Value::as_bool() const {
  if (kind() == Kind::kBool) return TreeStorage::node(*this).payload.boolean;
  if (kind() == Kind::kInt) return TreeStorage::node(*this).payload.integer != 0;
  if (kind() == Kind::kObject) {
    const Result<Cell> cell = scalar_cell(*this);
    if (cell.ok() && (cell->kind == Cell::Kind::kBool || cell->kind == Cell::Kind::kInt)) {
      return cell->integer != 0;
    }
  }
  return expected("a bool", *this);
}

Result<int64_t> Value::as_int() const {
  const Node& node = TreeStorage::node(*this);
  if (kind() == Kind::kInt) return node.payload.integer;
  if (kind() == Kind::kBool) return int64_t{node.payload.boolean};
  double number = 0.5;  // what is no float either
  if (kind() == Kind::kFloat) number = node.payload.number;
  if (kind() == Kind::kObject) {
    const Result<Cell> cell = scalar_cell(*this);
    if (cell.ok()) {
      if (cell->kind == Cell::Kind::kBool || cell->kind == Cell::Kind::kInt) return cell->integer;
      if (cell->kind == Cell::Kind::kFloat) number = cell->number;
    }
  }
  // 2^63 and its negative are exact doubles.
  if (number >= -0x1p63 && number < 0x1p63) {
    const auto integer = static_cast<int64_t>(number);
    if (static_cast<double>(integer) == number) return integer;
  }
  return expected("an int", *this);
}

Result<double> Value::as_double() const {
  switch (kind()) {
    case Kind::kFloat: return TreeStorage::node(*this).payload.number;
    case Kind::kBool:
    case Kind::kInt:
    case Kind::kBigInt:
    case Kind::kObject: {
      const Result<Cell> cell = scalar_cell(*this);
      if (cell.ok() && cell->kind != Cell::Kind::kString && !cell->is_none) return cell->number;
      break;
    }
    default: break;
  }
  return expected("a number", *this);
}

Result<std::string_view> Value::as_string() const {
  if (kind() == Kind::kString) return text();
  const ObjectExtra* extra = TreeStorage::extra(*this);
  if (extra != nullptr && extra->text.data() != nullptr) return extra->text;
  return expected("a str", *this);
}

std::string_view Value::text() const {
  if (kind() != Kind::kString && kind() != Kind::kBytes && kind() != Kind::kBigInt) return {};
  const Node& node = TreeStorage::node(*this);
  return {node.payload.text, node.extent.size_bytes};
}

size_t Value::size() const {
  const Range slots = slots_of(*this);
  return has_entries(*this) ? slots.count / 2 : slots.count;
}

Value Value::at(size_t i) const {
  CHECK(i < size());
  return TreeStorage::child(*this, slots_of(*this).begin + (has_entries(*this) ? 2 * i : i));
}

Value::Entry Value::entry(size_t i) const {
  CHECK(has_entries(*this) && i < size());
  const uint64_t slot = slots_of(*this).begin + 2 * i;
  return {TreeStorage::child(*this, slot), TreeStorage::child(*this, slot + 1)};
}

std::optional<Value> Value::find(std::string_view key) const {
  if (!has_entries(*this)) return std::nullopt;
  // Every attribute of every estimator is looked up here: no detour over handles.
  const Tree::Impl& storage = TreeStorage::of(*this);
  const Range slots = slots_of(*this);
  for (size_t i = slots.count / 2; i-- > 0;) {
    const uint32_t* const entry = &storage.children[slots.begin + 2 * i];
    const Node& name = storage.nodes[entry[0]];
    if (name.kind() != Kind::kString || name.extent.size_bytes != key.size()) continue;
    if (std::string_view(name.payload.text, key.size()) == key) return Value(tree_, entry[1]);
  }
  return std::nullopt;
}

std::string_view Value::module() const {
  if (kind() != Kind::kGlobal && kind() != Kind::kObject) return {};
  return TreeStorage::global(*this).module;
}

std::string_view Value::name() const {
  if (kind() != Kind::kGlobal && kind() != Kind::kObject) return {};
  return TreeStorage::global(*this).name;
}

std::string Value::type_name() const {
  if (is_array_object(*this)) return "numpy.ndarray";
  if (kind() == Kind::kGlobal || kind() == Kind::kObject) {
    return fmt::format("{}.{}", module(), name());
  }
  return std::string(kTypeNames[static_cast<size_t>(kind())]);
}

Trust Value::trust() const {
  if (kind() != Kind::kGlobal && kind() != Kind::kObject) return Trust::kUnderstood;
  return TreeStorage::global(*this).trust;
}

bool Value::is(std::string_view module_prefix, std::string_view wanted) const {
  if (kind() != Kind::kGlobal && kind() != Kind::kObject) return false;
  return name() == wanted && module().starts_with(module_prefix);
}

Value Value::args() const {
  CHECK(kind() == Kind::kObject);
  return {tree_, TreeStorage::object(*this).args};
}

std::optional<Value> Value::kwargs() const {
  if (kind() != Kind::kObject || TreeStorage::object(*this).kwargs == kNoNode) return std::nullopt;
  return Value(tree_, TreeStorage::object(*this).kwargs);
}

std::optional<Value> Value::state() const {
  if (kind() != Kind::kObject || TreeStorage::object(*this).state == kNoNode) return std::nullopt;
  return Value(tree_, TreeStorage::object(*this).state);
}

std::optional<Value> Value::find_attr(std::string_view attribute) const {
  const std::optional<Value> whole = state();
  if (!whole) return std::nullopt;
  if (whole->kind() == Kind::kDict) return whole->find(attribute);
  if (whole->kind() != Kind::kTuple || whole->size() != 2) return std::nullopt;
  for (size_t part : {size_t{1}, size_t{0}}) {  // slots are set after the dict
    if (whole->at(part).kind() != Kind::kDict) continue;
    if (const std::optional<Value> found = whole->at(part).find(attribute)) return found;
  }
  return std::nullopt;
}

Result<Value> Value::attr(std::string_view attribute) const {
  if (const std::optional<Value> found = find_attr(attribute)) return *found;
  const bool is_fitted_one = attribute.ends_with('_') && !attribute.starts_with('_');
  return invalid_argument(fmt::format("An attribute is missing: {} of {} at byte {}{}", attribute,
                                      type_name(), offset(),
                                      is_fitted_one ? " (was the model fitted?)" : ""));
}

size_t Value::appended_size() const {
  return kind() == Kind::kObject ? TreeStorage::object(*this).appended.count : 0;
}

Value Value::appended(size_t i) const {
  CHECK(i < appended_size());
  return TreeStorage::child(*this, TreeStorage::object(*this).appended.begin + i);
}

Tree::Tree() : impl_(std::make_unique<Impl>()) {
  // An empty tree is the pickle of None, so that root() always names a node.
  impl_->nodes.emplace_back();
  impl_->root = 0;
}

Tree::Tree(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Tree::~Tree() = default;
Tree::Tree(Tree&&) noexcept = default;
Tree& Tree::operator=(Tree&&) noexcept = default;

Value Tree::root() const { return {this, impl_->root}; }

const std::vector<RefusedGlobal>& Tree::refused() const { return impl_->refused; }

Status Tree::refused_status() const {
  if (impl_->refused.empty()) return {};
  std::string names;
  for (const RefusedGlobal& global : impl_->refused) {
    names += fmt::format("{}{}.{} at byte {}", names.empty() ? "" : ", ", global.module,
                         global.name, global.offset);
  }
  return permission_denied(
      fmt::format("The file names classes or functions that no model needs: {}", names));
}

std::string_view Tree::container() const {
  if (impl_->skops) return "skops";
  return impl_->joblib ? "joblib" : "pickle";
}
std::string_view Tree::compression() const { return impl_->compression; }
uint64_t Tree::file_bytes() const { return impl_->file_bytes; }
size_t Tree::node_count() const { return impl_->nodes.size(); }
uint64_t Tree::memory_bytes_max() const { return impl_->limits.memory_bytes_max; }

}  // namespace slipway::pickle
