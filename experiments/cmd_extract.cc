#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <thread>

#include "experiments/command_line.h"
#include "experiments/console.h"
#include "features/feature_kind.h"
#include "run/worker_process.h"

namespace alignlab::cli {
namespace {

FeatureSpec dense_kind(const std::string& kind, Modality modality,
                       const std::vector<std::string>& words) {
  const Place place{"alignlab extract", 0, 0};
  FeatureSpec spec{kind, {}};
  if (reads_stored_feature(spec)) {
    throw UsageError(
        "alignlab extract: 'stored' features are not made from items; they are in the data set "
        "already");
  }
  const auto rows = feature_rows(kind, modality, place);
  if (rows[0]->form != FeatureForm::kDense) {
    throw UsageError(fmt::format(
        "alignlab extract: a data set stores dense rows, and '{}' gives {}; name the kind in a "
        "config instead",
        kind, name_of(rows[0]->form)));
  }
  spec.options = resolve_arguments(key_value_words("extract", words), feature_options(rows),
                                   "alignlab extract");
  check_features(spec, place);
  return spec;
}

/// Of the items that were made; others were in the store.
std::string speed_of(const nlohmann::json& made) {
  const auto count = made.at("made").get<std::size_t>();
  if (count == 0) return "from the store";
  const std::size_t stored = made.at("items").get<std::size_t>() - count;
  const double seconds = std::max(made.at("seconds").get<double>(), 1e-9);
  const int threads = made.at("threads");
  return fmt::format("{}{:.1f} items/s on {} thread{}",
                     stored > 0 ? fmt::format("{} of them from the store, ", stored) : "",
                     static_cast<double>(count) / seconds, threads, threads == 1 ? "" : "s");
}

}  // namespace

int extract(const Arguments& arguments) {
  CommandLine line("extract");
  line.add()("modality", po::value<std::string>()->required(), "image, audio or text");
  line.add()("kind", po::value<std::string>()->required(),
             "a dense feature kind, or several joined by '+' (alignlab list features)");
  line.add()("name", po::value<std::string>(),
             "what a config calls it; by default the kind, with '-' for each '+'");
  line.add()("store", po::value<std::string>()->default_value("results/artifacts"),
             "where finished parts are kept");
  line.add()("jobs,j", po::value<int>(), "threads, 1 to 1024; by default all cores");
  line.positional("a data set, and options of the kind as key=value", 1, 100);
  if (!line.parse(arguments)) return 0;
  const Modality modality = modality_argument("extract", line.get<std::string>("modality"));
  const std::string kind = line.get<std::string>("kind");
  std::string name = line.maybe<std::string>("name").value_or(kind);
  if (!line.has("name")) std::ranges::replace(name, '+', '-');
  const std::vector<std::string> words(line.words().begin() + 1, line.words().end());
  const FeatureSpec spec = dense_kind(kind, modality, words);
  const int cores = static_cast<int>(std::thread::hardware_concurrency());
  const int threads = line.jobs().value_or(std::clamp(cores, 1, kMostJobs));
  catch_interrupts();
  ConsoleProgress progress;
  const nlohmann::json made = run_job(worker_program(),
                                      {{"job", "extract"},
                                       {"dataset", line.words().front()},
                                       {"modality", line.get<std::string>("modality")},
                                       {"kind", spec.kind},
                                       {"options", to_json(spec.options)},
                                       {"name", name},
                                       {"store", line.get<std::string>("store")},
                                       {"threads", threads}},
                                      threads, progress);
  fmt::print("{}: {} feature '{}' added: {} rows of {}, {}\n", line.words().front(),
             line.get<std::string>("modality"), name, made.at("items").get<std::size_t>(),
             made.at("width").get<std::size_t>(), speed_of(made));
  return 0;
}

}  // namespace alignlab::cli
