#include "run/export_run.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "core/error.h"
#include "core/files.h"
#include "data/dataset.h"
#include "data/export.h"
#include "data/protocol.h"
#include "record/manifest.h"
#include "record/trial_record.h"
#include "run/spec.h"
#include "run/trial_data.h"
#include "search/search.h"

namespace alignlab {
namespace fs = std::filesystem;
namespace {

using Paths = std::vector<fs::path>;

constexpr std::int64_t kAnySeed = -1;

Options with_trial(Options options) {
  options.insert(options.begin(), {{.name = "row",
                                    .summary = "of the table, where there are several",
                                    .fallback = std::string(),
                                    .may_be_empty = true},
                                   {.name = "seed",
                                    .summary = "of the trial; -1 where there is one",
                                    .fallback = kAnySeed,
                                    .least = -1}});
  return options;
}

PlannedTrial choose(const RunExport& request) {
  const std::string& row = request.options.text("row");
  const std::int64_t seed = request.options.integer("seed");
  std::vector<PlannedTrial> trials = read_manifest(request.run).trials;
  std::set<std::string> known;
  for (const PlannedTrial& trial : trials)
    known.insert(fmt::format("{}, {}", trial.row, trial.seed));
  std::erase_if(trials, [&](const PlannedTrial& trial) {
    return (!row.empty() && trial.row != row) || (seed != kAnySeed && trial.seed != seed);
  });
  if (trials.size() == 1) return trials.front();
  throw UsageError(
      fmt::format("alignlab export: expected row and seed of one trial, found {} (known: {})",
                  trials.size(), fmt::join(known, "; ")));
}

/// A trial with its data set and the embeddings of its evaluated split.
class Evaluated {
 public:
  Evaluated(const TrialRecord& record, const fs::path& store)
      : spec_(spec_from_json(record.spec)), dataset_(open_dataset(spec_)) {
    if (content_read(dataset_, spec_) != record.dataset.value("content_read", "")) {
      throw DataError(
          fmt::format("{}: what trial {} reads of it is no longer what it was run on; run it again",
                      spec_.dataset.string(), record.id));
    }
    // The embeddings of dev, which thresholds are chosen on, may be among the stages as well.
    const auto stage = std::ranges::find_if(record.stages, [&](const Artifact& artifact) {
      if (artifact.stage != "embeddings") return false;
      path_ = store / "embeddings" / (artifact.key + ".h5");
      std::error_code error;
      if (!fs::exists(path_, error)) return false;
      const auto recipe = nlohmann::json::parse(H5File::open(path_).text_attribute("/", "recipe"));
      return recipe.at("split") == name_of(spec_.split());
    });
    if (stage == record.stages.end()) {
      throw DataError(
          fmt::format("{}: no embeddings of trial {}; run it again, or name the store "
                      "with --store",
                      store.string(), record.id));
    }
  }

  const TrialSpec& spec() const { return spec_; }
  Matrix rows(Modality modality) const {
    return H5File::open(path_).read_matrix("/" + std::string(name_of(modality)));
  }
  std::vector<std::string> ids(Modality modality) const {
    const Items& items = dataset_.items(modality);
    std::vector<std::string> out;
    for (const std::size_t item : items.of_split(spec_.split())) out.emplace_back(items.ids[item]);
    return out;
  }
  std::vector<std::int32_t> keys(Modality modality) const {
    return relevance_keys(spec_.eval.text("protocol"), dataset_, modality, spec_.split());
  }

 private:
  TrialSpec spec_;
  Dataset dataset_;
  fs::path path_;
};

Paths write_embeddings(const Evaluated& trial, const fs::path& out) {
  Paths written;
  for (const Modality modality : {trial.spec().first, trial.spec().second}) {
    const Paths files = write_rows_and_ids(out / fmt::format("{}.npy", name_of(modality)),
                                           trial.rows(modality), trial.ids(modality));
    written.insert(written.end(), files.begin(), files.end());
  }
  return written;
}

std::string run_lines(const Evaluated& trial, Modality query, Modality candidate, std::size_t k,
                      const std::vector<std::string>& queries,
                      const std::vector<std::string>& candidates) {
  const Similarity similarity = similarity_from(trial.spec().eval.text("similarity"));
  const Gallery asked = prepare(trial.rows(query), similarity, "embeddings of queries");
  const Gallery gallery = prepare(trial.rows(candidate), similarity, "embeddings of candidates");
  const TopK found = top_k(asked.vectors, gallery, std::min(k, candidates.size()), {"blocked", 1});
  std::string lines;
  for (std::size_t q = 0; q < queries.size(); ++q) {
    for (std::size_t r = 0; r < found.k; ++r) {
      const std::size_t at = q * found.k + r;
      lines += fmt::format("{} Q0 {} {} {} {}\n", queries[q],
                           candidates[static_cast<std::size_t>(found.ids[at])], r + 1,
                           found.scores[at], trial.spec().aligner);
    }
  }
  return lines;
}

std::string qrel_lines(const Evaluated& trial, Modality query, Modality candidate,
                       const std::vector<std::string>& queries,
                       const std::vector<std::string>& candidates) {
  const Relevance relevant = Relevance::from_groups(trial.keys(query), trial.keys(candidate));
  std::string lines;
  for (std::size_t q = 0; q < queries.size(); ++q) {
    for (const std::int32_t c : relevant.of(q)) {
      lines += fmt::format("{} 0 {} 1\n", queries[q], candidates[static_cast<std::size_t>(c)]);
    }
  }
  return lines;
}

Paths write_trec(const Evaluated& trial, const fs::path& out, std::size_t k, Progress& progress) {
  Paths written;
  const TrialSpec& spec = trial.spec();
  for (const auto& [query, candidate] :
       {std::pair(spec.first, spec.second), std::pair(spec.second, spec.first)}) {
    progress.check();
    const std::vector<std::string> queries = trial.ids(query);
    const std::vector<std::string> candidates = trial.ids(candidate);
    require_plain_ids(queries, out.string());
    require_plain_ids(candidates, out.string());
    const std::string direction = direction_key(query, candidate);
    written.push_back(out / (direction + ".run"));
    write_file_atomically(written.back(),
                          run_lines(trial, query, candidate, k, queries, candidates));
    written.push_back(out / (direction + ".qrels"));
    write_file_atomically(written.back(), qrel_lines(trial, query, candidate, queries, candidates));
  }
  return written;
}

}  // namespace

const std::vector<CatalogRow>& run_export_catalog() {
  static const std::vector<CatalogRow> kRows{
      {"npy", "embeddings of the evaluated split, <modality>.npy with <modality>.ids.txt",
       with_trial({})},
      {"trec", "rankings of the evaluated split, <direction>.run with <direction>.qrels",
       with_trial({{.name = "k",
                    .summary = "candidates a query",
                    .fallback = std::int64_t{100},
                    .least = 1}})},
  };
  return kRows;
}

Paths export_run(const RunExport& request, const fs::path& store, Progress& progress) {
  require_new(request.out);
  const PlannedTrial planned = choose(request);
  const TrialRecord record = read_record(record_path(request.run, planned.id));
  if (!record.ok()) {
    throw DataError(fmt::format("{}: the trial failed: {}",
                                record_path(request.run, planned.id).string(), record.error));
  }
  const Evaluated trial(record, store);
  fs::create_directories(request.out);
  if (request.format == "npy") return write_embeddings(trial, request.out);
  return write_trec(trial, request.out, static_cast<std::size_t>(request.options.integer("k")),
                    progress);
}

}  // namespace alignlab
