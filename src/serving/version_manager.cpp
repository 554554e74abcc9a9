#include "serving/version_manager.h"

#include <fmt/format.h>
#include <malloc.h>
#include <pthread.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <deque>
#include <exception>
#include <thread>
#include <utility>

#include "base/log.h"
#include "base/thread_annotations.h"
#include "serving/memory_budget.h"
#include "serving/version_table.h"

namespace slipway::serving {
namespace {

using Clock = std::chrono::steady_clock;

/// While many models load at start, new snapshots come this far apart.
constexpr std::chrono::milliseconds kPublishPeriod{20};
/// How often it is looked whether the last request of a replaced model is done.
constexpr std::chrono::milliseconds kDrainPeriod{5};
/// Freed memory is given back to the system when so much has gathered, and not more often than
/// that: it takes the allocator's locks.
constexpr uint64_t kTrimBytes = 1 << 20;
constexpr std::chrono::seconds kTrimPeriod{1};
/// Requests that wait for models to be loaded.
constexpr size_t kWaitersMax = 100'000;

/// Once requests are served, the calling thread gives way to those that answer them.
constexpr int kNiceBesideRequests = 10;
void give_way() { setpriority(PRIO_PROCESS, 0, kNiceBesideRequests); }  // of this thread only

void give_memory_back() {
#if defined(__GLIBC__)
  malloc_trim(0);
#endif
}

}  // namespace

class VersionManager::Impl {
 public:
  Impl(Options options, ModelLoader& loader, ServingMetrics& metrics)
      : options_(std::move(options)),
        loader_(loader),
        metrics_(metrics),
        table_(metrics, options_.load_on_demand),
        budget_(table_, metrics.registry(), options_.memory_budget) {
    for (uint32_t i = 0; i < std::max(options_.load_threads, 1U); ++i) {
      load_threads_.emplace_back([this] {
        pthread_setname_np(pthread_self(), "load");
        load_loop();
      });
    }
    retire_thread_ = std::thread([this] {
      pthread_setname_np(pthread_self(), "retire");
      retire_loop();
    });
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  ~Impl() {
    std::vector<Waiter> left;
    {
      const MutexLock lock(mutex_);
      stopping_ = true;
      left = std::move(waiters_);
      waiters_.clear();
    }
    work_.notify_all();
    retired_.notify_all();
    for (std::thread& thread : load_threads_) thread.join();
    retire_thread_.join();
    for (Waiter& waiter : left) waiter.done(unavailable("the server is stopping"));
  }

  void apply(std::vector<ModelSource> sources, std::vector<std::string> errors) EXCLUDES(mutex_) {
    std::vector<Answer> answers;
    {
      const MutexLock lock(mutex_);
      table_.set_sources(std::move(sources));
      changed_ = table_.set_errors(std::move(errors)) || changed_;
      applied_ = true;
      plan_all();
      answers = settle();
    }
    send(answers);
  }

  void retry(std::string_view name) EXCLUDES(mutex_) {
    std::vector<Answer> answers;
    {
      const MutexLock lock(mutex_);
      for (auto& [model_name, model] : table_.models()) {
        if (!name.empty() && model_name != name) continue;
        if (!name.empty()) ask(model);
        for (auto& [number, version] : model.versions) version.failed_stamp.reset();
      }
      plan_all();
      answers = settle();
    }
    send(answers);
  }

  void when_done(const std::string& name, std::function<void(Status)> done) EXCLUDES(mutex_) {
    std::vector<Answer> answers;
    {
      const MutexLock lock(mutex_);
      waiters_.push_back({name, SteadyTime::max(), std::move(done)});
      answers = settle();
    }
    send(answers);
  }

  void demand(const std::string& name, SteadyTime deadline, std::function<void(Status)> done)
      EXCLUDES(mutex_) {
    std::vector<Answer> answers;
    {
      const MutexLock lock(mutex_);
      if (waiters_.size() >= kWaitersMax || stopping_) {
        answers.push_back(
            {std::move(done), stopping_ ? unavailable("the server is stopping")
                                        : resource_exhausted("too many requests wait for models "
                                                             "that are being loaded")});
      } else {
        const auto model = table_.models().find(name);
        if (model != table_.models().end() && table_.waits_for_request(model->second) &&
            model->second.rest != Rest::kNone) {
          log_info("model {} is loaded because a request asks for it", name);
          budget_.count_load_on_demand();
          ask(model->second);
          plan(name);
        }
        waiters_.push_back({name, deadline, std::move(done)});
        earliest_deadline_ = std::min(earliest_deadline_, deadline);
        answers = settle();
      }
    }
    retired_.notify_one();  // which looks after the deadlines
    send(answers);
  }

  bool loading() const EXCLUDES(mutex_) {
    const MutexLock lock(mutex_);
    return loads_running_ > 0;
  }
  std::vector<ModelStatus> statuses() const EXCLUDES(mutex_) {
    const MutexLock lock(mutex_);
    return table_.statuses();
  }
  std::shared_ptr<const ModelSet> models() const EXCLUDES(mutex_) {
    const MutexLock lock(mutex_);
    return published_;
  }

 private:
  struct Job {
    std::string name;
    uint64_t version = 0;
  };
  struct Waiter {
    std::string name;
    SteadyTime deadline;
    std::function<void(Status)> done;
  };
  struct Answer {
    std::function<void(Status)> done;
    Status status;
  };
  /// Out of use for new requests; destroyed when the reference here is the last.
  struct Retired {
    std::shared_ptr<const ServedModel> model;
    std::string name;
    uint64_t version = 0;
    uint64_t bytes = 0;  // in the memory budget's books
  };
  using LoadResult = Result<std::shared_ptr<const ServedModel>>;

  static void send(std::vector<Answer>& answers) {
    for (Answer& answer : answers) answer.done(std::move(answer.status));
  }

  void plan_all() REQUIRES(mutex_) {
    std::vector<std::string> names;
    for (const auto& [name, model] : table_.models()) names.push_back(name);
    for (const std::string& name : names) plan(name);
  }

  /// Queues what is to be loaded and takes down what is to go.
  void plan(const std::string& name) REQUIRES(mutex_) {
    const auto model = table_.models().find(name);
    if (model == table_.models().end()) return;
    const VersionPlan plan = table_.plan(model->second);
    for (const uint64_t number : plan.load) {
      VersionEntry& version = model->second.versions.at(number);
      if (version.busy()) continue;
      version.queued = true;
      jobs_.push_back({name, number});
      work_.notify_one();
    }
    for (const uint64_t number : plan.unload) {
      retire(name, model->second.versions.at(number));
    }
    changed_ = table_.refresh(name) || changed_;
  }

  /// Somebody needs the model: it is to be live, and others make room for it.
  static void ask(ModelEntry& model) {
    model.asked = true;
    model.rest = Rest::kNone;
  }

  /// Takes down what is live of the version.
  void retire(const std::string& name, VersionEntry& version) REQUIRES(mutex_) {
    const uint64_t bytes = budget_.retire(version);
    ++version.draining;
    retired_models_.push_back(
        {std::exchange(version.live, nullptr), name, version.source.version, bytes});
    live_changed_ = true;
    retired_.notify_one();
  }

  void evict(const std::vector<std::string>& names) REQUIRES(mutex_) {
    for (const std::string& name : names) {
      ModelEntry& model = table_.models().find(name)->second;
      model.rest = Rest::kEvicted;
      model.asked = false;
      for (auto& [number, version] : model.versions) {
        if (version.live != nullptr) retire(name, version);
      }
      budget_.count_eviction();
      changed_ = table_.refresh(name) || changed_;
    }
  }

  /// Models that found no room are tried again once there is some.
  void use_freed_room() REQUIRES(mutex_) {
    if (!budget_.limited()) return;
    for (const std::string& name : budget_.fitting_now()) {
      table_.models().find(name)->second.rest = Rest::kNone;
      plan(name);
    }
  }

  /// Takes the next job that there is room for off the queue, and makes room for those that have
  /// none. False if there is none to be done now; `look_again` then says when to look at the
  /// latest.
  bool take_job(Job& taken, SteadyTime& look_again) REQUIRES(mutex_) {
    uint64_t ahead = 0;  // what the jobs before this one wait for
    look_again = SteadyTime::max();
    for (auto job = jobs_.begin(); job != jobs_.end();) {
      VersionEntry* version = table_.find(job->name, job->version);
      if (version == nullptr) {
        job = jobs_.erase(job);
        continue;
      }
      const RoomPlan plan = budget_.before_load(job->name, *version, ahead, Clock::now());
      evict(plan.evict);
      if (plan.room == Room::kLater) {
        ahead += MemoryBudget::need(*version);
        look_again = std::min(look_again, plan.not_before);
        ++job;
        continue;
      }
      taken = std::move(*job);
      job = jobs_.erase(job);
      version->queued = false;
      if (plan.room == Room::kNow) return true;
      refuse(taken, *version, MemoryBudget::need_least(*version));
      changed_ = table_.refresh(taken.name) || changed_;
    }
    return false;
  }

  /// There is no room for the version: an error if somebody asked for it, else it waits.
  void refuse(const Job& job, VersionEntry& version, uint64_t bytes) REQUIRES(mutex_) {
    ModelEntry& model = table_.models().find(job.name)->second;
    if (!any_live(model) && !model.settings.required && !model.asked) {
      model.rest = Rest::kNoRoom;
      budget_.note_no_room(bytes);
      return;
    }
    Status status = budget_.no_room(job.name, bytes);
    const VersionSource source = version.source;
    finish_failed(job, source, version, std::move(status).with_context(source.path));
  }

  /// Publishes if something changed, and gives the callbacks whose time has come.
  std::vector<Answer> settle() REQUIRES(mutex_) {
    if (!started_ && applied_ && !table_.any_pending()) {
      started_ = true;
      live_changed_ = true;
    }
    const bool idle = jobs_.empty() && loads_running_ == 0;
    const bool due = idle || Clock::now() - published_at_ >= kPublishPeriod;
    const bool awaited = started_ || earliest_deadline_ != SteadyTime::max();
    if ((live_changed_ && awaited) || ((live_changed_ || changed_) && due)) publish();
    std::vector<Answer> answers;
    std::erase_if(waiters_, [&](Waiter& waiter) REQUIRES(mutex_) {
      if (!is_over(waiter)) return false;
      Status status = waiter.name.empty() ? Status() : table_.outcome(waiter.name);
      answers.push_back({std::move(waiter.done), std::move(status)});
      return true;
    });
    return answers;
  }

  bool is_over(const Waiter& waiter) REQUIRES(mutex_) {
    if (waiter.name.empty()) return started_;
    if (!applied_) return false;
    if (waiter.deadline != SteadyTime::max()) {  // a request: any version will do
      const auto model = table_.models().find(waiter.name);
      if (model != table_.models().end() && any_live(model->second)) return true;
    }
    return !table_.pending(waiter.name);
  }

  /// Requests that have waited for too long.
  std::vector<Answer> expire() REQUIRES(mutex_) {
    std::vector<Answer> answers;
    const SteadyTime now = Clock::now();
    if (now < earliest_deadline_) return answers;
    earliest_deadline_ = SteadyTime::max();
    std::erase_if(waiters_, [&](Waiter& waiter) REQUIRES(mutex_) {
      if (waiter.deadline > now) {
        earliest_deadline_ = std::min(earliest_deadline_, waiter.deadline);
        return false;
      }
      answers.push_back(
          {std::move(waiter.done),
           Status(StatusCode::kDeadlineExceeded,
                  fmt::format("model \"{}\" is being loaded and was not ready in time",
                              waiter.name))});
      return true;
    });
    return answers;
  }

  void publish() REQUIRES(mutex_) {
    if (published_ != nullptr) retired_sets_.push_back(std::move(published_));
    published_ = table_.make_set(options_.default_model, !started_);
    published_at_ = Clock::now();
    budget_.show();
    changed_ = false;
    live_changed_ = false;
    if (options_.publish) options_.publish(published_);
    retired_.notify_one();
  }

  void load_loop() {
    bool gives_way = false;
    while (true) {
      Job job;
      VersionSource source;
      bool serving = false;
      std::vector<Answer> refused;
      bool took = false;
      {
        const MutexLock lock(mutex_);
        if (stopping_) return;
        SteadyTime look_again;
        took = take_job(job, look_again);
        if (took) {
          VersionEntry& version = *table_.find(job.name, job.version);
          version.loading = true;
          budget_.reserve(version);
          source = version.source;
          ++loads_running_;
          serving = started_;
          changed_ = table_.refresh(job.name) || changed_;
        }
        refused = settle();
        if (!took && refused.empty()) wait_for_job(look_again);
      }
      send(refused);
      if (!took) continue;
      if (serving && !std::exchange(gives_way, true)) give_way();
      LoadResult result = load(job, source);
      std::vector<Answer> answers;
      {
        const MutexLock lock(mutex_);
        --loads_running_;
        freed_bytes_ += source.stamp.size_bytes;  // what reading left behind
        finish(job, source, std::move(result));
        plan(job.name);
        use_freed_room();
        answers = settle();
      }
      retired_.notify_one();
      if (budget_limited_) work_.notify_all();  // what waits for the room that this load had
      send(answers);
    }
  }

  void wait_for_job(SteadyTime look_again) REQUIRES(mutex_) {
    if (look_again == SteadyTime::max()) {
      work_.wait(mutex_);
    } else {
      work_.wait_until(mutex_, look_again);
    }
  }

  LoadResult load(const Job& job, const VersionSource& source) {
    try {
      LoadedModel loaded = TRY(loader_.load(source));
      return make_served_model(job.name, std::to_string(job.version), source.path,
                               std::move(loaded), metrics_);
    } catch (const std::bad_alloc&) {
      return resource_exhausted(fmt::format("not enough memory to load {}", source.path));
    } catch (const std::exception& error) {
      return internal_error(fmt::format("{}: {}", source.path, error.what()));
    }
  }

  void finish(const Job& job, const VersionSource& source, LoadResult result) REQUIRES(mutex_) {
    VersionEntry* version = table_.find(job.name, job.version);
    CHECK(version != nullptr);  // busy ones are never erased
    version->loading = false;
    budget_.release(*version);
    if (result.status().code() == StatusCode::kAborted) {
      // The file changed under the reading: the next look at it says what it is now.
      if (version->source.stamp == source.stamp) version->source.complete = false;
      log_debug("{}", result.status().message());
      changed_ = true;
      return;
    }
    if (!result.ok()) return finish_failed(job, source, *version, std::move(result).status());
    std::shared_ptr<const ServedModel> model = std::move(result).value();
    version->metrics = model->metrics;
    if (!finish_budget(job, *version, model, source.stamp)) return;
    model->metrics->loads.add(metrics::kSharedShard);
    for (const std::string& warning : model->loaded.warnings) {
      log_warning("model {}: {}", job.name, warning);
    }
    log_info("model {} version {} loaded from {} in {:.1f} ms", job.name, job.version, source.path,
             model->loaded.load_seconds * 1e3);
    if (version->live != nullptr) retire(job.name, *version);
    version->live = std::move(model);
    version->live_since = Clock::now();
    version->live_stamp = source.stamp;
    version->failed_stamp.reset();
    budget_.add(*version);
    live_changed_ = true;
  }

  /// Now that its size is known: false if the model has to go again.
  bool finish_budget(const Job& job, VersionEntry& version,
                     const std::shared_ptr<const ServedModel>& model, const FileStamp& stamp)
      REQUIRES(mutex_) {
    const uint64_t bytes = model->memory_bytes();
    const RoomPlan plan = budget_.after_load(job.name, bytes);
    evict(plan.evict);
    if (plan.room != Room::kNone) return true;
    version.measured_bytes = bytes;
    version.measured_stamp = stamp;
    // Destroyed off this lock; its metrics go when it has drained.
    ++version.draining;
    retired_models_.push_back({model, job.name, job.version, 0});
    refuse(job, version, bytes);
    return false;
  }

  void finish_failed(const Job& job, const VersionSource& source, VersionEntry& version,
                     Status status) REQUIRES(mutex_) {
    const ModelEntry& model = table_.models().find(job.name)->second;
    if (model.settings.optional && version.live == nullptr) {
      log_info("passed over {}: {}", source.path, status.message());
    } else {
      log_error("model {} version {} could not be loaded{}: {}", job.name, job.version,
                version.live != nullptr ? "; what was loaded before goes on serving" : "",
                status.message());
      version.metrics = &metrics_.model(job.name, std::to_string(job.version));
      version.metrics->failed_loads.add(metrics::kSharedShard);
    }
    version.failed_stamp = source.stamp;
    version.failure = std::move(status);
    changed_ = true;
  }

  void retire_loop() {
    while (true) {
      std::vector<std::shared_ptr<const ModelSet>> sets;
      std::vector<Retired> models;
      std::vector<Answer> late;
      bool trim = false;
      {
        const MutexLock lock(mutex_);
        if (stopping_) return;
        if (!take_unused(sets, models)) trim = wait_for_work();
        late = expire();
      }
      send(late);
      if (trim) give_memory_back();
      sets.clear();  // these drop references to models: looked at in the next round
      if (models.empty()) continue;
      for (Retired& retired : models) retired.model.reset();
      std::vector<Answer> answers;
      {
        const MutexLock lock(mutex_);
        for (const Retired& retired : models) end_drain(retired);
        use_freed_room();
        answers = settle();
      }
      if (budget_limited_) work_.notify_all();
      send(answers);
    }
  }

  /// Moves out what nobody else refers to. False if there is nothing.
  bool take_unused(std::vector<std::shared_ptr<const ModelSet>>& sets, std::vector<Retired>& models)
      REQUIRES(mutex_) {
    std::erase_if(retired_sets_, [&](std::shared_ptr<const ModelSet>& set) {
      if (set.use_count() != 1) return false;
      sets.push_back(std::move(set));
      return true;
    });
    std::erase_if(retired_models_, [&](Retired& retired) REQUIRES(mutex_) {
      if (retired.model.use_count() != 1) return false;
      freed_bytes_ += retired.model->memory_bytes();
      models.push_back(std::move(retired));
      return true;
    });
    return !sets.empty() || !models.empty();
  }

  /// True if it is time to give memory back.
  bool wait_for_work() REQUIRES(mutex_) {
    const SteadyTime now = Clock::now();
    SteadyTime until = earliest_deadline_;
    if (!retired_sets_.empty() || !retired_models_.empty()) {
      until = std::min<SteadyTime>(until, now + kDrainPeriod);
    } else if (freed_bytes_ >= kTrimBytes) {
      if (now >= next_trim_) {
        freed_bytes_ = 0;
        next_trim_ = now + kTrimPeriod;
        return true;
      }
      until = std::min(until, next_trim_);
    }
    if (until == SteadyTime::max()) {
      retired_.wait(mutex_);
    } else {
      retired_.wait_until(mutex_, until);
    }
    return false;
  }

  void end_drain(const Retired& retired) REQUIRES(mutex_) {
    VersionEntry* version = table_.find(retired.name, retired.version);
    CHECK(version != nullptr && version->draining > 0);  // draining ones are never erased
    --version->draining;
    budget_.destroyed(retired.bytes);
    changed_ = table_.refresh(retired.name) || changed_;
  }

  const Options options_;
  const bool budget_limited_ = options_.memory_budget > 0;
  ModelLoader& loader_;
  ServingMetrics& metrics_;

  mutable Mutex mutex_;
  ConditionVariable work_;
  ConditionVariable retired_;
  VersionTable table_ GUARDED_BY(mutex_);
  MemoryBudget budget_ GUARDED_BY(mutex_);
  std::deque<Job> jobs_ GUARDED_BY(mutex_);
  std::vector<Waiter> waiters_ GUARDED_BY(mutex_);
  std::shared_ptr<const ModelSet> published_ GUARDED_BY(mutex_);
  std::vector<std::shared_ptr<const ModelSet>> retired_sets_ GUARDED_BY(mutex_);
  std::vector<Retired> retired_models_ GUARDED_BY(mutex_);
  SteadyTime earliest_deadline_ GUARDED_BY(mutex_) = SteadyTime::max();  // of the waiters
  Clock::time_point published_at_ GUARDED_BY(mutex_);
  Clock::time_point next_trim_ GUARDED_BY(mutex_);
  uint64_t freed_bytes_ GUARDED_BY(mutex_) = 0;
  uint32_t loads_running_ GUARDED_BY(mutex_) = 0;
  bool applied_ GUARDED_BY(mutex_) = false;
  bool started_ GUARDED_BY(mutex_) = false;       // every model was tried once
  bool changed_ GUARDED_BY(mutex_) = false;       // since the last snapshot
  bool live_changed_ GUARDED_BY(mutex_) = false;  // likewise, and requests would see it
  bool stopping_ GUARDED_BY(mutex_) = false;

  std::vector<std::thread> load_threads_;
  std::thread retire_thread_;
};

VersionManager::VersionManager(Options options, ModelLoader& loader, ServingMetrics& metrics)
    : impl_(std::make_unique<Impl>(std::move(options), loader, metrics)) {}
VersionManager::~VersionManager() = default;

void VersionManager::apply(std::vector<ModelSource> sources, std::vector<std::string> errors) {
  impl_->apply(std::move(sources), std::move(errors));
}
void VersionManager::retry(std::string_view name) { impl_->retry(name); }
void VersionManager::when_done(const std::string& name, std::function<void(Status)> done) {
  impl_->when_done(name, std::move(done));
}
void VersionManager::demand(const std::string& name, SteadyTime deadline,
                            std::function<void(Status)> done) {
  impl_->demand(name, deadline, std::move(done));
}
bool VersionManager::loading() const { return impl_->loading(); }
std::vector<ModelStatus> VersionManager::statuses() const { return impl_->statuses(); }
std::shared_ptr<const ModelSet> VersionManager::models() const { return impl_->models(); }

}  // namespace slipway::serving
