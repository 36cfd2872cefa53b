#include "run/pipeline.h"

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <numeric>
#include <optional>

#include "core/error.h"
#include "data/protocol.h"
#include "eval/metrics.h"
#include "run/feature_stages.h"
#include "run/stage_versions.h"
#include "run/trial_data.h"
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
  std::vector<double> search_s;
  std::size_t zero_queries = 0;
  std::size_t zero_candidates = 0;
};

class Trial {
 public:
  Trial(const TrialSpec& spec, const Store& store, const Makers& makers, Progress& progress)
      : spec_(spec),
        store_(store),
        makers_(makers),
        progress_(progress),
        dataset_(open_dataset(spec)),
        content_(content_read(dataset_, spec)),
        device_(makers.device(spec.train.text("device"))),
        threads_(static_cast<int>(spec.train.integer("threads"))),
        features_(dataset_, store, makers, threads_, progress,
                  [this](const Artifact& artifact) { remember(artifact); }) {}

  void require_content(const std::string& planned) const {
    if (content_ == planned) return;
    throw DataError(fmt::format(
        "{}: the data set was replaced since the run was planned (content {}, expected {})",
        spec_.dataset.string(), content_, planned));
  }

  TrialRecord run() {
    require_data(dataset_, spec_);
    const FeatureSide first = features_.side(spec_.first, spec_.first_features);
    const FeatureSide second = features_.side(spec_.second, spec_.second_features);
    const Artifact model = fit(first, second);
    const Artifact embedded = embed(first, second, model, spec_.split());
    std::optional<Artifact> dev;
    if (spec_.eval.text("threshold_from") == "dev" && count(Split::kDev) > 0) {
      dev = spec_.split() == Split::kDev ? embedded : embed(first, second, model, Split::kDev);
    }
    TrialRecord record = start_record();
    search(record, embedded, dev, spec_.first, spec_.second);
    search(record, embedded, dev, spec_.second, spec_.first);
    add_rsum(record);
    record.stages = stages_;
    record.timing["fit_s"] = samples(model, "fit_s");
    record.timing["embed_s"] = samples(embedded, "embed_s");
    record.peak_memory_bytes = peak_memory_bytes();
    return record;
  }

 private:
  std::size_t count(Split split) const {
    return std::min(dataset_.groups(spec_.first, split).size(),
                    dataset_.groups(spec_.second, split).size());
  }

  /// What trained models depend on besides their recipe.
  Json numerics() const {
    const Provenance machine = provenance_of_this_process();
    return {{"isa", selected_isa()}, {"libraries", makers_.libraries},
            {"blas", machine.blas},  {"cpu", machine.cpu},
            {"device", device_},     {"threads", threads_}};
  }

  Artifact obtain(const std::string& stage, Json recipe, const std::function<void(H5File&)>& make) {
    progress_.check();
    recipe["stage"] = stage;
    Artifact artifact = store_.obtain(stage, recipe, make, progress_);
    remember(artifact);
    return artifact;
  }

  void remember(const Artifact& artifact) {
    if (std::ranges::find(stages_, artifact.key, &Artifact::key) == stages_.end()) {
      stages_.push_back(artifact);
    }
  }

  ModalityItems load(const FeatureSide& from, Split split, const Artifact& artifact) const {
    ModalityItems items{from.modality, H5File::open(artifact.path).read_features("/features"),
                        dataset_.groups(from.modality, split)};
    require_rows(artifact, items.features.rows(), items.groups.size());
    return items;
  }

  /// A key that misses something its stage reads would show here, before it could mispair rows.
  static void require_rows(const Artifact& artifact, std::size_t rows, std::size_t items) {
    if (rows == items) return;
    throw Error(ExitCode::kInternal,
                fmt::format("{}: expected a row for each of {} items, found {}",
                            artifact.path.string(), items, rows));
  }

  Artifact fit(const FeatureSide& first, const FeatureSide& second) {
    Json options = to_json(spec_.aligner_options);
    options["kind"] = spec_.aligner;
    // Obtained even when the model is there, so that a record names the same stages either way.
    const Artifact first_train = features_.features(first, Split::kTrain);
    const Artifact second_train = features_.features(second, Split::kTrain);
    const Artifact first_dev = features_.features(first, Split::kDev);
    const Artifact second_dev = features_.features(second, Split::kDev);
    return obtain("model",
                  {{"version", kModelVersion},
                   {"first", first.extractor.key},
                   {"second", second.extractor.key},
                   {"aligner", options},
                   {"seed", spec_.seed},
                   {"numerics", numerics()}},
                  [&](H5File& file) {
                    const TrainSplit train({load(first, Split::kTrain, first_train),
                                            load(second, Split::kTrain, second_train)});
                    const DevSplit dev({load(first, Split::kDev, first_dev),
                                        load(second, Split::kDev, second_dev)});
                    const auto start = std::chrono::steady_clock::now();
                    aligner()
                        ->fit(train, dev, static_cast<std::uint64_t>(spec_.seed), progress_)
                        ->save(file, "/model");
                    file.set_attribute("/", "fit_s", timing_text({seconds_since(start)}));
                  });
  }

  Artifact embed(const FeatureSide& first, const FeatureSide& second, const Artifact& model,
                 Split split) {
    const Artifact first_features = features_.features(first, split);
    const Artifact second_features = features_.features(second, split);
    return obtain("embeddings",
                  {{"version", kEmbeddingsVersion},
                   {"model", model.key},
                   {"split", name_of(split)},
                   {"numerics", numerics()}},
                  [&](H5File& file) {
                    const auto encoder = aligner()->load(H5File::open(model.path), "/model");
                    const ModalityItems a = load(first, split, first_features);
                    const ModalityItems b = load(second, split, second_features);
                    const auto start = std::chrono::steady_clock::now();
                    const Matrix rows_a = encoder->embed(a.modality, a.features);
                    const Matrix rows_b = encoder->embed(b.modality, b.features);
                    const double elapsed = seconds_since(start);
                    file.write_matrix(array_of(a.modality), rows_a);
                    file.write_matrix(array_of(b.modality), rows_b);
                    file.set_attribute("/", "embed_s", timing_text({elapsed}));
                  });
  }

  static std::string array_of(Modality modality) { return "/" + std::string(name_of(modality)); }

  std::unique_ptr<Aligner> aligner() const {
    return makers_.aligner(spec_.aligner, spec_.aligner_options, {device_, threads_});
  }

  Kernel kernel() const { return {spec_.eval.text("kernel"), threads_}; }

  struct Sides {
    Gallery queries;
    Gallery candidates;
    Relevance relevant;
  };

  Sides load_sides(const Artifact& embedded, Split split, Modality query,
                   Modality candidate) const {
    const H5File file = H5File::open(embedded.path);
    const Similarity similarity = similarity_from(spec_.eval.text("similarity"));
    const auto keys = [&](Modality modality) {
      return relevance_keys(spec_.eval.text("protocol"), dataset_, modality, split);
    };
    const auto prepared = [&](Modality modality) {
      const Matrix rows = file.read_matrix(array_of(modality));
      require_rows(embedded, rows.rows(), dataset_.groups(modality, split).size());
      return prepare(rows, similarity,
                     fmt::format("embeddings of {} by '{}'", name_of(modality), spec_.aligner));
    };
    return {prepared(query), prepared(candidate),
            Relevance::from_groups(keys(query), keys(candidate))};
  }

  std::optional<double> threshold(const std::optional<Artifact>& dev, Modality query,
                                  Modality candidate) const {
    if (spec_.eval.text("threshold_from") == "value") return spec_.eval.real("threshold");
    if (!dev) return std::nullopt;
    const Sides sides = load_sides(*dev, Split::kDev, query, candidate);
    return best_f1_threshold(
        threshold_curve(sides.queries.vectors, sides.candidates, sides.relevant, kernel()));
  }

  /// The ranks stage of one direction, then its metrics into the record.
  void search(TrialRecord& record, const Artifact& embedded, const std::optional<Artifact>& dev,
              Modality query, Modality candidate) {
    const std::string direction = direction_key(query, candidate);
    Json recipe{{"version", kRanksVersion},
                {"embeddings", embedded.key},
                {"direction", direction},
                {"protocol", spec_.eval.text("protocol")},
                {"similarity", spec_.eval.text("similarity")},
                {"kernel", spec_.eval.text("kernel")},
                {"threads", threads_},
                {"isa", selected_isa()},
                {"threshold_from", spec_.eval.text("threshold_from")},
                {"threshold", spec_.eval.real("threshold")},
                {"timing_repeats", spec_.eval.integer("timing_repeats")}};
    if (dev) recipe["dev"] = dev->key;
    const Artifact artifact = obtain("ranks", recipe, [&](H5File& file) {
      write_retrieval(file, retrieve(embedded, dev, query, candidate));
    });
    add_metrics(record, direction, artifact);
  }

  Retrieval retrieve(const Artifact& embedded, const std::optional<Artifact>& dev, Modality query,
                     Modality candidate) const {
    const Sides sides = load_sides(embedded, spec_.split(), query, candidate);
    Retrieval out;
    out.zero_queries = sides.queries.zero_rows;
    out.zero_candidates = sides.candidates.zero_rows;
    for (std::int64_t i = 0; i < spec_.eval.integer("timing_repeats"); ++i) {
      progress_.check();
      const auto start = std::chrono::steady_clock::now();
      out.ranks = rank(sides.queries.vectors, sides.candidates, sides.relevant, kernel());
      out.search_s.push_back(seconds_since(start));
    }
    out.threshold = threshold(dev, query, candidate);
    if (out.threshold) {
      out.decisions =
          decide(sides.queries.vectors, sides.candidates, sides.relevant, *out.threshold, kernel());
    }
    return out;
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
    file.set_attribute("/", "search_s", timing_text(found.search_s));
  }

  static std::vector<double> samples(const Artifact& artifact, const std::string& name) {
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
    record.timing["search_" + direction + "_s"] = samples(artifact, "search_s");
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
    record.provenance.device = device_;
    record.provenance.threads = threads_;
    return record;
  }

  const TrialSpec& spec_;
  const Store& store_;
  const Makers& makers_;
  Progress& progress_;
  Dataset dataset_;
  std::string content_;
  std::string device_;
  int threads_;
  std::vector<Artifact> stages_;
  FeatureStages features_;
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
