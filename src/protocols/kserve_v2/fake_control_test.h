// A ModelControl that notes what it is told and answers from another thread.
#pragma once

#include <functional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "serving/model_control.h"

namespace slipway::protocols {

class FakeControl final : public serving::ModelControl {
 public:
  ~FakeControl() override { join(); }
  std::vector<serving::ModelStatus> index() const override { return statuses; }
  void load(std::string name, std::function<void(Status)> done) override {
    calls.push_back("load " + name);
    answer(std::move(done));
  }
  void load_with(std::string name, serving::ModelOverrides overrides,
                 std::function<void(Status)> done) override {
    calls.push_back("load_with " + name);
    last_overrides = std::move(overrides);
    answer(std::move(done));
  }
  void load_files(std::string name, std::vector<serving::ModelFile> files,
                  serving::ModelOverrides overrides, std::function<void(Status)> done) override {
    calls.push_back("load_files " + name);
    for (const serving::ModelFile& file : files) {
      calls.back() += " " + file.path + "=" + file.content;
    }
    last_overrides = std::move(overrides);
    answer(std::move(done));
  }
  void add(std::string name, std::string address, std::function<void(Status)> done) override {
    calls.push_back("add " + name + " " + address);
    answer(std::move(done));
  }
  void put(std::string name, std::string content, std::function<void(Status)> done) override {
    calls.push_back("put " + name + " " + content);
    answer(std::move(done));
  }
  void replace_list(std::string list, std::function<void(Status)> done) override {
    calls.push_back("replace_list " + list);
    answer(std::move(done));
  }
  void demand(std::string name, SteadyTime, std::function<void(Status)> done) override {
    calls.push_back("demand " + name);
    answer(std::move(done));
  }
  void unload(std::string name, std::function<void(Status)> done) override {
    calls.push_back("unload " + name);
    answer(std::move(done));
  }

  void enroll(serving::Registration registration,
              std::function<void(Result<serving::Registered>)> done) override {
    calls.push_back("enroll " + registration.address + " " + registration.name +
                    (registration.waits ? " waits" : ""));
    const serving::Registered made{registration.name.empty() ? "iris" : registration.name, "1.0"};
    answer([made, done = std::move(done)](const Status& status) {
      done(status.ok() ? Result<serving::Registered>(made) : status);
    });
  }
  void retire(std::string name, std::string version, std::function<void(Status)> done) override {
    calls.push_back("retire " + name + " " + version);
    answer(std::move(done));
  }
  void set_default(std::string name, std::string version,
                   std::function<void(Status)> done) override {
    calls.push_back("set_default " + name + " " + version);
    answer(std::move(done));
  }

  std::vector<serving::ModelStatus> statuses;
  std::vector<std::string> calls;
  serving::ModelOverrides last_overrides;
  Status outcome;

 private:
  void join() {
    if (thread_.joinable()) thread_.join();
  }
  void answer(std::function<void(Status)> done) {
    join();
    thread_ = std::thread([status = outcome, done = std::move(done)] { done(status); });
  }
  std::thread thread_;
};

}  // namespace slipway::protocols
