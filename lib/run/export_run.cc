#include "run/export_run.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "core/error.h"
#include "core/files.h"
#include "data/dataset.h"
#include "data/export.h"
#include "data/protocol.h"
#include "record/manifest.h"
#include "record/retrieval_file.h"
#include "record/trial_record.h"
#include "run/curve_files.h"
#include "run/embedding_stages.h"
#include "run/judged_pairs.h"
#include "run/kernels.h"
#include "run/searched_rows.h"
#include "run/spec.h"
#include "run/trial_data.h"
#include "search/hubness.h"
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
    read_search(record, store);
  }

  const TrialSpec& spec() const { return spec_; }
  /// Without spaces, as lines of a TREC run have it.
  std::string name() const {
    std::string out = spec_.is_ensemble() ? spec_.case_name : spec_.aligner;
    std::ranges::replace(out, ' ', '-');
    return out;
  }
  /// As they were embedded; of an ensemble, rows whose dot products are its scores.
  Matrix embeddings(Modality modality) const {
    if (spec_.is_ensemble() || embeddings_.empty()) return rows(modality).vectors;
    return H5File::open(embeddings_.front()).read_matrix(array_of(modality));
  }
  /// As they were searched: prepared and corrected.
  Gallery rows(Modality modality) const {
    Gallery out = embeddings_.empty() ? oracle_rows(keys(modality))
                                      : searched_rows(spec_, embeddings_, deviations_, modality);
    if (const auto bias = bias_.find(modality); bias != bias_.end()) out.bias = bias->second;
    return out;
  }
  std::vector<std::string> ids(Modality modality) const {
    const Items& items = dataset_.items(modality);
    std::vector<std::string> out;
    for (const std::size_t item : items.of_split(spec_.split())) out.emplace_back(items.ids[item]);
    return out;
  }
  /// Whether every item of the split is searched among all of the others.
  bool searches_all_items() const {
    const auto folds = protocol_folds(spec_.eval.text("protocol"), dataset_, spec_.first,
                                      spec_.second, spec_.split());
    return folds.size() == 1 && folds[0].first.size() == keys(spec_.first).size() &&
           folds[0].second.size() == keys(spec_.second).size();
  }
  Relevance relevant(Modality query, Modality candidate) const {
    return relevant_rows(spec_.eval.text("positives"), keys(query), keys(candidate),
                         judged_pairs(dataset_, query, candidate, spec_.split()))
        .of_first;
  }
  std::vector<std::int32_t> keys(Modality modality) const {
    return relevance_keys(spec_.eval.text("protocol"), dataset_, modality, spec_.split());
  }

 private:
  /// What the ranks were found with.
  void read_search(const TrialRecord& record, const fs::path& store) {
    for (const Artifact& artifact : record.stages) {
      if (artifact.stage != "ranks") continue;
      const fs::path path = find(record, store, "ranks", artifact.key);
      const auto recipe = nlohmann::json::parse(H5File::open(path).text_attribute("/", "recipe"));
      const Found found = read_found(path);
      remember_bias(found, direction_key(spec_.second, spec_.first), spec_.first);
      remember_bias(found, direction_key(spec_.first, spec_.second), spec_.second);
      for (const std::string key : recipe.at("embeddings")) {
        embeddings_.push_back(find(record, store, "embeddings", key));
      }
      if (recipe.contains("fusion")) {
        deviations_ = read_deviations(find(record, store, "fusion", recipe["fusion"].at("key")));
      }
    }
  }

  /// Of searches of all items alone: a protocol that leaves some out has a bias for the others.
  void remember_bias(const Found& found, const std::string& direction, Modality candidate) {
    const SearchNotes& notes = found.notes.at(direction);
    if (notes.bias.size() == 1 && searches_all_items()) bias_[candidate] = notes.bias.front();
  }

  static fs::path find(const TrialRecord& record, const fs::path& store, const std::string& stage,
                       const std::string& key) {
    fs::path path = store / stage / (key + ".h5");
    std::error_code error;
    if (fs::exists(path, error)) return path;
    throw DataError(
        fmt::format("{}: no {} of trial {}; run it again, or name the store with "
                    "--store",
                    store.string(), stage, record.id));
  }

  TrialSpec spec_;
  Dataset dataset_;
  std::vector<fs::path> embeddings_;  // of the model, or of each member; none of an oracle
  std::vector<double> deviations_;
  std::map<Modality, std::vector<double>> bias_;  // of candidates
};

Paths write_embeddings(const Evaluated& trial, const fs::path& out) {
  fs::create_directories(out);
  Paths written;
  for (const Modality modality : {trial.spec().first, trial.spec().second}) {
    const Paths files = write_rows_and_ids(out / fmt::format("{}.npy", name_of(modality)),
                                           trial.embeddings(modality), trial.ids(modality));
    written.insert(written.end(), files.begin(), files.end());
  }
  return written;
}

std::string run_lines(const Evaluated& trial, Modality query, Modality candidate, std::size_t k,
                      const std::vector<std::string>& queries,
                      const std::vector<std::string>& candidates) {
  const Gallery asked = trial.rows(query);
  const Gallery gallery = trial.rows(candidate);
  const TopK found = top_k(asked.vectors, gallery, std::min(k, candidates.size()), {.threads = 1});
  std::string lines;
  for (std::size_t q = 0; q < queries.size(); ++q) {
    for (std::size_t r = 0; r < found.k; ++r) {
      const std::size_t at = q * found.k + r;
      lines += fmt::format("{} Q0 {} {} {} {}\n", queries[q],
                           candidates[static_cast<std::size_t>(found.ids[at])], r + 1,
                           found.scores[at], trial.name());
    }
  }
  return lines;
}

std::string qrel_lines(const Evaluated& trial, Modality query, Modality candidate,
                       const std::vector<std::string>& queries,
                       const std::vector<std::string>& candidates) {
  const Relevance relevant = trial.relevant(query, candidate);
  std::string lines;
  std::size_t at = 0;
  for (std::size_t q = 0; q < queries.size(); ++q) {
    for (const std::int32_t c : relevant.of(q)) {
      const float grade = relevant.grades().empty() ? 1.0F : relevant.grades()[at];
      const std::string& candidate_id = candidates[static_cast<std::size_t>(c)];
      if (grade != std::round(grade)) {
        throw DataError(fmt::format(
            "export trec: grade of {} for {}: expected a whole number, which is all that qrels "
            "have, found {}",
            candidate_id, queries[q], grade));
      }
      lines += fmt::format("{} 0 {} {}\n", queries[q], candidate_id, grade);
      ++at;
    }
  }
  return lines;
}

Paths write_trec(const Evaluated& trial, const fs::path& out, std::size_t k, Progress& progress) {
  Paths written;
  const TrialSpec& spec = trial.spec();
  // Other rankings than those its metrics are of would be taken for them.
  if (const std::string& kernel = spec.eval.text("kernel"); !is_exact_kernel(kernel)) {
    throw UsageError(fmt::format(
        "export trec: expected a trial that was searched exactly, found kernel '{}', whose lists "
        "are not kept",
        kernel));
  }
  if (Correction{spec.eval.text("correction")}.is_gated()) {
    throw UsageError(fmt::format(
        "export trec: expected a trial whose scores are of one kind, found correction '{}', which "
        "corrects some queries alone",
        spec.eval.text("correction")));
  }
  if (!trial.searches_all_items()) {
    throw UsageError(fmt::format(
        "export trec: expected a trial that searches all items of its split, found protocol '{}', "
        "which searches parts of them",
        spec.eval.text("protocol")));
  }
  fs::create_directories(out);
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
      {"curves",
       "precision, recall and false positive rate at every threshold, <direction>.csv, where "
       "micro_AP or micro_AUC was asked for",
       with_trial({})},
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
  if (request.format == "curves") {
    Paths written =
        write_curves(read_found(ranks_path(request.run, planned.id)).retrievals, request.out);
    if (!written.empty()) return written;
    throw UsageError(
        "export curves: expected a trial with a metric of all thresholds, which keeps its curves: "
        "micro_AP or micro_AUC in eval.metrics");
  }
  const Evaluated trial(record, store);
  if (request.format == "npy") return write_embeddings(trial, request.out);
  return write_trec(trial, request.out, static_cast<std::size_t>(request.options.integer("k")),
                    progress);
}

}  // namespace alignlab
