#include "run/sweep_runner.h"

#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/files.h"
#include "data/dataset.h"
#include "run/pipeline.h"
#include "run/trial_data.h"
#include "run/worker_process.h"
#include "search/search.h"

namespace alignlab {
namespace {

using Json = nlohmann::json;
constexpr int kPollMilliseconds = 100;

/// What earlier runs of other trials left in the folder.
std::size_t finished_others(const SweepPlan& plan, const std::filesystem::path& out) {
  std::size_t count = 0;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(out / "trials", error)) {
    const std::string id = entry.path().stem().string();
    if (entry.path() != record_path(out, id)) continue;
    if (std::ranges::find(plan.trials, id, &TrialState::id) != plan.trials.end()) continue;
    const auto record = find_record(entry.path());
    count += record && record->ok() && record->id == id;
  }
  return count;
}

struct Running {
  const TrialState* trial;
  std::unique_ptr<WorkerProcess> process;
};

class Sweep {
 public:
  Sweep(const SweepPlan& plan, const SweepRequest& request, SweepObserver& observer)
      : plan_(plan), request_(request), observer_(observer) {}

  SweepSummary run() {
    for (const TrialState& trial : plan_.trials) {
      if (trial.done) {
        ++summary_.found;
      } else {
        waiting_.push_back(&trial);
      }
    }
    std::ranges::reverse(waiting_);
    while (!waiting_.empty() || !running_.empty()) {
      if (observer_.cancelled()) stop();
      while (!waiting_.empty() && running_.size() < static_cast<std::size_t>(request_.jobs)) {
        start(*waiting_.back());
        waiting_.pop_back();
      }
      wait();
      collect();
      observer_.tick();
    }
    return summary_;
  }

 private:
  void start(const TrialState& trial) {
    const Json job{{"job", "trial"},
                   {"spec", to_json(trial.spec)},
                   {"content", trial.content},
                   {"store", request_.store.string()},
                   {"lock", trial_lock_path(request_.out, trial.id).string()},
                   {"record", record_path(request_.out, trial.id).string()},
                   {"ranks", ranks_path(request_.out, trial.id).string()}};
    const auto log = request_.out / "logs" / (trial.id + ".log");
    observer_.started(trial);
    running_.push_back({&trial, std::make_unique<WorkerProcess>(
                                    request_.worker, job,
                                    static_cast<int>(trial.spec.train.integer("threads")), log)});
  }

  void wait() {
    std::vector<pollfd> ready;
    for (const Running& one : running_) ready.push_back({one.process->descriptor(), POLLIN, 0});
    ::poll(ready.data(), ready.size(), kPollMilliseconds);
  }

  void collect() {
    for (Running& one : running_) {
      for (const Json& event : one.process->receive()) observer_.progressed(*one.trial, event);
      if (one.process->outcome()) conclude(*one.trial, *one.process->outcome());
    }
    std::erase_if(running_, [](const Running& one) { return one.process->outcome().has_value(); });
  }

  void conclude(const TrialState& trial, const JobOutcome& outcome) {
    const auto path = record_path(request_.out, trial.id);
    if (outcome.code != 0) {
      // A worker that was killed cannot say so itself.
      const FileLock lock(trial_lock_path(request_.out, trial.id));
      const auto there = find_record(path);
      const bool done_by_another = there && there->ok() && there->id == trial.id;
      if (!done_by_another) {
        write_record(path, failed_record(trial.spec, trial.content, outcome.error));
      }
      ++summary_.failed;
      if (request_.fail_fast) waiting_.clear();
    }
    ++summary_.ran;
    observer_.finished(trial, read_record(path));
  }

  [[noreturn]] void stop() {
    for (Running& one : running_) one.process->interrupt();
    for (Running& one : running_) {
      while (!one.process->outcome()) {
        pollfd ready{one.process->descriptor(), POLLIN, 0};
        ::poll(&ready, 1, kPollMilliseconds);
        one.process->receive();
      }
    }
    throw Interrupted();
  }

  const SweepPlan& plan_;
  const SweepRequest& request_;
  SweepObserver& observer_;
  SweepSummary summary_;
  std::vector<const TrialState*> waiting_;  // the next one is last
  std::vector<Running> running_;
};

}  // namespace

SweepPlan plan_sweep(Experiment experiment, const std::filesystem::path& out) {
  selected_isa();  // says what is wrong before any trial would
  SweepPlan plan;
  plan.manifest.name = experiment.name;
  plan.manifest.columns = experiment.table.columns;
  plan.manifest.published = experiment.published;
  std::map<std::string, Dataset> datasets;
  for (const TrialSpec& spec : experiment.trials) {
    const std::string file = spec.dataset.string();
    if (!datasets.contains(file)) datasets.emplace(file, open_dataset(spec));
    const Dataset& dataset = datasets.at(file);
    require_data(dataset, spec);
    const std::string content = content_read(dataset, spec);
    const std::string id = trial_id(spec, content);
    plan.manifest.trials.push_back(
        {id,
         spec.row(),
         spec.seed,
         spec.eval.text("protocol"),
         spec.eval.text("split"),
         {std::string(name_of(spec.first)), std::string(name_of(spec.second))},
         file,
         content_evaluated(dataset, spec)});
    if (std::ranges::find(plan.trials, id, &TrialState::id) != plan.trials.end()) continue;
    const auto record = find_record(record_path(out, id));
    const bool done = record && record->ok() && record->spec_hash == spec_hash(spec, content);
    plan.trials.push_back({spec, id, content, done});
  }
  plan.others = finished_others(plan, out);
  plan.experiment = std::move(experiment);
  return plan;
}

SweepSummary run_sweep(const SweepPlan& plan, const SweepRequest& request,
                       SweepObserver& observer) {
  std::filesystem::create_directories(request.out / "logs");
  return Sweep(plan, request, observer).run();
}

}  // namespace alignlab
