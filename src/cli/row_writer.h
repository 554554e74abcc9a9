// RowWriter: scored rows as CSV or JSON lines: the key columns, then the outputs.
//
//   RowWriter writer(signature, wanted, source->key_names());
//   writer.csv_header(text);
//   writer.csv_row(text, keys, row, outputs);
//
// A key column that has the name of an output is left out: a name stands for one thing.
// Thread rule: immutable.
#pragma once

#include <string>
#include <vector>

#include "graph/signature.h"
#include "rows/row_source.h"
#include "tensor/batch.h"

namespace slipway::cli {

class RowWriter {
 public:
  RowWriter(const Signature& signature, OutputMask wanted, const std::vector<std::string>& keys);

  /// The key columns that give way to an output.
  const std::vector<std::string>& left_out() const { return left_out_; }

  void csv_header(std::string& out) const;
  /// `keys`: rows x key names, as rows::RowSource gives them.
  void csv_row(std::string& out, const std::vector<rows::KeyCell>& keys, size_t row,
               const std::vector<OutputBuffer>& outputs) const;
  void json_row(std::string& out, const std::vector<rows::KeyCell>& keys, size_t row,
                const std::vector<OutputBuffer>& outputs) const;

 private:
  template <typename Function>
  void each_output(const Function& function) const;

  const Signature& signature_;
  const OutputMask wanted_;
  const std::vector<std::string>& keys_;
  std::vector<size_t> shown_keys_;  // places in keys_
  std::vector<std::string> left_out_;
};

}  // namespace slipway::cli
