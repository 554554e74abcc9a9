// The input is a schema.json; it is put into an archive beside two arrays and a sparse matrix, so
// that a fuzzer need not find its way through checksums.
#include <zlib.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <unordered_set>
#include <vector>

#include "formats/pickle/numpy.h"
#include "formats/pickle/skops.h"

namespace {

using slipway::pickle::Value;

template <typename T>
void put(std::string& out, T value) {
  for (size_t i = 0; i < sizeof(T); ++i) out.push_back(static_cast<char>(value >> (8 * i)));
}

struct Entry {
  std::string name;
  std::string content;
};

std::string zip_of(const std::vector<Entry>& entries) {
  std::string out;
  std::string directory;
  for (const Entry& entry : entries) {
    const auto offset = static_cast<uint32_t>(out.size());
    const auto size = static_cast<uint32_t>(entry.content.size());
    std::string fields;
    put<uint16_t>(fields, 20);
    put<uint32_t>(fields, 0);
    put<uint32_t>(fields, 0);
    put<uint32_t>(fields, static_cast<uint32_t>(crc32(
                              0, reinterpret_cast<const Bytef*>(entry.content.data()), size)));
    put<uint32_t>(fields, size);
    put<uint32_t>(fields, size);
    put<uint16_t>(fields, static_cast<uint16_t>(entry.name.size()));
    put<uint16_t>(fields, 0);
    out += "PK\x03\x04" + fields + entry.name + entry.content;
    directory += "PK\x01\x02";
    put<uint16_t>(directory, 20);
    directory += fields;
    directory.append(10, '\0');
    put<uint32_t>(directory, offset);
    directory += entry.name;
  }
  const auto begin = static_cast<uint32_t>(out.size());
  out += directory + "PK\x05\x06";
  put<uint32_t>(out, 0);
  put<uint16_t>(out, static_cast<uint16_t>(entries.size()));
  put<uint16_t>(out, static_cast<uint16_t>(entries.size()));
  put<uint32_t>(out, static_cast<uint32_t>(directory.size()));
  put<uint32_t>(out, begin);
  put<uint16_t>(out, 0);
  return out;
}

std::string npy(const std::string& header, const std::string& elements) {
  std::string out("\x93NUMPY\x01\x00", 8);
  put<uint16_t>(out, static_cast<uint16_t>(header.size()));
  return out + header + elements;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string schema(reinterpret_cast<const char*>(data), size);
  const std::string numbers =
      npy("{'descr': '<f8', 'fortran_order': False, 'shape': (2,), }\n", std::string(16, '\0'));
  const std::string nodes =
      npy("{'descr': [('left_child', '<i8'), ('', '|V4'), ('threshold', '<f8')], 'fortran_order': "
          "False, 'shape': (1,), }\n",
          std::string(20, '\0'));
  std::string sizes;
  put<uint64_t>(sizes, 1);
  put<uint64_t>(sizes, 2);
  const std::string sparse = zip_of(
      {{"data.npy", numbers},
       {"shape.npy", npy("{'descr': '<i8', 'fortran_order': False, 'shape': (2,), }\n", sizes)}});
  const std::string file = zip_of({{"1.npy", numbers},
                                   {"2.npy", nodes},
                                   {"3.npz", sparse},
                                   {"4.npy", schema},
                                   {"schema.json", schema}});
  slipway::Limits limits;
  limits.decompressed_bytes_max = 8 << 20;
  limits.objects_max = 20'000;
  limits.memory_bytes_max = 4 << 20;
  const auto tree = slipway::pickle::parse_skops(file, limits);
  if (!tree.ok()) return 0;
  std::unordered_set<uint32_t> seen;
  std::vector<Value> open = {tree->root()};
  while (!open.empty() && seen.size() < 500) {
    const Value value = open.back();
    open.pop_back();
    if (!seen.insert(value.id()).second) continue;
    (void)value.as_string();
    (void)value.as_double();
    (void)slipway::pickle::to_f64(value);
    (void)slipway::pickle::to_cells(value);
    (void)slipway::pickle::to_values(value);
    (void)slipway::pickle::field_f64(value, "threshold");
    if (slipway::pickle::is_sparse(value)) (void)slipway::pickle::to_csr(value);
    for (size_t i = 0; i < value.size(); ++i) open.push_back(value.at(i));
    for (size_t i = 0; i < value.size() && value.kind() == slipway::pickle::Kind::kDict; ++i) {
      open.push_back(value.entry(i).value);
    }
    if (value.kind() == slipway::pickle::Kind::kObject) {
      open.push_back(value.args());
      if (value.state()) open.push_back(*value.state());
    }
  }
  return 0;
}
