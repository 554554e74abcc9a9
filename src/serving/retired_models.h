// RetiredModels: what new requests no longer see, until the last one that uses it has ended.
//
//   replaced sets, unloaded models --add--> here --take_unused--> destroyed by the retire thread
//
// The last reference is always the one here, so that an event loop never frees a model. Memory that
// was freed is given back to the system when enough has gathered.
// Thread rule: none of its own; the VersionManager's lock guards it. What it gives is destroyed
// without.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "serving/model_set.h"

namespace slipway::serving {

/// Out of use for new requests; destroyed when the reference here is the last.
struct RetiredModel {
  std::shared_ptr<const ServedModel> model;
  std::string name;
  uint64_t version = 0;
  uint64_t bytes = 0;  // in the memory budget's books
};

class RetiredModels {
 public:
  void add(std::shared_ptr<const ModelSet> set) { sets_.push_back(std::move(set)); }
  void add(RetiredModel model) {
    models_.push_back(std::move(model));
    has_new_ = true;
  }
  /// Memory was freed elsewhere.
  void add_freed(uint64_t bytes) { freed_bytes_ += bytes; }
  /// A model was added since the last call.
  bool take_has_new() { return std::exchange(has_new_, false); }

  /// Moves out what nobody else refers to. False if there is nothing.
  bool take_unused(std::vector<std::shared_ptr<const ModelSet>>& sets,
                   std::vector<RetiredModel>& models);
  /// True, once, when it is time to give memory back; else `look_again` says when to look.
  bool should_trim(SteadyTime now, SteadyTime& look_again);

 private:
  std::vector<std::shared_ptr<const ModelSet>> sets_;
  std::vector<RetiredModel> models_;
  bool has_new_ = false;
  uint64_t freed_bytes_ = 0;
  SteadyTime next_trim_;
};

}  // namespace slipway::serving
