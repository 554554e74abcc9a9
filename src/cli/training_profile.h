// The profile of the data that a model was learnt from or is packed with: profile.json of a bundle
// (docs/bundle.md), later the base line that served rows are compared with.
//
//   columns --training_profile--> JSON
//
// Its size is bounded, and so is what it tells of single rows: a text is listed only if it comes in
// several rows and is among the commonest; free texts are told by their lengths alone.
//
// Thread rule: pure functions.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "data/frame.h"
#include "graph/signature.h"
#include "tensor/batch.h"

namespace slipway::cli {

/// All of as many rows. `target`: null if it is not known. `threads`: at work at once.
std::string training_profile(std::span<const data::Column* const> columns,
                             const data::Column* target, unsigned threads);

/// Gathers the rows of a model's data as columns.
class ProfiledRows {
 public:
  explicit ProfiledRows(const Signature& signature);
  /// What is too much is left out: the profile is of the first rows then.
  void add(InputBuffer& rows);
  /// "" if there is no row, or no column that is a number or text.
  std::string profile();

 private:
  const Signature& signature_;
  std::vector<data::Column> columns_;  // of each of the signature's; records stay empty
  size_t rows_ = 0;
};

}  // namespace slipway::cli
