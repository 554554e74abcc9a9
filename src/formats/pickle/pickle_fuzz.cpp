// Parses the bytes and then asks everything of every node that it reaches.
#include <cstddef>
#include <cstdint>
#include <string>
#include <unordered_set>
#include <vector>

#include "formats/pickle/numpy.h"
#include "formats/pickle/tree.h"

namespace {

using slipway::pickle::Value;

/// Reads a node in every way; gives what hangs below it.
std::vector<Value> ask(Value value) {
  std::vector<Value> below;
  (void)value.as_bool();
  (void)value.as_int();
  (void)value.as_double();
  (void)value.as_string();
  (void)value.type_name();
  for (size_t i = 0; i < value.size(); ++i) {
    below.push_back(value.at(i));
    if (value.kind() == slipway::pickle::Kind::kDict) below.push_back(value.entry(i).value);
  }
  if (value.kind() == slipway::pickle::Kind::kObject) {
    below.push_back(value.args());
    if (value.state()) below.push_back(*value.state());
    if (value.kwargs()) below.push_back(*value.kwargs());
    for (size_t i = 0; i < value.appended_size(); ++i) below.push_back(value.appended(i));
  }
  (void)value.find_attr("left");
  (void)slipway::pickle::array_info(value);
  (void)slipway::pickle::to_f64(value);
  (void)slipway::pickle::to_f32(value);
  (void)slipway::pickle::to_i64(value);
  (void)slipway::pickle::to_u8(value);
  (void)slipway::pickle::to_strings(value);
  (void)slipway::pickle::to_cells(value);
  (void)slipway::pickle::to_values(value);
  (void)slipway::pickle::field_f64(value, "threshold");
  (void)slipway::pickle::field_i64(value, "left");
  if (slipway::pickle::is_sparse(value)) (void)slipway::pickle::to_csr(value);
  return below;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  slipway::Limits limits;
  limits.decompressed_bytes_max = 1 << 20;
  limits.objects_max = 20'000;
  limits.memory_bytes_max = 4 << 20;
  slipway::Result<slipway::pickle::Tree> tree =
      slipway::pickle::parse(std::string(reinterpret_cast<const char*>(data), size), limits);
  if (!tree.ok()) return 0;
  (void)tree->refused_status();
  std::unordered_set<uint32_t> seen;
  std::vector<Value> open = {tree->root()};
  while (!open.empty() && seen.size() < 500) {
    const Value value = open.back();
    open.pop_back();
    if (!seen.insert(value.id()).second) continue;
    const std::vector<Value> below = ask(value);
    open.insert(open.end(), below.begin(), below.end());
  }
  return 0;
}
