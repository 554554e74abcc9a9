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
  void add(std::string name, std::string address, std::function<void(Status)> done) override {
    calls.push_back("add " + name + " " + address);
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

  std::vector<serving::ModelStatus> statuses;
  std::vector<std::string> calls;
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
