// StableLoader: loads a file only if it is the one that was scanned, before and after the reading.
//
// A file that changes in between is ABORTED: neither loaded nor counted as broken; `changed` is
// called so that it is scanned anew. Thread-safe if the inner loader is.
#pragma once

#include <functional>

#include "serving/model_source.h"

namespace slipway::lifecycle {

class StableLoader final : public serving::ModelLoader {
 public:
  StableLoader(serving::ModelLoader& inner, std::function<void()> changed)
      : inner_(inner), changed_(std::move(changed)) {}
  Result<serving::LoadedModel> load(const serving::VersionSource& source) override;

 private:
  Status check(const serving::VersionSource& source) const;

  serving::ModelLoader& inner_;
  const std::function<void()> changed_;
};

}  // namespace slipway::lifecycle
