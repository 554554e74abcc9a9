#include <fmt/format.h>

#include "formats/pmml/internal/fields.h"

namespace slipway::pmml {
namespace {

/// The fields that an element and what lies in it name.
std::vector<std::string> fields_named(const Element& top) {
  std::vector<std::string> names;
  std::vector<Element> open{top};
  while (!open.empty()) {
    const Element element = open.back();
    open.pop_back();
    for (const char* key : {"field", "textField"}) {
      if (const auto name = element.attribute(key)) names.emplace_back(*name);
    }
    for (Element inside = element.first(); inside; inside = inside.next()) open.push_back(inside);
  }
  return names;
}

}  // namespace

Status Scope::derive(const Element& derived_field) {
  const std::string_view name = TRY(derived_field.required("name"));
  if (known_.contains(name)) return derived_field.invalid("a field of that name is there already");
  if (!pending_.try_emplace(std::string(name), Pending{derived_field, {}}).second) {
    return derived_field.invalid("a field of that name is there already");
  }
  return {};
}

void Scope::inherit(std::string_view name, const Element& mining_field, const Element& data_field) {
  pending_.insert_or_assign(std::string(name), Pending{mining_field, data_field});
}

Result<Typed> Scope::resolve(const Element& at, std::string_view name) {
  // From scope to scope outwards: few, as models nest only so deep.
  for (Scope* scope = this; scope != nullptr; scope = scope->outer_) {
    if (const auto found = scope->known_.find(name); found != scope->known_.end()) {
      return found->second;
    }
    if (!scope->pending_.contains(name)) continue;
    TRY_STATUS(scope->compile_all(name));
    return scope->known_.find(name)->second;
  }
  return at.invalid(fmt::format("no field of the name \"{}\" is there", name.substr(0, 128)));
}

Status Scope::compile_all(std::string_view name) {
  std::vector<std::string> open{std::string(name)};
  while (!open.empty()) {
    const auto found = pending_.find(open.back());
    if (found == pending_.end()) {  // compiled meanwhile
      open.pop_back();
      continue;
    }
    Pending& pending = found->second;
    const bool derived = pending.field.is("DerivedField");
    bool waits = false;
    for (const std::string& needed :
         derived ? fields_named(pending.field) : std::vector<std::string>()) {
      const auto other = pending_.find(needed);
      if (other == pending_.end()) continue;
      if (other->second.is_open || other == found) {
        return pending.field.invalid(
            fmt::format("the field \"{}\" depends on itself", needed.substr(0, 128)));
      }
      open.push_back(needed);
      waits = true;
    }
    if (waits && !pending.is_open) {
      pending.is_open = true;
      continue;
    }
    const std::string own = found->first;
    const Typed value = TRY(compile(pending, own));
    pending_.erase(own);
    known_.insert_or_assign(own, value);
    open.pop_back();
  }
  return {};
}

Result<Typed> Scope::compile(const Pending& pending, std::string_view name) {
  const size_t before = context_.terms.size();
  const std::string path(name);
  if (!pending.field.is("DerivedField")) {
    if (outer_ == nullptr) return pending.field.invalid("the field has no value");
    const Typed outer = TRY(outer_->resolve(pending.field, name));
    return context_.keep(TRY(treat(context_, pending.field, pending.data_field, outer)), before,
                         path);
  }
  const Element expression = expression_of(pending.field);
  if (!expression) return pending.field.invalid("expected an expression");
  Typed value = TRY(compile_expression(*this, expression));
  if (const auto type = pending.field.attribute("dataType")) {
    value = TRY(cast(context_, pending.field, value, TRY(parse_type(pending.field, *type))));
  }
  return context_.keep(value, before, path);
}

}  // namespace slipway::pmml
