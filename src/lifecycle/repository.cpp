#include "lifecycle/repository.h"

#include <fmt/format.h>
#include <poll.h>
#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <map>
#include <optional>
#include <set>
#include <thread>
#include <utility>

#include "base/log.h"
#include "base/thread_annotations.h"
#include "lifecycle/archive_version.h"
#include "lifecycle/folder_watch.h"
#include "lifecycle/internal/command.h"
#include "lifecycle/internal/enrollment.h"
#include "lifecycle/internal/list_wait.h"
#include "lifecycle/internal/put_models.h"
#include "lifecycle/internal/wake_up.h"
#include "lifecycle/model_config.h"
#include "lifecycle/stable_loader.h"
#include "lifecycle/url.h"

namespace slipway::lifecycle {
namespace {

/// Events come in bursts: this long after the first, all are taken at once.
constexpr int kGatherMs = 5;
constexpr int kSettleStepsPerQuiet = 4;

/// What an admin call has set goes before what the repository says.
void override_settings(serving::ModelSource& model, const serving::ModelOverrides& overrides) {
  const serving::AdmissionOverrides& from = overrides.admission;
  serving::AdmissionOverrides& to = model.admission;
  const auto take = [](auto& own, const auto& other) {
    if (other) own = other;
  };
  if (overrides.policy) model.policy = *overrides.policy;
  take(to.rows_max, from.rows_max);
  take(to.delay_max, from.delay_max);
  take(to.preferred_rows, from.preferred_rows);
  take(to.requests_max, from.requests_max);
  take(to.timeout, from.timeout);
  take(to.priority, from.priority);
}

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
        puts_(scanner_),
        enrollment_(options_.stores, scanner_, settling_, known_),
        asked_for_(options_.first_models.value_or(std::set<std::string>())),
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
    ending_.store(true);
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
  void load_with(std::string name, serving::ModelOverrides overrides,
                 std::function<void(Status)> done) override {
    Command command{Command::Kind::kLoad, std::move(name), std::move(done)};
    command.overrides = std::move(overrides);
    send(std::move(command));
  }
  void unload(std::string name, std::function<void(Status)> done) override {
    send({Command::Kind::kUnload, std::move(name), std::move(done)});
  }
  void add(std::string name, std::string address, std::function<void(Status)> done) override {
    send({Command::Kind::kLoad, std::move(name), std::move(done), std::move(address)});
  }
  void put(std::string name, std::string content, std::function<void(Status)> done) override {
    Command command{Command::Kind::kPut, std::move(name), std::move(done)};
    command.files.push_back({"", std::move(content)});
    send(std::move(command));
  }
  void load_files(std::string name, std::vector<serving::ModelFile> files,
                  serving::ModelOverrides overrides, std::function<void(Status)> done) override {
    Command command{Command::Kind::kPut, std::move(name), std::move(done)};
    command.files = std::move(files);
    command.overrides = std::move(overrides);
    command.replaces = true;
    send(std::move(command));
  }
  void replace_list(std::string list, std::function<void(Status)> done) override {
    send({Command::Kind::kReplace, "", std::move(done), std::move(list)});
  }
  void demand(std::string name, SteadyTime deadline, std::function<void(Status)> done) override {
    {
      const MutexLock lock(mutex_);
      demands_.push_back({std::move(name), deadline, std::move(done)});
    }
    wake_.wake();
  }
  void enroll(serving::Registration registration,
              std::function<void(Result<serving::Registered>)> done) override {
    Command command{Command::Kind::kEnroll, std::move(registration.name), nullptr};
    command.address = std::move(registration.address);
    command.waits = registration.waits;
    command.enrolled = std::move(done);
    send(std::move(command));
  }
  void retire(std::string name, std::string version, std::function<void(Status)> done) override {
    send({Command::Kind::kRetire, std::move(name), std::move(done), std::move(version)});
  }
  void set_default(std::string name, std::string version,
                   std::function<void(Status)> done) override {
    send({Command::Kind::kSetDefault, std::move(name), std::move(done), std::move(version)});
  }
  void rescan() override { send({Command::Kind::kRescan, "", nullptr}); }
  void when_started(std::function<void(Status)> started) override {
    send({Command::Kind::kWhenStarted, "", std::move(started)});
  }

 private:
  struct Demand {
    std::string name;
    SteadyTime deadline;
    std::function<void(Status)> done;
  };

  void send(Command command) EXCLUDES(mutex_) {
    if (!options_.calls_change && command.changes_models()) {
      return command.answer(
          unavailable("explicit model load / unload is not allowed: the server was started with "
                      "--model-control-mode none or poll"));
    }
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
    for (Command& command : commands) command.answer(unavailable("the server is stopping"));
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
      const bool wants = command.kind == Command::Kind::kLoad ||
                         command.kind == Command::Kind::kRescan ||
                         command.kind == Command::Kind::kEnroll;
      if (!wants || command.refreshed) return false;
      command.refreshed = true;
      mirror_->refresh([this, kept = std::move(command)] { send(kept); });
      return true;
    });
  }

  /// Takes what an admin call names into the scan, or answers why not.
  bool is_refused(Command& command) {
    Status status = prepare(command);
    if (!status.ok()) {
      command.answer(std::move(status));
      return true;
    }
    if (command.kind != Command::Kind::kSettlePut) return false;
    settle_put(command);
    return true;
  }

  Status take_added(const Command& command) {
    if (!looks_like_url(command.address)) return take_local(command);
    TRY_STATUS(check_added(command));
    scanner_.add(command.name, command.address);
    return {};
  }

  /// A file or folder on this machine.
  Status take_local(const Command& command) {
    if (!command.address.starts_with('/')) {
      return invalid_argument(
          fmt::format("expected an absolute path or an address, got {}", command.address));
    }
    TRY_STATUS(check_place(command.name, command.address));
    if (known_.contains(command.name) && !puts_.owns(command.name)) return {};
    puts_.serve(command.name, command.address);
    return {};
  }

  /// Whether a model may come from this path.
  Status check_place(const std::string& name, const std::string& path) const {
    if (scanner_.may_come_from(path, options_.allowed_folders)) return {};
    return permission_denied(
        fmt::format("model {}: {} lies neither below what is served nor below a folder of "
                    "--allow-folder",
                    name, path));
  }

  Status take_put(Command& command) {
    if (!command.replaces && known_.contains(command.name) && !puts_.owns(command.name)) {
      return failed_precondition(fmt::format(
          "the repository holds a model \"{}\" already; choose another name", command.name));
    }
    PutModels::Before before;
    before.held = held_.contains(command.name);
    const auto overrides = overrides_.find(command.name);
    if (overrides != overrides_.end()) before.overrides = overrides->second;
    std::string path = TRY(puts_.begin(command, std::move(before)));
    command.done = [this, name = command.name, path = std::move(path),
                    done = std::move(command.done)](Status status) {
      Command settle{Command::Kind::kSettlePut, name, nullptr, path};
      settle.refused = !status.ok();
      send(std::move(settle));
      done(std::move(status));
    };
    return {};
  }

  /// What could not be loaded gives way to what was there before it.
  void settle_put(const Command& command) {
    auto before = puts_.settle(command.name, command.address, command.refused);
    if (!before) return;
    set_overrides(command.name, std::move(before->overrides));
    if (before->held) held_.insert(command.name);
  }

  void set_overrides(const std::string& name, std::optional<serving::ModelOverrides> overrides) {
    if (!overrides || overrides->empty()) {
      overrides_.erase(name);
    } else {
      overrides_[name] = *std::move(overrides);
    }
  }

  /// Tells once each model of the list has been tried.
  void await_list(std::function<void(Status)> done) {
    if (list_names_.empty()) return done(Status());
    const auto wait = std::make_shared<ListWait>(list_names_.size(), std::move(done));
    for (const std::string& name : list_names_) {
      manager_.when_done(name, [wait, name](const Status& status) { wait->take(name, status); });
    }
  }

  Status take_list(const std::string& text) {
    std::vector<ListedModel> models = TRY(parse_model_config("model_config_list", text));
    for (const ListedModel& model : models) {
      if (looks_like_url(model.path)) {
        const Url url = TRY(parse_url(model.path));
        if (allowed_by(url, options_.mirror.allowed)) continue;
        return permission_denied(
            fmt::format("{}: models may come from the addresses that --allow-url names; this is "
                        "none of them",
                        model.path));
      }
      if (!model.path.starts_with('/')) {
        return invalid_argument(
            fmt::format("Expected model {} to have an absolute path or URI; got base_path()={}",
                        model.name, model.path));
      }
      TRY_STATUS(check_place(model.name, model.path));
    }
    list_names_.clear();
    for (const ListedModel& model : models) list_names_.push_back(model.name);
    scanner_.replace_list(std::move(models));
    held_.clear();
    asked_for_.insert(list_names_.begin(), list_names_.end());
    return {};
  }

  Status prepare(Command& command) {
    switch (command.kind) {
      case Command::Kind::kLoad: return command.address.empty() ? Status() : take_added(command);
      case Command::Kind::kPut: return take_put(command);
      case Command::Kind::kReplace: return take_list(command.address);
      case Command::Kind::kEnroll: return prepare_enroll(command);
      case Command::Kind::kRetire: return enrollment_.prepare_retire(command);
      case Command::Kind::kSetDefault: return enrollment_.prepare_default(command);
      case Command::Kind::kDrop:
        if (looks_like_url(command.address)) scanner_.forget_added(command.name);
        if (!looks_like_url(command.address)) scanner_.ignore(command.address);
        return {};
      default: return {};
    }
  }

  /// What lies at an address is a model by itself; of a file, what it calls itself counts.
  Status prepare_enroll(Command& command) {
    if (looks_like_url(command.address) && !command.address.starts_with("file://")) {
      if (command.name.empty()) {
        const Url url = TRY(parse_url(command.address));
        command.name = name_by_content(url.name());
      }
      TRY_STATUS(check_added(command));
      if (scanner_.was_added(command.name)) {
        return already_exists(fmt::format("Model \"{}\" is already registered", command.name));
      }
      scanner_.add(command.name, command.address);
      return {};
    }
    return enrollment_.prepare_enroll(command, held_);
  }

  /// After the scan: waits for the load, and forgets what could not be loaded.
  void finish_enroll(Command& command) {
    manager_.retry(command.name);
    serving::Registered made{command.name, command.version};
    if (!command.waits) std::exchange(command.enrolled, nullptr)(made);
    const std::string number = command.version.empty()
                                   ? std::string()
                                   : std::to_string(archive_version_number(command.version));
    manager_.when_done(command.name, [this, made, number, address = command.address,
                                      enrolled = std::move(command.enrolled)](Status outcome) {
      if (ending_.load()) {  // the manager may be gone
        if (enrolled) enrolled(unavailable("the server is stopping"));
        return;
      }
      Status status = load_outcome(made.name, number, std::move(outcome));
      if (!status.ok()) {
        log_error("model {} version {} is not registered: {}", made.name, made.version,
                  status.message());
        // Told once it is gone again.
        send({Command::Kind::kDrop, made.name,
              [enrolled, status = std::move(status)](const Status&) {
                if (enrolled) enrolled(status);
              },
              address});
        return;
      }
      if (!enrolled) return;
      serving::Registered done = made;
      if (done.version.empty()) done.version = version_text(made.name);
      enrolled(std::move(done));
    });
  }

  /// Of one version; `outcome` is the model's.
  Status load_outcome(const std::string& name, const std::string& number, Status outcome) const {
    if (number.empty()) return outcome;
    for (const serving::ModelStatus& status : manager_.statuses()) {
      if (status.name != name || status.version != number) continue;
      if (status.served()) return {};
      if (!status.status.ok()) return status.status;
    }
    if (!outcome.ok()) return outcome;
    return failed_precondition(fmt::format("model \"{}\" was not loaded", name));
  }

  /// The default version as its archive writes it.
  std::string version_text(const std::string& name) const {
    const std::shared_ptr<const serving::ModelSet> models = manager_.models();
    const auto model = models->find(name);
    if (!model.ok()) return "1";
    for (const serving::VersionLabel& label : models->labels(name)) {
      if (label.version == (*model)->version) return label.label;
    }
    return (*model)->version;
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
  void hold(Command& command) {
    const bool loads = command.kind == Command::Kind::kLoad || command.kind == Command::Kind::kPut;
    if (loads) held_.erase(command.name);
    if (loads || command.kind == Command::Kind::kEnroll) asked_for_.insert(command.name);
    if (command.kind == Command::Kind::kLoad || command.replaces) {
      set_overrides(command.name, command.overrides);
    }
    if (command.kind == Command::Kind::kLoad) puts_.leave(command.name);
    if (command.kind == Command::Kind::kUnload && known_.contains(command.name)) {
      held_.insert(command.name);
      if (!scanner_.put_model(command.name).path.empty()) {
        puts_.remove(command.name);
        command.done = [done = std::move(command.done)](Status status) {
          done(status.code() == StatusCode::kNotFound ? Status() : std::move(status));
        };
      }
    }
  }

  void carry_out(Command& command) {
    switch (command.kind) {
      case Command::Kind::kLoad:
        if (puts_.stays(command.name)) {
          return command.answer(not_found(
              fmt::format("there is no model \"{}\" in the repository; the uploaded one goes on",
                          command.name)));
        }
        [[fallthrough]];
      case Command::Kind::kPut: manager_.retry(command.name); break;
      case Command::Kind::kUnload:
      case Command::Kind::kSettlePut: break;
      case Command::Kind::kReplace:
        manager_.retry("");
        await_list(std::move(command.done));
        return;
      case Command::Kind::kRescan:
        log_info("looking at all models again");
        manager_.retry("");
        return;
      case Command::Kind::kWhenStarted:
        started_ = std::move(command.done);
        tell_started();
        return;
      case Command::Kind::kEnroll: return finish_enroll(command);
      case Command::Kind::kSetDefault:
        return manager_.when_done(command.name,
                                  [this, name = command.name, version = command.address,
                                   done = std::move(command.done)](Status status) {
                                    if (ending_.load()) return done(std::move(status));
                                    done(load_outcome(name, version, std::move(status)));
                                  });
      case Command::Kind::kDrop:
      case Command::Kind::kRetire:
        return manager_.when_done(
            command.name, [done = std::move(command.done)](const Status&) { done(Status()); });
    }
    manager_.when_done(command.name, std::move(command.done));
  }

  /// Scans, and applies what was found.
  void look() {
    std::vector<std::string> moved_in = std::exchange(moved_in_, {});
    looked_at_ = clock_.now();
    settling_.begin(looked_at_, clock_.wall_now(), std::move(moved_in));
    Scan scan = scanner_.scan();
    puts_.clean_up();
    tell_errors(scan);
    if (scan.postponed) return;
    broken_ = std::move(scan.broken);
    if (broken_.ok()) {
      known_.clear();
      for (serving::ModelSource& model : scan.models) {
        hold_back(model);
        enrollment_.choose_default(model, scan.archives.contains(model.name));
        if (const auto own = overrides_.find(model.name); own != overrides_.end()) {
          override_settings(model, own->second);
        }
        known_[model.name] = model;
      }
      if (options_.configure) options_.configure(scan.models);
      manager_.apply(std::move(scan.models), {told_errors_.begin(), told_errors_.end()});
    }
    if (!looked_) not_there_ = check_first_models();
    looked_ = true;
    tell_started();
  }

  /// What admin calls have taken away, or, under explicit control, none has asked for.
  void hold_back(serving::ModelSource& model) const {
    const bool waits = options_.first_models && !asked_for_.contains(model.name);
    model.held = waits || held_.contains(model.name);
    if (waits) model.required = false;
  }

  /// Under explicit control, of the first look.
  Status check_first_models() const {
    for (const std::string& name : options_.first_models.value_or(std::set<std::string>())) {
      if (known_.contains(name)) continue;
      return not_found(fmt::format("--load-model: the repository holds no model \"{}\"", name));
    }
    return {};
  }

  void tell_started() {
    if (!looked_ || !started_) return;
    std::function<void(Status)> started = std::exchange(started_, nullptr);
    if (!broken_.ok() || !not_there_.ok()) return started(broken_.ok() ? not_there_ : broken_);
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
  std::set<std::string> held_;  // unloaded by admin calls
  PutModels puts_;
  KnownModels known_;  // of the last scan
  Enrollment enrollment_;
  std::map<std::string, serving::ModelOverrides> overrides_;  // by admin calls
  std::set<std::string> asked_for_;                           // by --load-model and admin calls
  std::set<std::string> told_errors_;
  std::vector<std::string> list_names_;  // of an admin's list
  std::vector<std::string> moved_in_;
  Status broken_;
  Status not_there_;  // of check_first_models()
  bool looked_ = false;
  std::function<void(Status)> started_;

  // Before the manager: what waits there may still send a command.
  Mutex mutex_;
  std::vector<Command> commands_ GUARDED_BY(mutex_);
  std::vector<Demand> demands_ GUARDED_BY(mutex_);
  bool stopping_ GUARDED_BY(mutex_) = false;
  std::atomic<bool> ending_{false};

  std::atomic<bool> file_changed_{false};  // while it was being loaded
  StableLoader loader_;
  serving::VersionManager manager_;

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
