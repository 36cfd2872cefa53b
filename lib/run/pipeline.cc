#include "run/pipeline.h"

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <deque>
#include <optional>

#include "core/error.h"
#include "data/protocol.h"
#include "eval/metrics.h"
#include "run/embedding_stages.h"
#include "run/kernels.h"
#include "run/search_costs.h"
#include "run/searched_rows.h"
#include "run/stage_versions.h"
#include "run/stages.h"
#include "run/trial_data.h"
#include "search/approximate.h"
#include "search/hamming.h"
#include "search/hubness.h"
#include "search/search.h"

namespace alignlab {
namespace {

using Json = nlohmann::json;

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

std::int64_t peak_memory_bytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<std::int64_t>(usage.ru_maxrss) * 1024;
}

std::string timing_text(const std::vector<double>& samples) { return Json(samples).dump(); }

/// The ranks of one direction with what was found beside them.
struct Retrieval {
  Ranks ranks;
  std::optional<Decisions> decisions;
  std::optional<double> threshold;
  std::vector<double> bias;  // of the candidates, where scores are corrected
  std::vector<double> search_s;
  std::vector<double> correct_s;
  std::map<std::string, double> costs;  // where they are measured
  std::size_t zero_queries = 0;
  std::size_t zero_candidates = 0;
};

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
    search(record, evaluated, spec_.first, spec_.second);
    search(record, evaluated, spec_.second, spec_.first);
    add_rsum(record);
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
    return (thresholds_from_dev() && is_exact() && items > 0) || spec_.is_ensemble();
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
    if (is_exact()) return exact_index(gallery, kernel());
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

  struct Sides {
    Gallery queries;
    Gallery candidates;
    Relevance relevant;
    std::vector<double> correct_s;
  };

  Sides load_sides(const Embedded& embedded, Modality query, Modality candidate) const {
    Sides out{rows(embedded, query),
              rows(embedded, candidate),
              Relevance::from_groups(keys(query, embedded.split), keys(candidate, embedded.split)),
              {}};
    if (!is_corrected()) return out;
    const Correction correction{
        spec_.eval.text("correction"),
        static_cast<std::size_t>(spec_.eval.integer("correction_neighbours")),
        spec_.eval.real("correction_temperature")};
    Gallery bank = bank_ ? rows(*bank_, query) : out.queries;
    const auto start = std::chrono::steady_clock::now();
    out.candidates.bias = corrected_bias(out.candidates, std::move(bank), correction, kernel());
    out.correct_s.push_back(seconds_since(start));
    return out;
  }

  std::optional<double> threshold(Modality query, Modality candidate) const {
    if (!thresholds_from_dev()) return spec_.eval.real("threshold");
    if (!dev_) return std::nullopt;
    const Sides sides = load_sides(*dev_, query, candidate);
    return best_f1_threshold(
        threshold_curve(sides.queries.vectors, sides.candidates, sides.relevant, kernel()));
  }

  /// The ranks stage of one direction, then its metrics into the record.
  void search(TrialRecord& record, const Embedded& embedded, Modality query, Modality candidate) {
    const std::string direction = direction_key(query, candidate);
    Json eval = to_json(spec_.eval);
    for (const char* afterwards : {"metrics", "ties"}) eval.erase(afterwards);
    if (!is_exact()) eval["longest_list"] = longest_list();
    Json recipe{{"version", kRanksVersion}, {"embeddings", embedded.keys()},
                {"direction", direction},   {"eval", eval},
                {"threads", threads_},      {"isa", selected_isa()}};
    if (is_oracle()) recipe["content"] = content_;
    if (fusion_) recipe["fusion"] = {{"key", fusion_->key}, {"weights", spec_.weights}};
    if (dev_) recipe["dev"] = dev_->keys();
    if (bank_) recipe["bank"] = bank_->keys();
    const Artifact artifact = stages_.obtain("ranks", recipe, [&](H5File& file) {
      write_retrieval(file, retrieve(embedded, query, candidate));
    });
    add_metrics(record, direction, artifact);
  }

  Retrieval retrieve(const Embedded& embedded, Modality query, Modality candidate) const {
    const Sides sides = load_sides(embedded, query, candidate);
    Retrieval out;
    out.zero_queries = sides.queries.zero_rows;
    out.zero_candidates = sides.candidates.zero_rows;
    if (is_corrected()) out.bias = sides.candidates.bias;
    out.correct_s = sides.correct_s;
    const auto index = is_exact() ? nullptr : index_of(sides.candidates);
    for (std::int64_t i = 0; i < spec_.eval.integer("timing_repeats"); ++i) {
      progress_.check();
      const auto start = std::chrono::steady_clock::now();
      out.ranks = index == nullptr
                      ? rank(sides.queries.vectors, sides.candidates, sides.relevant, kernel())
                      : ranks_of_lists(index->top_k(sides.queries.vectors, longest_list()),
                                       sides.relevant, sides.candidates.vectors.rows());
      out.search_s.push_back(seconds_since(start));
    }
    if (spec_.eval.flag("search_costs")) {
      out.costs = search_costs(
          sides.queries.vectors, sides.candidates, [&] { return index_of(sides.candidates); },
          threads_);
    }
    if (!is_exact()) return out;
    out.threshold = threshold(query, candidate);
    if (out.threshold) {
      out.decisions =
          decide(sides.queries.vectors, sides.candidates, sides.relevant, *out.threshold, kernel());
    }
    return out;
  }

  /// As long as the metrics of the first k ask.
  std::size_t longest_list() const {
    std::int64_t longest = 10;
    for (const std::string& name : spec_.eval.texts("metrics")) {
      longest = std::max(longest, parse_metric(name, {}).k);
    }
    return static_cast<std::size_t>(longest);
  }

  static void write_retrieval(H5File& file, const Retrieval& found) {
    file.write<std::int64_t>("/offsets", found.ranks.offsets);
    file.write<std::int64_t>("/above", found.ranks.above);
    file.write<std::int64_t>("/ties", found.ranks.ties);
    file.write<std::int64_t>("/ties_before", found.ranks.ties_before);
    file.write<std::int64_t>("/candidates", std::vector{found.ranks.candidates});
    if (found.decisions) {
      file.write<double>("/threshold", std::vector{*found.threshold});
      file.write<std::int64_t>("/decisions/predicted", found.decisions->predicted);
      file.write<std::int64_t>("/decisions/correct", found.decisions->correct);
      file.write<std::int64_t>("/decisions/relevant", found.decisions->relevant);
    }
    file.write<std::int64_t>("/zero_rows",
                             std::vector{static_cast<std::int64_t>(found.zero_queries),
                                         static_cast<std::int64_t>(found.zero_candidates)});
    if (!found.bias.empty()) file.write<double>("/bias", found.bias);
    file.set_attribute("/", "search_s", timing_text(found.search_s));
    file.set_attribute("/", "correct_s", timing_text(found.correct_s));
    file.set_attribute("/", "costs", Json(found.costs).dump());
  }

  static std::vector<double> samples_of(const Artifact& artifact, const std::string& name) {
    return Json::parse(H5File::open(artifact.path).text_attribute("/", name));
  }

  void add_metrics(TrialRecord& record, const std::string& direction,
                   const Artifact& artifact) const {
    const H5File file = H5File::open(artifact.path);
    Ranks ranks;
    ranks.offsets = file.read<std::int64_t>("/offsets");
    ranks.above = file.read<std::int64_t>("/above");
    ranks.ties = file.read<std::int64_t>("/ties");
    ranks.ties_before = file.read<std::int64_t>("/ties_before");
    ranks.candidates = file.read<std::int64_t>("/candidates").at(0);
    std::optional<Decisions> decisions;
    auto& metrics = record.metrics[direction];
    if (file.has("/decisions")) {
      decisions = Decisions{file.read<std::int64_t>("/decisions/predicted"),
                            file.read<std::int64_t>("/decisions/correct"),
                            file.read<std::int64_t>("/decisions/relevant")};
      metrics["threshold"] = file.read<double>("/threshold").at(0);
    }
    const TiePolicy ties = tie_policy_from(spec_.eval.text("ties"));
    std::vector<std::string> names = spec_.eval.texts("metrics");
    names.insert(names.end(), {"R@1", "R@5", "R@10"});  // rsum needs them
    for (const std::string& name : names) {
      const MetricName metric = parse_metric(name, {});
      if (!is_exact() && !metric.is_of_first_k()) continue;
      const auto value = !metric.uses_threshold() ? retrieval_metric(metric, ranks, ties)
                         : decisions              ? decision_metric(metric, *decisions)
                                                  : std::nullopt;
      if (value) metrics[name] = *value;
    }
    const auto zero_rows = file.read<std::int64_t>("/zero_rows");
    record.tie_rate[direction] = tie_rate(ranks);
    record.counts[direction] = {{"queries", static_cast<double>(ranks.queries())},
                                {"judged_queries", static_cast<double>(judged_queries(ranks))},
                                {"candidates", static_cast<double>(ranks.candidates)},
                                {"zero_query_rows", static_cast<double>(zero_rows.at(0))},
                                {"zero_candidate_rows", static_cast<double>(zero_rows.at(1))}};
    record.timing["search_" + direction + "_s"] = samples_of(artifact, "search_s");
    std::map<std::string, double> costs = Json::parse(file.text_attribute("/", "costs"));
    if (!costs.empty()) record.search[direction] = std::move(costs);
    if (is_corrected()) {
      record.timing["correct_" + direction + "_s"] = samples_of(artifact, "correct_s");
    }
  }

  static void add_rsum(TrialRecord& record) {
    double sum = 0.0;
    for (const auto& [direction, metrics] : record.metrics) {
      for (const char* name : {"R@1", "R@5", "R@10"}) {
        const auto value = metrics.find(name);
        if (value == metrics.end()) return;
        sum += value->second;
      }
    }
    record.metrics["both"]["rsum"] = sum;
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
