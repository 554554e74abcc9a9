// The walk over a skops schema: with a stack of its own, an object's parts before the object.
#include "formats/pickle/skops.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <utility>

#include "formats/file_set.h"
#include "formats/pickle/internal/depth_check.h"
#include "formats/pickle/internal/scalar.h"
#include "formats/pickle/internal/skops_nodes.h"

namespace slipway::pickle {
namespace {

namespace dom = simdjson::dom;

constexpr std::string_view kSchemaName = "schema.json";
// An object of the tree takes up to four levels of the schema.
constexpr size_t kJsonDepthMax = 1024;
constexpr uint64_t kSchemaBytesMax = 1ULL << 30;
// As for pickles: what is made of the content may not be out of all proportion to it.
constexpr uint64_t kMemoryFree = 1ULL << 30;
constexpr uint64_t kMemoryPerByte = 64;

Status malformed(std::string_view what) {
  return data_loss(fmt::format("The skops file is malformed: {}", what));
}

struct Visit {
  dom::element element;
  bool parts_done = false;
  size_t first_part = 0;  // where its parts' nodes begin among those that are made
};

Result<uint32_t> build(dom::element root, SkopsNodes& nodes) {
  std::vector<Visit> visits = {{root}};
  std::vector<uint32_t> made;
  std::vector<dom::element> parts;
  while (!visits.empty()) {
    const Visit visit = visits.back();
    visits.pop_back();
    dom::object object;
    if (visit.element.get(object) != simdjson::SUCCESS) return malformed("a part is no object");
    if (visit.parts_done) {
      const std::vector<uint32_t> own(made.begin() + static_cast<ptrdiff_t>(visit.first_part),
                                      made.end());
      made.resize(visit.first_part);
      made.push_back(TRY(nodes.make(object, own)));
      continue;
    }
    parts.clear();
    TRY_STATUS(nodes.list_parts(object, parts));
    visits.push_back({visit.element, true, made.size()});
    // The first part is to be made first, so it is put on the stack last.
    for (size_t i = parts.size(); i-- > 0;) visits.push_back({parts[i]});
  }
  return made[0];
}

}  // namespace

Result<Tree> parse_skops(FileBytes bytes, const Limits& limits) {
  if (bytes.size() > limits.file_bytes_max) {
    return resource_exhausted(
        fmt::format("The file is larger than the limit: {} bytes, file_bytes_max {}", bytes.size(),
                    limits.file_bytes_max));
  }
  auto storage = std::make_unique<Tree::Impl>();
  storage->limits = limits;
  storage->file_bytes = bytes.size();
  storage->skops = true;
  storage->bytes = std::move(bytes);
  Tree::Impl& filled = *storage;
  const auto files = TRY(formats::open_zip(filled.bytes, limits));
  const std::optional<size_t> place = files->find(kSchemaName);
  if (!place) {
    return invalid_argument(
        "The file is a zip archive but no skops file: it has no schema.json (an .npz file, PyTorch "
        "or Keras?)");
  }
  if (files->files()[*place].size_bytes > kSchemaBytesMax) {
    return resource_exhausted(fmt::format("The skops schema is over {} bytes", kSchemaBytesMax));
  }
  const std::string text = TRY(files->read(*place));
  uint64_t unpacked = 0;
  for (const formats::FileSet::File& file : files->files()) unpacked += file.size_bytes;
  filled.limits.memory_bytes_max =
      std::min(limits.memory_bytes_max,
               kMemoryFree + kMemoryPerByte * std::min(unpacked, limits.memory_bytes_max));
  dom::parser parser;
  dom::element root;
  if (parser.allocate(text.size(), kJsonDepthMax) != simdjson::SUCCESS) {
    return resource_exhausted("not enough memory for the skops schema");
  }
  if (const auto error = parser.parse(text).get(root); error != simdjson::SUCCESS) {
    return malformed(fmt::format("schema.json: {}", simdjson::error_message(error)));
  }
  uint64_t offset = 0;
  if (const auto stored = files->stored(*place)) {
    offset = static_cast<uint64_t>(stored->data() - filled.bytes.data());
  }
  Tree tree(std::move(storage));
  SkopsNodes nodes(filled, *files, text.size(), offset);
  filled.root = TRY(build(root, nodes));
  TRY_STATUS(check_depth(filled));
  TRY_STATUS(decode_numpy_texts(tree, filled, nodes.builder()));
  return tree;
}

}  // namespace slipway::pickle
