#include "lifecycle/stable_loader.h"

#include <fmt/format.h>

#include "lifecycle/file_stamp.h"
#include "serving/served_model.h"

namespace slipway::lifecycle {

Status StableLoader::check(const serving::VersionSource& source) const {
  Result<serving::FileStamp> stamp = stamp_model(source.path);
  if (stamp.ok()) stamp->settings = source.stamp.settings;  // no part of the file
  if (stamp.ok() && stamp->same_content(source.stamp)) return {};
  changed_();
  return Status(StatusCode::kAborted,
                fmt::format("{} changed before it was read whole", source.path));
}

Result<serving::LoadedModel> StableLoader::load(const serving::VersionSource& source) {
  TRY_STATUS(check(source));
  Result<serving::LoadedModel> loaded = inner_.load(source);
  TRY_STATUS(check(source));
  return loaded;
}

}  // namespace slipway::lifecycle
