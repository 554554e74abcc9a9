#include "cli/evaluation/predictions.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "data/frame_rows.h"
#include "training/parallel.h"

namespace slipway::cli {
namespace {

constexpr size_t kChunkRows = 2048;
constexpr size_t kChunkCells = size_t{1} << 21;  // of one output

/// One chunk on its way: filled by the reader, answered by a thread.
struct Chunk {
  InputBuffer input;
  std::vector<OutputBuffer> outputs;
  std::unique_ptr<Scratch> scratch;
  size_t rows = 0;
  Status status;
};

OutputMask wanted_of(const ModelRoles& roles) {
  OutputMask wanted = 0;
  for (const auto& role : {roles.labels, roles.probabilities, roles.scores, roles.values}) {
    if (role.has_value()) wanted |= OutputMask{1} << *role;
  }
  return wanted;
}

size_t chunk_rows(const Signature& signature, const ModelRoles& roles) {
  if (!roles.probabilities.has_value()) return kChunkRows;
  const size_t width = std::max<size_t>(signature.outputs[*roles.probabilities].width, 1);
  return std::clamp<size_t>(kChunkCells / width, 1, kChunkRows);
}

void append(std::vector<double>& out, const std::vector<double>& more) {
  out.insert(out.end(), more.begin(), more.end());
}

/// Numbers of an output, whose form the engine chose.
Status append_numbers(const OutputBuffer& output, size_t cells, std::vector<double>& out) {
  if (output.numbers.size() != cells) {
    return internal_error("an output has not the form that its signature says");
  }
  append(out, output.numbers);
  return {};
}

}  // namespace

Result<Predictions> Predictor::run(const data::Frame& frame) const {
  const auto rows = TRY(data::open_frame_rows(frame, model_.signature(), {}, ignored_));
  const OutputMask wanted = wanted_of(roles_);
  const size_t rows_max = chunk_rows(model_.signature(), roles_);
  const size_t chunks_max = std::min<size_t>(threads_, frame.rows / rows_max + 1);
  std::vector<Chunk> chunks(chunks_max);
  for (Chunk& chunk : chunks) chunk.scratch = model_.make_scratch();
  std::vector<rows::KeyCell> keys;
  Predictions out;
  for (size_t done = 0; done < frame.rows;) {
    size_t filled = 0;
    for (; filled < chunks.size(); ++filled) {
      chunks[filled].rows = TRY(rows->next(rows_max, chunks[filled].input, keys));
      if (chunks[filled].rows == 0) break;
    }
    if (filled == 0) return internal_error("the rows ended before their number was reached");
    training::for_each_index(filled, threads_, [&](size_t i) {
      Chunk& chunk = chunks[i];
      chunk.status = model_.run(chunk.input.batch(), wanted, *chunk.scratch, chunk.outputs);
    });
    for (size_t i = 0; i < filled; ++i) {
      if (!chunks[i].status.ok()) {
        return std::move(chunks[i].status)
            .with_context(fmt::format("rows {} to {} of those evaluated (from 0)", done,
                                      done + chunks[i].rows - 1));
      }
      TRY_STATUS(append(chunks[i].outputs, chunks[i].rows, out));
      done += chunks[i].rows;
    }
  }
  return out;
}

Status Predictor::append(const std::vector<OutputBuffer>& outputs, size_t rows,
                         Predictions& out) const {
  if (roles_.labels.has_value()) {
    const OutputBuffer& labels = outputs[*roles_.labels];
    if (labels.indices.size() == rows) {
      out.indices.insert(out.indices.end(), labels.indices.begin(), labels.indices.end());
    } else if (labels.strings.size() == rows) {
      for (const StringCell& cell : labels.strings) {
        if (cell.is_number()) {
          out.label_texts.push_back(fmt::format("{}", cell.real));
        } else {
          out.label_texts.emplace_back(cell.view());
        }
      }
    } else {
      TRY_STATUS(append_numbers(labels, rows, out.label_numbers));
    }
  }
  if (roles_.probabilities.has_value()) {
    const OutputBuffer& output = outputs[*roles_.probabilities];
    out.width = model_.signature().outputs[*roles_.probabilities].width;
    TRY_STATUS(append_numbers(output, rows * out.width, out.probabilities));
  }
  if (roles_.scores.has_value()) {
    TRY_STATUS(append_numbers(outputs[*roles_.scores], rows, out.scores));
  }
  if (roles_.values.has_value()) {
    TRY_STATUS(append_numbers(outputs[*roles_.values], rows, out.values));
  }
  return {};
}

}  // namespace slipway::cli
