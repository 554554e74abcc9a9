#include "lifecycle/repository.h"

#include <fmt/format.h>
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <optional>
#include <set>
#include <thread>
#include <utility>

#include "base/log.h"
#include "base/thread_annotations.h"
#include "lifecycle/folder_watch.h"
#include "lifecycle/stable_loader.h"

namespace slipway::lifecycle {
namespace {

/// Events come in bursts: this long after the first, all are taken at once.
constexpr int kGatherMs = 5;
constexpr int kSettleStepsPerQuiet = 4;

/// Wakes the thread that polls its descriptor. Thread-safe.
class WakeUp {
 public:
  WakeUp() : descriptor_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {}
  ~WakeUp() {
    if (valid()) close(descriptor_);
  }
  WakeUp(const WakeUp&) = delete;
  WakeUp& operator=(const WakeUp&) = delete;

  bool valid() const { return descriptor_ >= 0; }
  int descriptor() const { return descriptor_; }
  void wake() const { eventfd_write(descriptor_, 1); }
  void clear() const {
    eventfd_t ignored = 0;
    eventfd_read(descriptor_, &ignored);
  }

 private:
  const int descriptor_;
};

class RepositoryImpl final : public Repository {
 public:
  RepositoryImpl(const RepositoryOptions& options, serving::ModelLoader& loader,
                 serving::ServingMetrics& metrics, Publish publish,
                 std::unique_ptr<FolderWatch> watch)
      : options_(options),
        watch_(std::move(watch)),
        settling_({options.quiet, options.watch != WatchMode::kPoll}),
        scanner_(options.request, settling_, watch_.get(),
                 [this]() -> Mirror& { return mirror(); }),
        scan_errors_(metrics.registry().gauge(
            "slipway_repository_errors",
            "Folders, lists and names of the model repository that could not be used at the last "
            "look.",
            {})),
        loader_(loader,
                [this] {
                  file_changed_.store(true);
                  wake_.wake();
                }),
        manager_({options.load_threads, options.default_model, options.memory_budget,
                  options.load_on_demand, std::move(publish)},
                 loader_, metrics) {}
  RepositoryImpl(const RepositoryImpl&) = delete;
  RepositoryImpl& operator=(const RepositoryImpl&) = delete;
  ~RepositoryImpl() override {
    {
      const MutexLock lock(mutex_);
      stopping_ = true;
    }
    wake_.wake();
    if (thread_.joinable()) thread_.join();
    mirror_.reset();
    std::vector<Command> left;
    {
      const MutexLock lock(mutex_);
      left = std::exchange(commands_, {});
    }
    answer_stopping(left);
  }

  bool start() {
    if (!wake_.valid()) return false;
    thread_ = std::thread([this] {
      pthread_setname_np(pthread_self(), "repository");
      run();
    });
    return true;
  }

  std::vector<serving::ModelStatus> index() const override { return manager_.statuses(); }
  std::shared_ptr<const serving::ModelSet> models() const override { return manager_.models(); }
  bool loading() const override { return manager_.loading(); }
  void load(std::string name, std::function<void(Status)> done) override {
    send({Command::Kind::kLoad, std::move(name), std::move(done)});
  }
  void unload(std::string name, std::function<void(Status)> done) override {
    send({Command::Kind::kUnload, std::move(name), std::move(done)});
  }
  void add(std::string name, std::string address, std::function<void(Status)> done) override {
    send({Command::Kind::kLoad, std::move(name), std::move(done), std::move(address)});
  }
  void demand(std::string name, SteadyTime deadline, std::function<void(Status)> done) override {
    {
      const MutexLock lock(mutex_);
      demands_.push_back({std::move(name), deadline, std::move(done)});
    }
    wake_.wake();
  }
  void rescan() override { send({Command::Kind::kRescan, "", nullptr}); }
  void when_started(std::function<void(Status)> started) override {
    send({Command::Kind::kWhenStarted, "", std::move(started)});
  }

 private:
  struct Command {
    enum class Kind : uint8_t { kLoad, kUnload, kRescan, kWhenStarted };
    Kind kind;
    std::string name;
    std::function<void(Status)> done;
    std::string address = {};  // kLoad: of a model that is not the repository's
    bool refreshed = false;    // what lies at addresses has been looked at for it
  };

  struct Demand {
    std::string name;
    SteadyTime deadline;
    std::function<void(Status)> done;
  };

  void send(Command command) EXCLUDES(mutex_) {
    {
      const MutexLock lock(mutex_);
      commands_.push_back(std::move(command));
    }
    wake_.wake();
  }

  void run() {
    std::vector<Command> commands;
    std::vector<Demand> demands;
    while (true) {
      refresh_for(commands);
      std::erase_if(commands, [this](Command& command) { return is_refused(command); });
      for (Command& command : commands) hold(command);
      look();
      for (Command& command : commands) carry_out(command);
      do {
        for (Demand& demand : std::exchange(demands, {})) {
          manager_.demand(demand.name, demand.deadline, std::move(demand.done));
        }
      } while (only_demands(commands, demands));
      const MutexLock lock(mutex_);
      if (stopping_) break;
    }
    answer_stopping(commands);
    for (Demand& demand : demands) demand.done(unavailable("the server is stopping"));
  }

  /// Waits, and takes what has come. True if that is nothing but requests that need a model: the
  /// files need not be looked at for them.
  bool only_demands(std::vector<Command>& commands, std::vector<Demand>& demands) {
    const bool files = wait() || file_changed_.exchange(false);
    const MutexLock lock(mutex_);
    commands = std::exchange(commands_, {});
    demands = std::exchange(demands_, {});
    return !stopping_ && !files && commands.empty() && !demands.empty();
  }

  static void answer_stopping(std::vector<Command>& commands) {
    for (Command& command : commands) {
      if (command.done) command.done(unavailable("the server is stopping"));
    }
  }

  /// On the repository's thread.
  Mirror& mirror() {
    if (mirror_ == nullptr) {
      mirror_ = std::make_unique<Mirror>(options_.mirror, [this] {
        file_changed_.store(true);
        wake_.wake();
      });
    }
    return *mirror_;
  }

  /// Commands that want what is there now wait until the addresses have been looked at.
  void refresh_for(std::vector<Command>& commands) {
    if (mirror_ == nullptr) return;
    std::erase_if(commands, [this](Command& command) {
      const bool wants =
          command.kind == Command::Kind::kLoad || command.kind == Command::Kind::kRescan;
      if (!wants || command.refreshed) return false;
      command.refreshed = true;
      mirror_->refresh([this, kept = std::move(command)] { send(kept); });
      return true;
    });
  }

  /// Takes what an admin call names into the scan, or answers why not.
  bool is_refused(Command& command) {
    if (command.address.empty()) return false;
    Status status = check_added(command);
    if (!status.ok()) {
      command.done(std::move(status));
      return true;
    }
    scanner_.add(command.name, command.address);
    return false;
  }

  Status check_added(const Command& command) const {
    const Url url = TRY(parse_url(command.address));
    if (!allowed_by(url, options_.mirror.allowed)) {
      return permission_denied(
          fmt::format("{}: models may come from the addresses that --allow-url names; this is "
                      "none of them",
                      command.address));
    }
    if (known_.contains(command.name) && !scanner_.was_added(command.name)) {
      return failed_precondition(fmt::format(
          "the repository holds a model \"{}\" already; choose another name", command.name));
    }
    return {};
  }

  /// What has to be known before the scan.
  void hold(const Command& command) {
    if (command.kind == Command::Kind::kLoad) held_.erase(command.name);
    if (command.kind == Command::Kind::kUnload && known_.contains(command.name)) {
      held_.insert(command.name);
    }
  }

  void carry_out(Command& command) {
    switch (command.kind) {
      case Command::Kind::kLoad: manager_.retry(command.name); break;
      case Command::Kind::kUnload: break;
      case Command::Kind::kRescan:
        log_info("looking at all models again");
        manager_.retry("");
        return;
      case Command::Kind::kWhenStarted:
        started_ = std::move(command.done);
        tell_started();
        return;
    }
    manager_.when_done(command.name, std::move(command.done));
  }

  /// Scans, and applies what was found.
  void look() {
    std::vector<std::string> moved_in = std::exchange(moved_in_, {});
    looked_at_ = clock_.now();
    settling_.begin(looked_at_, clock_.wall_now(), std::move(moved_in));
    Scan scan = scanner_.scan();
    tell_errors(scan);
    if (scan.postponed) return;
    broken_ = std::move(scan.broken);
    if (broken_.ok()) {
      known_.clear();
      for (serving::ModelSource& model : scan.models) {
        known_.insert(model.name);
        model.held = held_.contains(model.name);
      }
      if (options_.configure) options_.configure(scan.models);
      manager_.apply(std::move(scan.models), {told_errors_.begin(), told_errors_.end()});
    }
    looked_ = true;
    tell_started();
  }

  void tell_started() {
    if (!looked_ || !started_) return;
    std::function<void(Status)> started = std::exchange(started_, nullptr);
    if (!broken_.ok()) return started(broken_);
    manager_.when_done("", std::move(started));
  }

  /// Each error once.
  void tell_errors(const Scan& scan) {
    std::set<std::string> errors;
    for (const Status& error : scan.errors) {
      errors.insert(error.message());
      if (!told_errors_.contains(error.message())) log_error("{}", error.message());
    }
    told_errors_ = std::move(errors);
    scan_errors_.set(static_cast<double>(told_errors_.size()));
  }

  int timeout_ms() const {
    const auto count = [](std::chrono::milliseconds time) {
      return static_cast<int>(std::max<int64_t>(1, time.count()));
    };
    const bool polls =
        options_.watch == WatchMode::kPoll || (watch_ != nullptr && !watch_->complete());
    int timeout = polls ? count(options_.poll_interval) : -1;
    if (settling_.waiting()) {
      const int step = count(options_.quiet / kSettleStepsPerQuiet);
      timeout = timeout < 0 ? step : std::min(timeout, step);
    }
    return timeout;
  }

  /// Of timeout_ms(), since the last look.
  int left_ms() const {
    const int timeout = timeout_ms();
    if (timeout < 0) return timeout;
    const auto passed =
        std::chrono::duration_cast<std::chrono::milliseconds>(clock_.now() - looked_at_);
    return static_cast<int>(std::clamp<int64_t>(timeout - passed.count(), 0, timeout));
  }

  /// Until there is something to do; true if the files may have changed.
  bool wait() {
    pollfd descriptors[2] = {{wake_.descriptor(), POLLIN, 0}, {-1, POLLIN, 0}};
    if (watch_ != nullptr) descriptors[1].fd = watch_->descriptor();
    const int ready = poll(descriptors, 2, left_ms());
    wake_.clear();
    if ((descriptors[1].revents & POLLIN) == 0) return ready == 0;
    poll(nullptr, 0, kGatherMs);
    moved_in_ = watch_->read().moved_in;
    return true;
  }

  const RepositoryOptions options_;
  const SystemClock clock_;
  const WakeUp wake_;
  const std::unique_ptr<FolderWatch> watch_;  // null unless inotify is used

  // The thread's own.
  Settling settling_;
  Scanner scanner_;
  metrics::Gauge& scan_errors_;
  SteadyTime looked_at_;
  std::set<std::string> held_;   // unloaded by admin calls
  std::set<std::string> known_;  // of the last scan
  std::set<std::string> told_errors_;
  std::vector<std::string> moved_in_;
  Status broken_;
  bool looked_ = false;
  std::function<void(Status)> started_;

  std::atomic<bool> file_changed_{false};  // while it was being loaded
  StableLoader loader_;
  serving::VersionManager manager_;

  Mutex mutex_;
  std::vector<Command> commands_ GUARDED_BY(mutex_);
  std::vector<Demand> demands_ GUARDED_BY(mutex_);
  bool stopping_ GUARDED_BY(mutex_) = false;
  std::unique_ptr<Mirror> mirror_;  // null until an address is met
  std::thread thread_;
};

}  // namespace

Result<std::unique_ptr<Repository>> Repository::create(const RepositoryOptions& options,
                                                       serving::ModelLoader& loader,
                                                       serving::ServingMetrics& metrics,
                                                       Publish publish) {
  std::unique_ptr<FolderWatch> watch;
  if (options.watch == WatchMode::kInotify) watch = TRY(FolderWatch::create());
  auto repository = std::make_unique<RepositoryImpl>(options, loader, metrics, std::move(publish),
                                                     std::move(watch));
  if (!repository->start()) {
    return unavailable(fmt::format("cannot watch the model repository: {}", std::strerror(errno)));
  }
  return std::unique_ptr<Repository>(std::move(repository));
}

}  // namespace slipway::lifecycle
