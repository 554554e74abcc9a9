#include "formats/onnx/format.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <set>

#include "formats/onnx/internal/model_lowering.h"
#include "formats/onnx/internal/wire.h"
#include "graph/codecs/op_codec.h"

namespace slipway::onnx {
namespace {

using formats::FormatSet;
using formats::ReadOptions;
using formats::ReadReport;

constexpr int64_t kIrVersionMax = 13;    // the newest that the tests hold
constexpr int64_t kOperatorSetMax = 26;  // of ai.onnx

bool add_gap(ReadReport& report, const ModelLowering& lowering, const Status& status) {
  if (status.code() != StatusCode::kUnimplemented) return false;
  formats::Gap gap = lowering.place();
  gap.message = status.message();
  report.gaps.push_back(std::move(gap));
  return true;
}

/// "onnx", or which operators of ours make it a container (docs/container.md).
std::string container_of(const ModelProto& model) {
  std::set<std::string_view> own;
  for (const NodeProto& node : model.graph.nodes) {
    if (node.domain == kOwnDomain) own.insert(node.op_type);
  }
  return own.empty() ? "onnx" : fmt::format("onnx with {} {}", kOwnDomain, fmt::join(own, ", "));
}

void describe(const ModelProto& model, ReadReport& report) {
  report.info.class_name = model.graph.name.empty() ? "onnx" : std::string(model.graph.name);
  report.info.library = model.producer_name.empty() ? "ONNX" : std::string(model.producer_name);
  report.info.library_version = model.producer_version;
  report.info.container = container_of(model);
  if (model.ir_version > kIrVersionMax) {
    report.info.warnings.push_back(
        fmt::format("IR version {} is newer than the newest that was tested, {}", model.ir_version,
                    kIrVersionMax));
  }
  for (const OperatorSet& set : model.operator_sets) {
    if (set.domain.empty() && set.version > kOperatorSetMax) {
      report.info.warnings.push_back(
          fmt::format("operator set {} is newer than the newest that was tested, {}", set.version,
                      kOperatorSetMax));
    }
  }
}

class OnnxFormat final : public formats::ModelFormat {
 public:
  std::string_view name() const override { return "onnx"; }
  std::string_view description() const override { return "ONNX"; }

  /// A ModelProto begins with its small fields, of which an ONNX model has the IR version first in
  /// practice, then texts, then the graph or the operator sets.
  bool recognises(std::string_view start) const override {
    if (start.size() < 4 || start[0] != 0x08) return false;
    bool has_next = false;
    WireFields fields(start);
    if (!fields.next() || fields.integer() < 1 || fields.integer() > 100) return false;
    const std::string_view rest = start.substr(2);
    const auto tag = static_cast<unsigned char>(rest[0]);
    // The fields 2 to 8, 14, 20 and 25 of ModelProto, all but 5 with a length.
    for (const unsigned known : {0x12U, 0x1aU, 0x22U, 0x28U, 0x32U, 0x3aU, 0x42U, 0x72U}) {
      has_next = has_next || tag == known;
    }
    return has_next;
  }

  Result<ReadReport> read(FileBytes bytes, const ReadOptions& options, const FormatSet&,
                          const Limits& limits) const override {
    const ModelProto model = TRY(parse_model(bytes, limits));
    ReadReport report;
    describe(model, report);
    report.info.file_bytes = bytes.size();
    ModelLowering lowering(model, memory_budget(limits, bytes.size()), options.column_names);
    report.gaps = lowering.missing_operators();
    if (!report.gaps.empty()) return report;
    Result<std::shared_ptr<const Graph>> graph = lowering.run();
    for (const std::string& note : lowering.notes()) report.info.warnings.push_back(note);
    if (graph.ok()) {
      report.graph = std::move(graph).value();
    } else if (!add_gap(report, lowering, graph.status())) {
      return std::move(graph).status().with_context(lowering.place().path);
    }
    return report;
  }
};

}  // namespace

std::unique_ptr<const formats::ModelFormat> make_format() { return std::make_unique<OnnxFormat>(); }

}  // namespace slipway::onnx
