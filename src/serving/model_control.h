// ModelControl: what the admin calls of the protocols do to the set of models.
//
//   POST /v2/repository/models/{m}/load --protocols--> ModelControl::load --> done(status)
//
// Declared here, implemented by lifecycle, wired by cli. Thread-safe; never blocks.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/status.h"
#include "serving/model_set.h"

namespace slipway::serving {

class ModelControl {
 public:
  virtual ~ModelControl() = default;

  /// Every version that is known, loaded or not.
  virtual std::vector<ModelStatus> index() const = 0;
  /// Looks at the model's files again and loads what they hold, what failed before too. `done` is
  /// called once, on another thread, when new requests see the outcome. NOT_FOUND if there is no
  /// such model.
  virtual void load(std::string name, std::function<void(Status)> done) = 0;
  /// Serves what lies at an address (https://..., s3://...) as the model of this name, beside what
  /// the repository holds, until the server ends. `done` as for load(). PERMISSION_DENIED if
  /// the address is not allowed; FAILED_PRECONDITION if the repository holds a model of this name.
  virtual void add(std::string name, std::string address, std::function<void(Status)> done) = 0;
  /// A request needs a model that is not live and that may be loaded on demand
  /// (ModelSet::on_demand). `done` is called once, on another thread, when new requests see it, or
  /// with the reason why they do not: DEADLINE_EXCEEDED if it took too long.
  virtual void demand(std::string name, SteadyTime deadline, std::function<void(Status)> done) = 0;
  /// Takes the model away until it is loaded again. `done` is called when no new request sees it.
  virtual void unload(std::string name, std::function<void(Status)> done) = 0;
};

}  // namespace slipway::serving
