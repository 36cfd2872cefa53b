// Sweeps that are killed or interrupted at any moment, and then run again.

#include <signal.h>

#include <algorithm>
#include <random>
#include <set>
#include <thread>

#include "core/files.h"
#include "tests/cli/lab.h"
#include "tests/cli/sweep.h"

namespace alignlab {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using std::chrono::milliseconds;
using tests::alignlab;
using tests::contains;
using tests::kTrials;
using tests::Outcome;
using tests::output_of;
using tests::Process;
using tests::records_of;
using tests::ScratchFolder;
using tests::sweep_command;
using tests::Words;

constexpr std::size_t kJobs = 2;

/// What a sweep that nobody disturbed shows.
const std::string& undisturbed_table() {
  static const std::string table = [] {
    const ScratchFolder folder;
    tests::write_sweep(folder.path());
    output_of(folder.path(), sweep_command({"-j", "2"}));
    return output_of(folder.path(), {"table", "run"});
  }();
  return table;
}

class Interruption : public ::testing::Test {
 protected:
  Interruption() { tests::write_sweep(folder_.path()); }

  std::unique_ptr<Process> start(const Words& more = {}) const {
    Words options{"-j", std::to_string(kJobs)};
    options.insert(options.end(), more.begin(), more.end());
    return std::make_unique<Process>(tests::alignlab_command(sweep_command(options)),
                                     folder_.path(), tests::kPatience);
  }
  /// A sweep of which one trial, alone at last, trains for minutes.
  std::unique_ptr<Process> start_long() const {
    auto front = start({"seed=0", "aligner.epochs=100000", "aligner.patience=0"});
    EXPECT_TRUE(front->wait_until([&] {
      return contains(front->errors(), "[2/3]") && tests::children_of(front->pid()).size() == 1;
    })) << front->errors();
    return front;
  }
  void sleep_at_random(int most) {
    std::this_thread::sleep_for(milliseconds(random_() % static_cast<unsigned>(most)));
  }
  static bool end_soon(const std::vector<pid_t>& processes) {
    for (int i = 0; i < 2000; ++i) {
      if (std::ranges::none_of(processes, tests::is_alive)) return true;
      std::this_thread::sleep_for(milliseconds(5));
    }
    return false;
  }
  /// Trials that were started at some time and have no record.
  std::size_t lost() const {
    if (!fs::exists(folder_ / "run" / "logs")) return 0;
    const auto records = records_of(folder_ / "run");
    const auto logs = tests::files_ending(folder_ / "run" / "logs", ".log");
    return static_cast<std::size_t>(std::ranges::count_if(
        logs, [&](const fs::path& log) { return !records.contains(log.stem().string()); }));
  }
  /// Runs what is missing; everything must then be as if nothing had happened.
  void expect_whole_after_another_run() const {
    std::size_t done = 0;
    for (const auto& [id, record] : records_of(folder_ / "run"))
      done += record.at("status") == "ok";
    const Outcome outcome = alignlab(folder_.path(), sweep_command({"-j", "2"}));
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_TRUE(contains(outcome.err, std::to_string(done) + " were there already"));
    EXPECT_TRUE(contains(outcome.err, std::to_string(kTrials - done) + " trials run"));
    EXPECT_EQ(output_of(folder_.path(), {"table", "run"}), undisturbed_table());
    EXPECT_EQ(tests::files_ending(folder_.path(), ".tmp"), std::vector<fs::path>{});
  }

  const ScratchFolder folder_;
  std::mt19937 random_{20240601};
};

TEST_F(Interruption, AKilledFrontLosesOnlyTheTrialsInFlight) {
  int killed_at_work = 0;
  for (int round = 0; round < 7; ++round) {
    const std::size_t before = records_of(folder_ / "run").size();
    const auto front = start();
    std::vector<pid_t> workers;
    if (!front->wait_until([&] {
          workers = tests::children_of(front->pid());
          return !workers.empty();
        })) {
      break;  // nothing was left to do
    }
    sleep_at_random(900);
    workers = tests::children_of(front->pid());
    front->send(SIGKILL);
    const Outcome outcome = front->wait();
    ASSERT_FALSE(outcome.timed_out);
    killed_at_work += outcome.signal == SIGKILL && !workers.empty();
    ASSERT_TRUE(end_soon(workers)) << "a worker outlived its front";
    const auto records = records_of(folder_ / "run");  // which must all be whole
    for (const auto& [id, record] : records) EXPECT_EQ(record.at("status"), "ok") << record;
    EXPECT_LE(lost(), kJobs);
    // What was announced as finished is kept.
    EXPECT_GE(records.size(), before + tests::lines_in(outcome.err));
  }
  EXPECT_GE(killed_at_work, 2);
  expect_whole_after_another_run();
}

TEST_F(Interruption, AKilledFrontTakesItsWorkersAlong) {
  const auto front = start_long();
  const std::vector<pid_t> workers = tests::children_of(front->pid());
  ASSERT_EQ(workers.size(), 1U);
  front->send(SIGKILL);
  EXPECT_EQ(front->wait().signal, SIGKILL);
  EXPECT_TRUE(end_soon(workers)) << "a worker outlived its front";
  EXPECT_EQ(records_of(folder_ / "run").size(), 2U);
}

TEST_F(Interruption, AnInterruptStopsATrialThatTrains) {
  const auto front = start_long();
  const std::vector<pid_t> workers = tests::children_of(front->pid());
  ASSERT_EQ(workers.size(), 1U);
  const auto start = std::chrono::steady_clock::now();
  front->send(SIGINT);
  EXPECT_EQ(front->wait().code, 130);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(10));
  EXPECT_TRUE(end_soon(workers));
  EXPECT_EQ(records_of(folder_ / "run").size(), 2U);
  EXPECT_EQ(tests::files_ending(folder_.path(), ".tmp"), std::vector<fs::path>{});
}

TEST_F(Interruption, AKilledWorkerFailsItsTrialAlone) {
  const auto front = start();
  std::set<pid_t> killed;
  while (killed.size() < 3) {
    pid_t victim = 0;
    const bool found = front->wait_until([&] {
      for (const pid_t worker : tests::children_of(front->pid())) {
        if (!killed.contains(worker)) victim = worker;
      }
      return victim != 0;
    });
    if (!found) break;
    // The first one at once, which is certainly before it has ended.
    if (!killed.empty()) sleep_at_random(500);
    ::kill(victim, SIGKILL);
    killed.insert(victim);
  }
  const Outcome outcome = front->wait();
  ASSERT_FALSE(outcome.timed_out);
  EXPECT_EQ(outcome.code, 1) << outcome.err;
  EXPECT_EQ(outcome.out, "run\n");
  const auto records = records_of(folder_ / "run");
  EXPECT_EQ(records.size(), kTrials);
  std::size_t failed = 0;
  for (const auto& [id, record] : records) {
    if (record.at("status") == "ok") continue;
    ++failed;
    EXPECT_TRUE(contains(record.at("error"), "ended by signal 9")) << record;
  }
  EXPECT_GE(failed, 1U);
  EXPECT_LE(failed, killed.size());
  EXPECT_TRUE(contains(outcome.err, std::to_string(failed) + " failed"));
  const std::string table = output_of(folder_.path(), {"table", "run"});
  EXPECT_TRUE(contains(table, "failed: the worker ended without an answer (ended by signal 9"));
  expect_whole_after_another_run();
}

TEST_F(Interruption, AnInterruptStopsTheSweepWithItsOwnExitCode) {
  const auto front = start();
  ASSERT_TRUE(front->wait_until([&] { return contains(front->errors(), "[1/6]"); }));
  const std::vector<pid_t> workers = tests::children_of(front->pid());
  front->send(SIGINT);
  const Outcome outcome = front->wait();
  EXPECT_EQ(outcome.code, 130) << outcome.err;
  EXPECT_EQ(outcome.out, "");
  EXPECT_TRUE(outcome.err.ends_with("error: interrupted\n")) << outcome.err;
  EXPECT_TRUE(tests::is_plain(outcome.err));
  EXPECT_TRUE(end_soon(workers));
  const auto records = records_of(folder_ / "run");
  EXPECT_GE(records.size(), 1U);
  EXPECT_LT(records.size(), kTrials);
  for (const auto& [id, record] : records) EXPECT_EQ(record.at("status"), "ok") << record;
  EXPECT_LE(lost(), kJobs);
  expect_whole_after_another_run();
}

TEST_F(Interruption, ATableOfAnUnfinishedSweepSaysWhatIsMissing) {
  const auto front = start();
  ASSERT_TRUE(front->wait_until([&] { return contains(front->errors(), "[1/6]"); }));
  front->send(SIGTERM);
  EXPECT_EQ(front->wait().code, 130);
  const std::size_t missing = kTrials - records_of(folder_ / "run").size();
  EXPECT_TRUE(contains(output_of(folder_.path(), {"table", "run"}),
                       std::to_string(missing) + " planned trial"));
}

TEST_F(Interruption, AnInterruptedGenerationLeavesNothingBehind) {
  const tests::Tree before = tests::tree_of(folder_.path());
  const auto front = std::make_unique<Process>(
      tests::alignlab_command({"generate", "scenes", "--out", "scenes", "--images", "100000"}),
      folder_.path(), tests::kPatience);
  ASSERT_TRUE(
      front->wait_until([&] { return !tests::files_ending(folder_.path(), ".png").empty(); }));
  const std::vector<pid_t> workers = tests::children_of(front->pid());
  EXPECT_EQ(workers.size(), 1U);
  front->send(SIGINT);
  const Outcome outcome = front->wait();
  EXPECT_EQ(outcome.code, 130) << outcome.err;
  EXPECT_EQ(outcome.out, "");
  EXPECT_TRUE(end_soon(workers));
  EXPECT_EQ(tests::tree_of(folder_.path()), before);
}

}  // namespace
}  // namespace alignlab
