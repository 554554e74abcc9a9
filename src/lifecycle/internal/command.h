// Command: what an admin call, a signal or the program asks of the repository's thread.
//
// Plain values; the thread that has one answers it once.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "base/status.h"
#include "serving/model_control.h"

namespace slipway::lifecycle {

struct Command {
  enum class Kind : uint8_t {
    kLoad,
    kUnload,
    kPut,        // `files`
    kSettlePut,  // `address` is where they lie; they have been loaded or refused
    kReplace,    // `address` is the list
    kRescan,
    kWhenStarted,
    kEnroll,
    kRetire,
    kSetDefault,
    kDrop,  // what could not be loaded after it was enrolled
  };
  Kind kind;
  std::string name;
  std::function<void(Status)> done;
  /// Where it lies, or as the kind says; kSetDefault, kRetire: a version.
  std::string address = {};
  bool refused = false;      // kSettlePut
  bool refreshed = false;    // what lies at addresses has been looked at for it
  bool waits = true;         // kEnroll: for its load
  std::string version = {};  // kEnroll: as the archive writes it; empty: not known yet
  std::function<void(Result<serving::Registered>)> enrolled = nullptr;
  serving::ModelOverrides overrides = {};      // kLoad, kPut
  std::vector<serving::ModelFile> files = {};  // kPut; of a single one only the content counts
  bool replaces = false;  // kPut: a folder, in place of the repository's model of that name

  /// By an admin call, that is: nothing of what the repository does by itself.
  bool changes_models() const {
    return kind != Kind::kRescan && kind != Kind::kWhenStarted && kind != Kind::kSettlePut &&
           kind != Kind::kDrop;
  }
  /// Of one that comes to nothing.
  void answer(Status status) {
    if (enrolled) return enrolled(std::move(status));
    if (done) done(std::move(status));
  }
};

}  // namespace slipway::lifecycle
