#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>

#include "core/files.h"
#include "experiments/command_line.h"
#include "experiments/console.h"
#include "run/sweep_runner.h"

namespace alignlab::cli {
namespace {

std::string trial_name(const TrialState& trial) {
  return fmt::format("{} seed {}", trial.spec.row(), trial.spec.seed);
}

/// The time is that of the fit, whenever it was.
std::string origin_of_model(const TrialRecord& record) {
  const auto model = std::ranges::find(record.stages, "model", &Artifact::stage);
  if (model != record.stages.end() && model->cached) return "model from the store";
  return "fitted in " + duration_text(value_of(record, "timing.fit_s").value_or(0.0));
}

/// On a terminal one line of what is running; a line for each trial that ends.
class SweepConsole : public SweepObserver {
 public:
  explicit SweepConsole(std::size_t trials) : trials_(trials) {}

  void started(const TrialState& trial) override {
    running_[trial.id] = {trial_name(trial), "", 0, 0};
  }

  void progressed(const TrialState& trial, const nlohmann::json& event) override {
    Activity& activity = running_[trial.id];
    const std::string kind = event.value("event", "");
    if (kind == "begin") {
      activity.state = event.value("label", "");
      activity.total = event.value("total", std::uint64_t{0});
      activity.done = 0;
    } else if (kind == "advance") {
      activity.done += event.value("count", std::uint64_t{0});
    } else if (kind == "note") {
      activity.state = event.value("text", "");
    } else if (kind == "warn") {
      print_notice(activity.name + ": " + event.value("text", ""));
    }
  }

  void finished(const TrialState& trial, const TrialRecord& record) override {
    ++ended_;
    running_.erase(trial.id);
    if (stderr_is_terminal()) clear_line();
    const std::string count = fmt::format("[{}/{}] {}", ended_, trials_, trial_name(trial));
    if (!record.ok()) {
      print_error(fmt::format("{}: {}", count, record.error));
      return;
    }
    const auto rsum = value_of(record, "rsum");
    print_line(fmt::format("{}: rsum {}, {}", count, rsum ? fmt::format("{:.1f}", *rsum) : "n/a",
                           origin_of_model(record)));
  }

  void tick() override {
    if (!stderr_is_terminal() || running_.empty()) return;
    const double seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
    std::string line = fmt::format("[{}/{}]", ended_, trials_);
    if (ended_ > 0) {
      const double left =
          seconds / static_cast<double>(ended_) * static_cast<double>(trials_ - ended_);
      line += fmt::format(" about {} left", duration_text(left));
    }
    for (const auto& [id, activity] : running_) {
      line += "  " + activity.name;
      if (activity.total > 0) {
        constexpr std::uint64_t kWidth = 12;
        const auto filled = std::min(kWidth, kWidth * activity.done / activity.total);
        line += fmt::format(" [{}{}]", std::string(filled, '='), std::string(kWidth - filled, ' '));
      }
      if (!activity.state.empty()) line += " " + activity.state;
    }
    draw_line(line);
  }

  bool cancelled() const override { return interrupted(); }

 private:
  struct Activity {
    std::string name;
    std::string state;
    std::uint64_t total;
    std::uint64_t done;
  };
  std::size_t trials_;
  std::size_t ended_ = 0;
  std::map<std::string, Activity> running_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

/// A run litters no folder that holds something else.
void refuse_foreign_folder(const std::filesystem::path& out) {
  std::error_code error;
  if (!std::filesystem::exists(out, error) || std::filesystem::exists(out / "run.json", error))
    return;
  if (std::filesystem::is_directory(out, error) && std::filesystem::is_empty(out, error)) return;
  for (const auto& entry : std::filesystem::directory_iterator(out, error)) {
    // What a run that was killed at its start leaves is hidden.
    if (!entry.path().filename().string().starts_with('.')) {
      throw UsageError(
          fmt::format("{}: expected a run's folder or an empty one, found one that "
                      "holds '{}'",
                      out.string(), entry.path().filename().string()));
    }
  }
}

void print_plan(const SweepPlan& plan) {
  for (const TrialState& trial : plan.trials) {
    fmt::print("{}  {:<7}  {}\n", trial.id, trial.done ? "done" : "to run", trial_name(trial));
  }
}

}  // namespace

int run(const Arguments& arguments) {
  CommandLine line("run");
  line.add()("out", po::value<std::string>(),
             "run folder (default results/runs/<experiment name>)");
  line.add()("store", po::value<std::string>()->default_value("results/artifacts"),
             "folder of artifacts, shared between runs");
  line.add()("jobs,j", po::value<int>()->default_value(1), "trials at a time, 1 to 1024");
  line.add()("dry-run", "print the trials and stop");
  line.add()("fail-fast", "start no further trial once one has failed");
  line.positional("a config file", 1, 10000);
  if (!line.parse(arguments)) return 0;
  const int jobs = line.jobs().value();  // which has a default
  const std::string config = line.words().front();
  const Node document = load_toml(config);
  std::vector<Override> overrides;
  for (std::size_t i = 1; i < line.words().size(); ++i) {
    overrides.push_back(parse_override(line.words()[i]));
  }
  Experiment experiment = resolve_experiment(document, overrides);
  const std::filesystem::path out =
      line.path("out").value_or(std::filesystem::path("results/runs") / experiment.name);
  refuse_foreign_folder(out);
  const SweepPlan plan = plan_sweep(std::move(experiment), out);
  for (const std::string& notice : plan.experiment.notices) print_notice(notice);
  if (plan.others > 0) {
    print_notice(fmt::format(
        "{} holds {} other finished trial{}, which its table no longer shows (--out keeps both)",
        out.string(), plan.others, plan.others == 1 ? "" : "s"));
  }
  if (line.has("dry-run")) {
    print_plan(plan);
    return 0;
  }
  {
    const FileLock lock(out / ".run.lock");
    remove_leftovers(out / "run.json");
    remove_leftovers(out / "config.toml");
    write_manifest(out, plan.manifest);
    write_file_atomically(out / "config.toml", read_file(config));
  }
  catch_interrupts();
  std::size_t to_run = 0;
  for (const TrialState& trial : plan.trials) to_run += !trial.done;
  SweepConsole console(to_run);
  const auto start = std::chrono::steady_clock::now();
  const SweepSummary summary = run_sweep(
      plan, {out, line.get<std::string>("store"), worker_program(), jobs, line.has("fail-fast")},
      console);
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  print_line(fmt::format("{} trials run in {}, {} failed, {} were there already", summary.ran,
                         duration_text(seconds), summary.failed, summary.found));
  fmt::print("{}\n", out.string());
  return summary.failed > 0 ? static_cast<int>(ExitCode::kInternal) : 0;
}

}  // namespace alignlab::cli
