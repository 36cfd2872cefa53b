// One job, read as JSON from standard input, answered by events on standard output (see
// run/worker_process.h). This is the program that links what does the work.

#include <fmt/format.h>
#include <signal.h>

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <iterator>

#include "align/aligner.h"
#include "core/error.h"
#include "core/files.h"
#include "core/hdf5.h"
#include "data/scenes/scenes.h"
#include "doctor/doctor.h"
#include "features/decoding.h"
#include "record/retrieval_file.h"
#include "run/extract.h"
#include "run/pipeline.h"
#include "run/sweep_runner.h"
#include "run/worker_process.h"
#include "search/approximate.h"

namespace alignlab {
namespace {

using Json = nlohmann::json;

volatile sig_atomic_t stop_asked = 0;

void send(const Json& event) {
  const std::string line = event.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
  std::fwrite(line.data(), 1, line.size(), stdout);
  std::fflush(stdout);
}

/// Sends progress on, but not more often than anyone can look.
class EventProgress : public Progress {
 public:
  void begin(std::string_view label, std::uint64_t total, std::string_view unit) override {
    flush();
    send({{"event", "begin"}, {"label", label}, {"total", total}, {"unit", unit}});
  }
  void advance(std::uint64_t count) override {
    pending_ += count;
    const auto now = std::chrono::steady_clock::now();
    if (now - sent_ < std::chrono::milliseconds(100)) return;
    sent_ = now;
    flush();
  }
  void note(std::string_view text) override { send({{"event", "note"}, {"text", text}}); }
  void end() override {
    flush();
    send({{"event", "end"}});
  }
  void warn(std::string_view message) override { send({{"event", "warn"}, {"text", message}}); }
  bool cancelled() const override { return stop_asked != 0; }

 private:
  void flush() {
    if (pending_ > 0) send({{"event", "advance"}, {"count", pending_}});
    pending_ = 0;
  }
  std::uint64_t pending_ = 0;
  std::chrono::steady_clock::time_point sent_{};
};

Makers makers() {
  std::map<std::string, std::string> libraries = aligner_libraries();
  libraries.merge(feature_libraries());
  return {make_feature_kind, make_aligner, peer_index, training_device, libraries};
}

/// The per-query ranks of a trial, by direction, where researchers look for them.
void copy_ranks(const TrialRecord& record, const std::filesystem::path& to) {
  AtomicFile whole(to);
  {
    H5File out = H5File::create(whole.temporary());
    for (const Artifact& stage : record.stages) {
      if (stage.stage == "ranks") write_found(out, read_found(stage.path));
    }
    out.close();
  }
  whole.commit();
}

Json run_trial(const Json& job, Progress& progress) {
  const std::filesystem::path record_file = job.at("record").get<std::string>();
  const std::filesystem::path ranks_file = job.at("ranks").get<std::string>();
  // Two runs into one folder take turns at a trial, so what lies there half-written is a dead
  // one's.
  const FileLock lock(job.at("lock").get<std::string>(), &progress);
  remove_leftovers(record_file);
  remove_leftovers(ranks_file);
  const TrialSpec spec = spec_from_json(job.at("spec"));
  const Store store(job.at("store").get<std::string>());
  const TrialRecord record = execute_trial(spec, job.at("content"), store, makers(), progress);
  copy_ranks(record, ranks_file);
  // Last, for a record says that all the rest is there.
  write_record(record_file, record);
  return {{"id", record.id}};
}

Json generate(const Json& job, Progress& progress) {
  generate_scenes({.out = job.at("out").get<std::string>(),
                   .images = job.at("images"),
                   .seed = job.at("seed"),
                   .size = job.at("size")},
                  progress);
  return {};
}

Json extract(const Json& job, Progress& progress) {
  ExtractRequest request;
  request.dataset = job.at("dataset").get<std::string>();
  request.modality = modality_from(job.at("modality").get<std::string>()).value();
  request.features.kind = job.at("kind");
  const auto rows = feature_rows(request.features.kind, request.modality, Place{});
  request.features.options = section_from_json(job.at("options"), feature_options(rows));
  request.name = job.at("name");
  request.threads = job.at("threads");
  const Store store(job.at("store").get<std::string>());
  const ExtractSummary made = extract_features(request, store, makers(), progress);
  return {{"items", made.items},
          {"width", made.width},
          {"made", made.made},
          {"seconds", made.seconds},
          {"threads", made.threads}};
}

Json inspect_decoding(const Json& job, Progress& progress) {
  const Dataset dataset = Dataset::open(job.at("dataset").get<std::string>());
  return to_json(inspect(dataset, progress, decoding_fault));
}

Json perform(const Json& job, Progress& progress) {
  const std::string kind = job.at("job");
  if (kind == "trial") return run_trial(job, progress);
  if (kind == "generate-scenes") return generate(job, progress);
  if (kind == "extract") return extract(job, progress);
  if (kind == "inspect") return inspect_decoding(job, progress);
  throw UsageError(fmt::format("alignlab-worker: unknown job '{}'", kind));
}

int work() {
  struct sigaction action {};
  action.sa_handler = [](int) { stop_asked = 1; };
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
  const std::string text{std::istreambuf_iterator<char>(std::cin),
                         std::istreambuf_iterator<char>()};
  EventProgress progress;
  ExitCode code = ExitCode::kInternal;
  std::string message;
  try {
    send({{"event", "done"}, {"result", perform(Json::parse(text), progress)}});
    return 0;
  } catch (const Error& error) {
    code = error.code();
    message = error.what();
  } catch (const Json::exception& error) {
    message =
        fmt::format("alignlab-worker: expected a JSON job on standard input: {}", error.what());
  } catch (const std::exception& error) {
    message = failure_text(error);
  }
  // Torch's messages carry a trace behind their first line.
  send({{"event", "failed"},
        {"code", static_cast<int>(code)},
        {"error", message.substr(0, message.find('\n'))}});
  return static_cast<int>(code);
}

}  // namespace
}  // namespace alignlab

int main() { return alignlab::work(); }
