// ModelFormat: a reader of one file format; FormatSet: all that the program has.
//
//   file --FormatSet::find (by content)--> ModelFormat --read--> ReadReport --> Graph
//   booster in a pickle --FormatSet::named--> ModelFormat --parse--> ForeignModel --lower--> nodes
//
// A format that may lie inside another's files (a booster in a scikit-learn pipeline) implements
// parse(): the outer reader gives the columns that the inner model takes, and goes on with what the
// inner model's lower() adds. Such a format gets read() for nothing. The modules of formats/ do not
// see each other; `cli` makes the set and passes it to whoever reads.
//
// Thread rule: immutable; one reader serves all threads.
//
//   FormatSet formats;
//   formats.add(xgboost::make_format());
//   const ModelFormat* format = formats.find(start_of_file);
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "base/limits.h"
#include "base/status.h"
#include "formats/read_report.h"
#include "graph/graph.h"

namespace slipway::formats {

class FormatSet;

/// Where a foreign model's columns come from: one dense matrix of its kNumber columns and one
/// string matrix of its kText columns, each in the order of columns(). Unused if there are none.
struct ForeignInputs {
  ValueId numbers = kNumbersInput;
  ValueId strings = kStringsInput;
};

struct ForeignOptions {
  uint32_t iterations = 0;     // boosting rounds to use; 0: what the model itself says
  bool is_whole_file = false;  // not inside another's model: who saved the file may matter
};

/// A parsed model that can add itself to a graph.
class ForeignModel {
 public:
  virtual ~ForeignModel() = default;
  /// What the file says about itself; file_bytes is filled in by the caller.
  virtual ModelInfo info() const = 0;
  /// The columns that it takes, in the order of training, kNumber or kText; named "x0", "x1", ...
  /// where the file knows no names.
  virtual std::span<const InputColumn> columns() const = 0;
  virtual bool columns_named() const = 0;
  /// The round, counted from 0, that early stopping found the best; for wrappers that stop there.
  virtual std::optional<uint32_t> best_iteration() const { return std::nullopt; }
  /// Adds nodes; gives outputs under the names of the library's methods ("predict" first), their
  /// numbers as the library's own predict gives them. UNIMPLEMENTED names what cannot be computed.
  virtual Result<std::vector<OutputSpec>> lower(GraphBuilder& graph, const ForeignInputs& inputs,
                                                const ForeignOptions& options,
                                                const std::string& path) const = 0;
};

class ModelFormat {
 public:
  virtual ~ModelFormat() = default;
  /// "pickle", "xgboost", "onnx": short, for messages and for FormatSet::named.
  virtual std::string_view name() const = 0;
  /// For the message about a file that nobody reads: "XGBoost (JSON, UBJSON)".
  virtual std::string_view description() const = 0;
  /// True if a file that begins so (its first kStartBytes, or all of it) is probably of this
  /// format. Cheap, and strict enough not to claim another's files.
  virtual bool recognises(std::string_view start) const = 0;
  /// Errors only if the bytes are not of this format at all, are damaged, or `select` leads
  /// nowhere; what is merely not supported are gaps in the report.
  virtual Result<ReadReport> read(FileBytes bytes, const ReadOptions& options,
                                  const FormatSet& formats, const Limits& limits) const;
  /// For formats whose models may lie inside others: UNIMPLEMENTED if it is none. The bytes need
  /// not outlive the call.
  virtual Result<std::unique_ptr<const ForeignModel>> parse(std::string_view bytes,
                                                            const Limits& limits) const;
};

class FormatSet {
 public:
  /// So much of a file's beginning decides what it is.
  static constexpr size_t kStartBytes = 4096;

  void add(std::unique_ptr<const ModelFormat> format) { formats_.push_back(std::move(format)); }
  /// The first that recognises the start of a file, in the order of add(); null if none does.
  const ModelFormat* find(std::string_view start) const;
  /// Null if the program has none of that name.
  const ModelFormat* named(std::string_view name) const;
  /// The descriptions of all, for messages: "a, b or c".
  std::string description() const;

 private:
  std::vector<std::unique_ptr<const ModelFormat>> formats_;
};

/// Does for a parsed model by itself what read() does: a graph of its own. `column_names` as in
/// ReadOptions.
ReadReport report_of(const ForeignModel& model, uint64_t file_bytes,
                     std::span<const std::string> column_names = {});

}  // namespace slipway::formats
