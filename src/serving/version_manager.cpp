#include "serving/version_manager.h"

#include <fmt/format.h>
#include <malloc.h>
#include <pthread.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <exception>
#include <optional>
#include <thread>
#include <utility>

#include "base/thread_annotations.h"
#include "serving/load_waiters.h"
#include "serving/version_work.h"

namespace slipway::serving {
namespace {

using Clock = std::chrono::steady_clock;

/// While many models load at start, new snapshots come this far apart.
constexpr std::chrono::milliseconds kPublishPeriod{20};

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
        work_(metrics, options_.load_on_demand, options_.memory_budget) {
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
    std::vector<LoadAnswer> left;
    {
      const MutexLock lock(mutex_);
      stopping_ = true;
      left = waiters_.take_all(unavailable("the server is stopping"));
    }
    may_load_.notify_all();
    may_retire_.notify_all();
    for (std::thread& thread : load_threads_) thread.join();
    retire_thread_.join();
    send(left);
  }

  void apply(std::vector<ModelSource> sources, std::vector<std::string> errors) EXCLUDES(mutex_) {
    std::vector<LoadAnswer> answers;
    {
      const MutexLock lock(mutex_);
      work_.set_sources(std::move(sources), std::move(errors));
      applied_ = true;
      answers = settle();
    }
    send(answers);
  }

  void retry(std::string_view name) EXCLUDES(mutex_) {
    std::vector<LoadAnswer> answers;
    {
      const MutexLock lock(mutex_);
      work_.retry(name);
      answers = settle();
    }
    send(answers);
  }

  void when_done(const std::string& name, std::function<void(Status)> done) EXCLUDES(mutex_) {
    std::vector<LoadAnswer> answers;
    {
      const MutexLock lock(mutex_);
      waiters_.add(name, SteadyTime::max(), std::move(done));
      answers = settle();
    }
    send(answers);
  }

  void demand(const std::string& name, SteadyTime deadline, std::function<void(Status)> done)
      EXCLUDES(mutex_) {
    std::vector<LoadAnswer> answers;
    {
      const MutexLock lock(mutex_);
      if (stopping_) {
        answers.push_back({std::move(done), unavailable("the server is stopping")});
      } else if (waiters_.full()) {
        answers.push_back({std::move(done), resource_exhausted("too many requests wait for models "
                                                               "that are being loaded")});
      } else {
        work_.wake(name);
        waiters_.add(name, deadline, std::move(done));
        answers = settle();
      }
    }
    may_retire_.notify_one();  // which looks after the deadlines
    send(answers);
  }

  bool loading() const EXCLUDES(mutex_) {
    const MutexLock lock(mutex_);
    return work_.loading();
  }
  std::vector<ModelStatus> statuses() const EXCLUDES(mutex_) {
    const MutexLock lock(mutex_);
    return work_.table().statuses();
  }
  std::shared_ptr<const ModelSet> models() const EXCLUDES(mutex_) {
    const MutexLock lock(mutex_);
    return published_;
  }

 private:
  /// Publishes if something changed, wakes the threads that have something to do, and gives the
  /// callbacks whose time has come.
  std::vector<LoadAnswer> settle() REQUIRES(mutex_) {
    const bool starts = !started_ && applied_ && !work_.table().any_pending();
    started_ = started_ || starts;
    const bool due = work_.idle() || Clock::now() - published_at_ >= kPublishPeriod;
    const bool awaited = started_ || waiters_.earliest_deadline() != SteadyTime::max();
    const bool live_changed = work_.live_changed() || starts;
    if ((live_changed && (awaited || due)) || (work_.changed() && due)) publish();
    if (work_.take_has_new_jobs()) may_load_.notify_all();
    if (work_.retired().take_has_new()) may_retire_.notify_one();
    std::vector<LoadAnswer> answers;
    waiters_.take_done([this](const std::string& name, bool is_request)
                           REQUIRES(mutex_) { return outcome(name, is_request); },
                       answers);
    return answers;
  }

  std::optional<Status> outcome(const std::string& name, bool is_request) REQUIRES(mutex_) {
    if (name.empty()) return started_ ? std::optional<Status>(Status()) : std::nullopt;
    if (!applied_) return std::nullopt;
    const bool served = is_request && work_.any_live(name);  // any version will do
    if (!served && work_.table().pending(name)) return std::nullopt;
    return work_.table().outcome(name);
  }

  void publish() REQUIRES(mutex_) {
    if (published_ != nullptr) work_.retired().add(std::move(published_));
    published_ = work_.make_set(options_.default_model, !started_);
    published_at_ = Clock::now();
    if (options_.publish) options_.publish(published_);
    may_retire_.notify_one();
  }

  void load_loop() {
    bool gives_way = false;
    while (true) {
      LoadJob job;
      bool serving = false;
      std::vector<LoadAnswer> refused;
      bool took = false;
      {
        const MutexLock lock(mutex_);
        if (stopping_) return;
        SteadyTime look_again;
        took = work_.take_job(job, look_again);
        serving = started_;
        refused = settle();
        if (!took && refused.empty()) wait(may_load_, look_again);
      }
      send(refused);
      if (!took) continue;
      if (serving && !std::exchange(gives_way, true)) give_way();
      LoadResult result = load(job);
      std::vector<LoadAnswer> answers;
      {
        const MutexLock lock(mutex_);
        work_.finish(job, std::move(result));
        answers = settle();
      }
      may_retire_.notify_one();
      if (budget_limited_) may_load_.notify_all();  // what waits for the room that this load had
      send(answers);
    }
  }

  void wait(ConditionVariable& condition, SteadyTime until) REQUIRES(mutex_) {
    if (until == SteadyTime::max()) {
      condition.wait(mutex_);
    } else {
      condition.wait_until(mutex_, until);
    }
  }

  LoadResult load(const LoadJob& job) {
    const std::string& path = job.source.path;
    try {
      LoadedModel loaded = TRY(loader_.load(job.source));
      return make_served_model(job.name, std::to_string(job.version), path, std::move(loaded),
                               metrics_);
    } catch (const std::bad_alloc&) {
      return resource_exhausted(fmt::format("not enough memory to load {}", path));
    } catch (const std::exception& error) {
      return internal_error(fmt::format("{}: {}", path, error.what()));
    }
  }

  void retire_loop() {
    while (true) {
      std::vector<std::shared_ptr<const ModelSet>> sets;
      std::vector<RetiredModel> models;
      std::vector<LoadAnswer> late;
      bool trim = false;
      {
        const MutexLock lock(mutex_);
        if (stopping_) return;
        if (!work_.retired().take_unused(sets, models)) trim = wait_for_retired();
        late = waiters_.expire(Clock::now());
      }
      send(late);
      if (trim) give_memory_back();
      sets.clear();  // these drop references to models: looked at in the next round
      if (models.empty()) continue;
      for (RetiredModel& retired : models) retired.model.reset();
      std::vector<LoadAnswer> answers;
      {
        const MutexLock lock(mutex_);
        work_.end_drain(models);
        answers = settle();
      }
      if (budget_limited_) may_load_.notify_all();
      send(answers);
    }
  }

  /// True, without waiting, if it is time to give memory back.
  bool wait_for_retired() REQUIRES(mutex_) {
    SteadyTime look_again;
    if (work_.retired().should_trim(Clock::now(), look_again)) return true;
    wait(may_retire_, std::min(look_again, waiters_.earliest_deadline()));
    return false;
  }

  const Options options_;
  const bool budget_limited_ = options_.memory_budget > 0;
  ModelLoader& loader_;
  ServingMetrics& metrics_;

  mutable Mutex mutex_;
  ConditionVariable may_load_;
  ConditionVariable may_retire_;
  VersionWork work_ GUARDED_BY(mutex_);
  LoadWaiters waiters_ GUARDED_BY(mutex_);
  std::shared_ptr<const ModelSet> published_ GUARDED_BY(mutex_);
  Clock::time_point published_at_ GUARDED_BY(mutex_);
  bool applied_ GUARDED_BY(mutex_) = false;
  bool started_ GUARDED_BY(mutex_) = false;  // every model was tried once
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
