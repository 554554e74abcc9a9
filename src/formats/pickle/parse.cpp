// From a file's bytes to a Tree: what it is compressed with, whether it is a pickle, the machine.
#include <fmt/format.h>

#include <algorithm>

#include "formats/decompress.h"
#include "formats/pickle/internal/machine.h"
#include "formats/pickle/internal/nodes.h"
#include "formats/pickle/tree.h"

namespace slipway::pickle {

using formats::Compression;
using formats::detect_compression;

namespace {

constexpr char kProtoOpcode = '\x80';
// Memory for what is made of the file's content: arrays of a byte an element become doubles, sparse
// ones dense. A small file must not stand for as much as a large one may.
constexpr uint64_t kMemoryFree = 1ULL << 30;
constexpr uint64_t kMemoryPerByte = 64;

constexpr std::string_view kOldJoblibMagic = "ZF";
constexpr std::string_view kZipMagic = "PK\x03\x04";
constexpr std::string_view kHdf5Magic = "\x89HDF";

/// Opcodes with which a pickle of protocol 0 or 1, which has no header, can begin.
constexpr std::string_view kOpeningOpcodes = "(NIJKLMFGSTUVXc)]}";

bool is_printable(char c) { return c >= ' ' && c < 0x7F; }

/// "cmodule\nname\n": how a pickle of an object begins in protocols 0 and 1.
bool begins_with_global(std::string_view bytes) {
  if (!bytes.starts_with('c')) return false;
  const size_t end = bytes.find('\n');
  return end != std::string_view::npos && end > 1 &&
         std::all_of(bytes.begin() + 1, bytes.begin() + static_cast<ptrdiff_t>(end),
                     [](char c) { return is_printable(c) && c != ' ' && c != ','; });
}

/// Begins as a pickle and nothing else does.
bool begins_as_pickle(std::string_view bytes) {
  if (bytes.size() >= 2 && bytes[0] == kProtoOpcode) return static_cast<uint8_t>(bytes[1]) < 0x20;
  return begins_with_global(bytes) || bytes.starts_with("(dp") || bytes.starts_with("(lp") ||
         bytes.starts_with("(i");
}

bool begins_with_opcode(std::string_view bytes) {
  return !bytes.empty() && kOpeningOpcodes.find(bytes[0]) != std::string_view::npos;
}

bool looks_like_plain_pickle(std::string_view bytes) {
  return begins_as_pickle(bytes) ||
         (bytes.size() >= 2 && bytes.back() == '.' && begins_with_opcode(bytes));
}

Status not_a_pickle(std::string_view bytes) {
  if (bytes.empty()) return invalid_argument("The file is empty; a pickle was expected");
  if (bytes.starts_with(kOldJoblibMagic)) {
    return unimplemented(
        "The file was compressed by joblib older than 0.10; load it with that joblib and save it "
        "again with a newer one");
  }
  std::string_view hint;
  if (bytes.starts_with(kZipMagic)) hint = "; it is a zip archive (.npz, PyTorch or Keras)";
  if (bytes.starts_with(kHdf5Magic)) hint = "; it is an HDF5 file (Keras)";
  std::string head;
  for (const char c : bytes.substr(0, 8)) {
    head += fmt::format("{}{:02x}", head.empty() ? "" : " ", static_cast<uint8_t>(c));
  }
  return invalid_argument(fmt::format("The file is no pickle; it begins with {}{}", head, hint));
}

}  // namespace

bool looks_like_pickle(std::string_view bytes) {
  return detect_compression(bytes) != Compression::kNone || looks_like_plain_pickle(bytes);
}

bool may_begin_pickle(std::string_view start) {
  return detect_compression(start) != Compression::kNone || begins_as_pickle(start) ||
         begins_with_opcode(start);
}

Result<Tree> parse(FileBytes bytes, const Limits& limits) {
  if (bytes.size() > limits.file_bytes_max) {
    return resource_exhausted(
        fmt::format("The file is larger than the limit: {} bytes, "
                    "file_bytes_max {}",
                    bytes.size(), limits.file_bytes_max));
  }
  auto storage = std::make_unique<Tree::Impl>();
  storage->limits = limits;
  storage->file_bytes = bytes.size();
  const Compression compression = detect_compression(bytes);
  storage->compression = formats::compression_name(compression);
  if (compression != Compression::kNone) {
    bytes = TRY(formats::decompress(bytes, compression, limits));
  }
  if (!looks_like_plain_pickle(bytes)) return not_a_pickle(bytes);
  storage->limits.memory_bytes_max =
      std::min(limits.memory_bytes_max, kMemoryFree + kMemoryPerByte * bytes.size());
  storage->bytes = std::move(bytes);
  Tree::Impl& filled = *storage;
  Tree tree(std::move(storage));
  TRY_STATUS(Machine(tree, filled).run());
  return tree;
}

}  // namespace slipway::pickle
