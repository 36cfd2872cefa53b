#include "run/pipeline.h"

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <deque>
#include <optional>

#include "core/error.h"
#include "data/protocol.h"
#include "eval/evaluation.h"
#include "record/retrieval_file.h"
#include "run/embedding_stages.h"
#include "run/kernels.h"
#include "run/measures.h"
#include "run/retrieve.h"
#include "run/searched_rows.h"
#include "run/stage_versions.h"
#include "run/stages.h"
#include "run/trial_data.h"
#include "search/hamming.h"
#include "search/hubness.h"
#include "search/score_moments.h"
#include "search/search.h"

namespace alignlab {
namespace {

using Json = nlohmann::json;

std::int64_t peak_memory_bytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<std::int64_t>(usage.ru_maxrss) * 1024;
}

/// The embeddings of a split: of the one model, or of each member. None for an oracle.
struct Embedded {
  Split split;
  std::vector<Artifact> artifacts;

  Json keys() const {
    Json out = Json::array();
    for (const Artifact& artifact : artifacts) out.push_back(artifact.key);
    return out;
  }
};

class Trial {
 public:
  Trial(const TrialSpec& spec, const Store& store, const Makers& makers, Progress& progress)
      : spec_(spec),
        makers_(makers),
        progress_(progress),
        dataset_(open_dataset(spec)),
        content_(content_read(dataset_, spec)),
        threads_(static_cast<int>(spec.train.integer("threads"))),
        stages_(store, makers, progress) {
    if (is_oracle()) return;
    for (const TrialSpec* model : spec.models()) models_.emplace_back(*model, dataset_, stages_);
  }

  void require_content(const std::string& planned) const {
    if (content_ == planned) return;
    throw DataError(fmt::format(
        "{}: the data set was replaced since the run was planned (content {}, expected {})",
        spec_.dataset.string(), content_, planned));
  }

  TrialRecord run() {
    require_data(dataset_, spec_);
    TrialRecord record = start_record();
    const Embedded evaluated = embed(spec_.split());
    if (needs_dev()) dev_ = embed(Split::kDev);
    if (spec_.is_ensemble() && !is_oracle()) fusion_ = fuse();
    if (is_corrected() && spec_.eval.text("correction_bank") == "train") {
      bank_ = embed(Split::kTrain);
    }
    search(record, evaluated);
    measure_beside(record, evaluated);
    for (EmbeddingStages& model : models_) add_samples(record, "fit_s", model.model());
    for (const Artifact& artifact : evaluated.artifacts) add_samples(record, "embed_s", artifact);
    record.stages = stages_.obtained();
    record.peak_memory_bytes = peak_memory_bytes();
    return record;
  }

 private:
  bool is_oracle() const { return spec_.eval.text("control") == "oracle"; }
  bool is_corrected() const { return spec_.eval.text("correction") != "none"; }
  bool thresholds_from_dev() const { return spec_.eval.text("threshold_from") == "dev"; }
  bool is_exact() const { return is_exact_kernel(spec_.eval.text("kernel")); }
  bool needs_dev() const {
    const std::size_t items = std::min(dataset_.groups(spec_.first, Split::kDev).size(),
                                       dataset_.groups(spec_.second, Split::kDev).size());
    return (thresholds_from_dev() && is_pooled() && items > 0) || spec_.is_ensemble();
  }

  /// An ensemble's fit takes as long as those of its members together; so does its embedding.
  static void add_samples(TrialRecord& record, const std::string& name, const Artifact& artifact) {
    const std::vector<double> samples = samples_of(artifact, name);
    std::vector<double>& sums = record.timing[name];
    sums.resize(samples.size(), 0.0);
    for (std::size_t i = 0; i < samples.size(); ++i) sums[i] += samples[i];
  }

  Embedded embed(Split split) {
    Embedded out{split, {}};
    for (EmbeddingStages& model : models_) out.artifacts.push_back(model.embeddings(split));
    return out;
  }

  /// Of what has to be exact, whichever kernel searches.
  Kernel kernel() const {
    return {.name = is_exact() ? spec_.eval.text("kernel") : Kernel().name, .threads = threads_};
  }

  std::unique_ptr<SearchIndex> index_of(const Gallery& gallery) const {
    const std::string& name = spec_.eval.text("kernel");
    const Section told = told_to_kernel(spec_.eval);
    if (name == hamming_row().name) return hamming_index(told, gallery, kernel());
    return makers_.peer_index(name, told, gallery, threads_);
  }

  Artifact fuse() {
    return stages_.obtain(
        "fusion",
        {{"version", kFusionVersion},
         {"embeddings", dev_->keys()},
         {"similarity", spec_.eval.text("similarity")}},
        [&](H5File& file) {
          const Similarity similarity = similarity_from(spec_.eval.text("similarity"));
          std::vector<double> deviations;
          for (std::size_t m = 0; m < dev_->artifacts.size(); ++m) {
            const H5File from = H5File::open(dev_->artifacts[m].path);
            const auto side = [&](Modality modality) {
              return prepare(from.read_matrix(array_of(modality)), similarity,
                             fmt::format("dev embeddings of {} by '{}'", name_of(modality),
                                         spec_.members[m].case_name));
            };
            const double deviation =
                score_moments(side(spec_.first).vectors, side(spec_.second), kernel()).deviation;
            // A member that scores all alike adds nothing, whatever it is divided by.
            deviations.push_back(deviation > 0.0 ? deviation : 1.0);
          }
          file.write<double>("/deviations", deviations);
        });
  }

  std::vector<std::int32_t> keys(Modality modality, Split split) const {
    return relevance_keys(spec_.eval.text("protocol"), dataset_, modality, split);
  }

  Gallery rows(const Embedded& from, Modality modality) const {
    if (is_oracle()) return oracle_rows(keys(modality, from.split));
    std::vector<std::filesystem::path> paths;
    for (const Artifact& artifact : from.artifacts) paths.push_back(artifact.path);
    Gallery out = searched_rows(
        spec_, paths, fusion_ ? read_deviations(fusion_->path) : std::vector<double>{}, modality);
    require_rows(from.artifacts.front(), out.vectors.rows(),
                 dataset_.groups(modality, from.split).size());
    return out;
  }

  SearchSides load_sides(const Embedded& from) const {
    const auto side = [&](Modality modality) {
      return SearchSide{rows(from, modality), keys(modality, from.split),
                        dataset_.groups(modality, from.split)};
    };
    SearchSides out{side(spec_.first), side(spec_.second), direction_key(spec_.first, spec_.second),
                    direction_key(spec_.second, spec_.first)};
    out.positives = spec_.eval.text("positives");
    if (out.positives != "pairs") out.judged = judged(from.split);
    return out;
  }
  std::vector<JudgedPair> judged(Split split) const {
    return judged_pairs(dataset_, spec_.first, spec_.second, split);
  }

  void measure_beside(TrialRecord& record, const Embedded& embedded) {
    for (const std::string& name : spec_.eval.texts("measures")) {
      Json recipe{{"version", kMeasuresVersion},
                  {"measure", name},
                  {"embeddings", embedded.keys()},
                  {"similarity", spec_.eval.text("similarity")},
                  {"protocol", spec_.eval.text("protocol")},
                  {"split", spec_.eval.text("split")},
                  {"content", content_},
                  {"seed", spec_.seed},
                  {"threads", threads_}};
      if (fusion_) recipe["fusion"] = {{"key", fusion_->key}, {"weights", spec_.weights}};
      const Artifact artifact = stages_.obtain("measures", recipe, [&](H5File& file) {
        file.set_attribute("/", "values", Json(measure(name, measured(embedded))).dump());
      });
      record.measures[name] =
          Json::parse(H5File::open(artifact.path).text_attribute("/", "values"));
    }
  }
  MeasuredSides measured(const Embedded& from) const {
    const auto side = [&](Modality modality) {
      MeasuredSide out{
          std::string(name_of(modality)), rows(from, modality), keys(modality, from.split), {}};
      const Items& items = dataset_.items(modality);
      if (items.labels.empty()) return out;
      for (const std::size_t item : items.of_split(from.split)) {
        out.labels.push_back(items.labels[item]);
      }
      return out;
    };
    return {side(spec_.first),
            side(spec_.second),
            judged(from.split),
            spec_.dataset.string(),
            static_cast<std::uint64_t>(spec_.seed),
            threads_};
  }

  /// The ranks stage, then its metrics into the record.
  void search(TrialRecord& record, const Embedded& embedded) {
    Json eval = to_json(spec_.eval);
    for (const std::string& option : kEvaluatedAfterwards) eval.erase(option);
    if (!is_exact()) eval["longest_list"] = longest_list();
    eval["curve"] = draws_curve();
    Json recipe{{"version", kRanksVersion},
                {"embeddings", embedded.keys()},
                {"eval", eval},
                {"threads", threads_},
                {"isa", selected_isa()}};
    if (is_oracle()) recipe["content"] = content_;
    if (fusion_) recipe["fusion"] = {{"key", fusion_->key}, {"weights", spec_.weights}};
    if (dev_) recipe["dev"] = dev_->keys();
    if (bank_) recipe["bank"] = bank_->keys();
    const Artifact artifact =
        stages_.obtain("ranks", recipe, [&](H5File& file) { write_found(file, find(embedded)); });
    const Found found = read_found(artifact.path);
    const EvaluationRequest request{
        asked_metrics(), tie_policy_from(spec_.eval.text("ties")),
        is_exact() ? EvaluationRequest::Reach::kAll : EvaluationRequest::Reach::kFirstK, threads_};
    record.metrics = evaluate(found.retrievals, request);
    if (auto how = intervals_asked(spec_.eval)) {
      how->threads = threads_;
      for (const auto& [direction, own] : intervals_of(found.retrievals, request, *how)) {
        for (const auto& [name, interval] : own) {
          record.intervals[direction][name] = {interval.low, interval.high};
        }
      }
    }
    for (const auto& [direction, folds] : found.retrievals) {
      describe(record, direction, folds, found.notes.at(direction));
    }
    record.timing["search_s"] = found.search_s;
  }

  Found find(const Embedded& embedded) const {
    std::optional<SearchSides> bank;
    if (bank_) bank = load_sides(*bank_);
    RetrievalRequest request;
    request.kernel = kernel();
    request.bank = bank ? &*bank : nullptr;
    request.draws_curve = draws_curve();
    request.repetitions = spec_.eval.integer("timing_repeats");
    request.longest_list = longest_list();
    request.measures_costs = spec_.eval.flag("search_costs");
    if (is_corrected()) {
      request.correction =
          Correction{spec_.eval.text("correction"),
                     static_cast<std::size_t>(spec_.eval.integer("correction_neighbours")),
                     spec_.eval.real("correction_temperature"),
                     static_cast<std::size_t>(spec_.eval.integer("correction_iterations"))};
    }
    if (!is_exact()) {
      request.make_index = [&](const Gallery& gallery) { return index_of(gallery); };
    }
    if (is_pooled() && !thresholds_from_dev()) {
      const double given = spec_.eval.real("threshold");
      request.thresholds = {given, given};
    } else if (is_pooled() && dev_) {
      request.thresholds = best_thresholds(load_sides(*dev_), request);
    }
    const auto folds = protocol_folds(spec_.eval.text("protocol"), dataset_, spec_.first,
                                      spec_.second, embedded.split);
    return retrieve(load_sides(embedded), folds, request, progress_);
  }

  std::vector<MetricName> asked_metrics() const {
    std::vector<std::string> names = spec_.eval.texts("metrics");
    names.insert(names.end(), {"R@1", "R@5", "R@10"});  // rsum needs them
    std::vector<MetricName> out;
    for (const std::string& name : names) out.push_back(parse_metric(name, {}));
    return out;
  }
  /// Whether scores of different queries are on one scale.
  bool is_pooled() const {
    return is_exact() && !Correction{spec_.eval.text("correction")}.is_gated();
  }
  bool draws_curve() const {
    return is_pooled() && std::ranges::any_of(asked_metrics(), &MetricName::uses_curve);
  }

  /// As long as the metrics of the first k ask.
  std::size_t longest_list() const {
    std::int64_t longest = 10;
    for (const MetricName& metric : asked_metrics()) longest = std::max(longest, metric.k);
    return static_cast<std::size_t>(longest);
  }

  static std::vector<double> samples_of(const Artifact& artifact, const std::string& name) {
    return Json::parse(H5File::open(artifact.path).text_attribute("/", name));
  }

  void describe(TrialRecord& record, const std::string& direction,
                const std::vector<Retrieval>& folds, const SearchNotes& notes) const {
    double queries = 0.0, judged = 0.0, candidates = 0.0, ties = 0.0;
    for (const Retrieval& fold : folds) {
      queries += static_cast<double>(fold.ranks.queries());
      judged += static_cast<double>(judged_queries(fold.ranks));
      candidates += static_cast<double>(fold.ranks.candidates);
      ties += tie_rate(fold.ranks) / static_cast<double>(folds.size());
    }
    record.tie_rate[direction] = ties;
    record.counts[direction] = {
        {"queries", queries},
        {"judged_queries", judged},
        {"candidates", candidates},
        {"folds", static_cast<double>(folds.size())},
        {"zero_query_rows", static_cast<double>(notes.zero_queries)},
        {"zero_candidate_rows", static_cast<double>(notes.zero_candidates)}};
    if (!notes.costs.empty()) record.search[direction] = notes.costs;
    if (is_corrected()) record.timing["correct_" + direction + "_s"] = notes.correct_s;
  }

  TrialRecord start_record() const {
    TrialRecord record = failed_record(spec_, content_, "");
    record.status = "ok";
    record.dataset["name"] = dataset_.name();
    record.dataset["content_hash"] = dataset_.content_hash();
    record.provenance.libraries = makers_.libraries;
    record.provenance.isa = selected_isa();
    record.provenance.device = makers_.device(spec_.train.text("device"));
    record.provenance.threads = threads_;
    return record;
  }

  const TrialSpec& spec_;
  const Makers& makers_;
  Progress& progress_;
  Dataset dataset_;
  std::string content_;
  int threads_;
  Stages stages_;
  std::deque<EmbeddingStages> models_;  // the one, or those of the members; none of an oracle
  std::optional<Embedded> dev_;
  std::optional<Artifact> fusion_;  // of an ensemble
  std::optional<Embedded> bank_;    // of a correction by training items
};

}  // namespace

TrialRecord execute_trial(const TrialSpec& spec, const std::string& content, const Store& store,
                          const Makers& makers, Progress& progress) {
  Trial trial(spec, store, makers, progress);
  trial.require_content(content);
  return trial.run();
}

TrialRecord failed_record(const TrialSpec& spec, const std::string& content,
                          const std::string& error) {
  TrialRecord record;
  record.id = trial_id(spec, content);
  record.case_name = spec.case_name;
  record.seed = spec.seed;
  record.status = "failed";
  record.error = error;
  record.spec = to_json(spec);
  record.spec_hash = spec_hash(spec, content);
  record.dataset = {{"file", spec.dataset.string()}, {"content_read", content}};
  record.provenance = provenance_of_this_process();
  return record;
}

}  // namespace alignlab
