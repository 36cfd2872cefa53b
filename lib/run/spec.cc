#include "run/spec.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "align/aligner.h"
#include "core/error.h"
#include "core/hash.h"
#include "data/protocol.h"
#include "run/judged_pairs.h"
#include "run/kernels.h"
#include "run/stage_versions.h"
#include "search/hubness.h"
#include "search/search.h"

namespace alignlab {
namespace {

using Json = nlohmann::json;

std::vector<std::string> names_of(const std::vector<CatalogRow>& rows) {
  std::vector<std::string> names;
  for (const CatalogRow& row : rows) names.push_back(row.name);
  return names;
}

std::string variant_name(const TrialSpec& spec) {
  return spec.case_name.empty() ? spec.aligner : spec.case_name;
}

}  // namespace

const Options& train_options() {
  static const Options kOptions{
      {.name = "device",
       .summary = "where to train; auto takes CUDA when there is one",
       .fallback = std::string("auto"),
       .choices = {"auto", "cpu", "cuda"}},
      {.name = "threads",
       .summary = "of one trial; part of its identity, since it decides bits",
       .fallback = std::int64_t{1},
       .least = 1,
       .most = 1024},
      {.name = "precision",
       .summary = "of the products of layers while networks are trained; bf16 is fast where the "
                  "processor has units for it",
       .fallback = std::string("float32"),
       .choices = {"float32", "bf16"}},
      {.name = "label_budget",
       .summary = "groups of train that pairs are learned from, drawn by the seed; 0 all",
       .fallback = std::int64_t{0},
       .least = 0}};
  return kOptions;
}

namespace {

Options with_kernel_options(Options options) {
  options.insert(options.end(), kernel_options().begin(), kernel_options().end());
  return options;
}

}  // namespace

const Options& eval_options() {
  static const Options kOptions =
      with_kernel_options({{.name = "protocol",
                            .summary = "which items are evaluated against which",
                            .fallback = std::string("all-pairs"),
                            .choices = names_of(protocol_catalog())},
                           {.name = "positives",
                            .summary = "what is relevant: pairs, what the data set's judgements "
                                       "grade above 0, or both",
                            .fallback = std::string("pairs"),
                            .choices = kPositives},
                           {.name = "split",
                            .summary = "the evaluated split",
                            .fallback = std::string("test"),
                            .choices = {"dev", "test"}},
                           {.name = "similarity",
                            .summary = "of embeddings",
                            .fallback = std::string("cosine"),
                            .choices = names_of(similarity_catalog())},
                           {.name = "kernel",
                            .summary = "search kernel; exact ones give the same ranks",
                            .fallback = std::string("certified"),
                            .choices = names_of(all_kernels())},
                           {.name = "search_costs",
                            .summary = "measure what the kernel's index and its searches cost, and "
                                       "how many neighbours it finds",
                            .fallback = false},
                           {.name = "ties",
                            .summary = "what equal scores count",
                            .fallback = std::string("expected"),
                            .choices = kTiePolicies},
                           {.name = "threshold_from",
                            .summary = "dev: best micro F1 on dev; value: the number given",
                            .fallback = std::string("dev"),
                            .choices = {"dev", "value"}},
                           {.name = "threshold",
                            .summary = "the number, for threshold_from = \"value\"",
                            .fallback = 0.8},
                           {.name = "correction",
                            .summary = "of scores, for candidates that are close to all",
                            .fallback = std::string("none"),
                            .choices = names_of(correction_catalog())},
                           {.name = "correction_bank",
                            .summary = "queries that tell which those are: train, or the "
                                       "evaluated ones, which is transductive",
                            .fallback = std::string("train"),
                            .choices = {"train", "evaluated"}},
                           {.name = "correction_neighbours",
                            .summary = "csls: highest scores that are averaged",
                            .fallback = std::int64_t{10},
                            .least = 1},
                           {.name = "correction_temperature",
                            .summary = "of softmaxes, in standard deviations of scores",
                            .fallback = 0.3,
                            .least = 0.001,
                            .most = 1000.0},
                           {.name = "correction_iterations",
                            .summary = "sinkhorn: each computes all scores twice",
                            .fallback = std::int64_t{10},
                            .least = 1,
                            .most = 1000},
                           {.name = "control",
                            .summary = "oracle: items that belong together score alike, "
                                       "whatever the aligner; what a perfect one would get",
                            .fallback = std::string("none"),
                            .choices = {"none", "oracle"}},
                           {.name = "timing_repeats",
                            .summary = "timed search passes a direction",
                            .fallback = std::int64_t{3},
                            .least = 1,
                            .most = 1000},
                           {.name = "measures",
                            .summary = "of embeddings, beside retrieval ('alignlab list measures')",
                            .fallback = std::vector<std::string>{},
                            .may_be_empty = true},
                           {.name = "intervals",
                            .summary = "confidence intervals of metrics, of queries drawn anew by "
                                       "group with the gallery as it is",
                            .fallback = std::string("percentile"),
                            .choices = {"percentile", "bca", "none"}},
                           {.name = "interval_level",
                            .summary = "how often an interval is to hold the true value",
                            .fallback = 0.95,
                            .least = 0.5,
                            .most = 0.9999},
                           {.name = "resamples",
                            .summary = "of the queries, for intervals",
                            .fallback = std::int64_t{10'000},
                            .least = 100,
                            .most = 1'000'000},
                           {.name = "metrics",
                            .summary = "what the record holds",
                            .fallback = std::vector<std::string>{"R@1",
                                                                 "R@5",
                                                                 "R@10",
                                                                 "precision@1",
                                                                 "precision@5",
                                                                 "precision@10",
                                                                 "recall@1",
                                                                 "recall@5",
                                                                 "recall@10",
                                                                 "F1@1",
                                                                 "F1@5",
                                                                 "F1@10",
                                                                 "micro_precision@t",
                                                                 "micro_recall@t",
                                                                 "micro_F1@t",
                                                                 "macro_precision@t",
                                                                 "macro_recall@t",
                                                                 "macro_F1@t",
                                                                 "MedR",
                                                                 "MeanR",
                                                                 "MRR"},
                            .may_be_empty = true}});
  return kOptions;
}

std::optional<IntervalRequest> intervals_asked(const Section& eval) {
  const std::string& method = eval.text("intervals");
  if (method == "none") return std::nullopt;
  return IntervalRequest{{method == "bca" ? IntervalMethod::kBca : IntervalMethod::kPercentile,
                          eval.real("interval_level")},
                         static_cast<std::size_t>(eval.integer("resamples"))};
}

std::string TrialSpec::row() const {
  std::vector<std::string> parts;
  for (const auto& [key, value] : axes) parts.push_back(key + "=" + value);
  if (parts.empty()) return variant_name(*this);
  if (case_name.empty()) return fmt::format("{}", fmt::join(parts, ", "));
  return fmt::format("{} ({})", case_name, fmt::join(parts, ", "));
}

std::vector<const TrialSpec*> TrialSpec::models() const {
  if (!is_ensemble()) return {this};
  std::vector<const TrialSpec*> all;
  for (const TrialSpec& member : members) all.push_back(&member);
  return all;
}

Split TrialSpec::split() const { return *split_from(eval.text("split")); }

Json to_json(const TrialSpec& spec) {
  const auto features = [](const FeatureSpec& part) {
    Json json = to_json(part.options);
    json["kind"] = part.kind;
    return json;
  };
  Json json{{"case", spec.case_name},
            {"axes", spec.axes},
            {"seed", spec.seed},
            {"dataset", {{"file", spec.dataset.string()}}},
            {"train", to_json(spec.train)},
            {"eval", to_json(spec.eval)}};
  if (spec.is_ensemble()) {
    json["weights"] = spec.weights;
    for (const TrialSpec& member : spec.members) json["members"].push_back(to_json(member));
    return json;
  }
  json["features"] = {{std::string(name_of(spec.first)), features(spec.first_features)},
                      {std::string(name_of(spec.second)), features(spec.second_features)}};
  json["aligner"] = to_json(spec.aligner_options);
  json["aligner"]["kind"] = spec.aligner;
  return json;
}

TrialSpec spec_from_json(const Json& json) {
  TrialSpec spec;
  json.at("case").get_to(spec.case_name);
  json.at("axes").get_to(spec.axes);
  json.at("seed").get_to(spec.seed);
  spec.dataset = json.at("dataset").at("file").get<std::string>();
  spec.train = section_from_json(json.at("train"), train_options());
  spec.eval = section_from_json(json.at("eval"), eval_options());
  if (json.contains("members")) {
    json.at("weights").get_to(spec.weights);
    for (const Json& member : json.at("members")) spec.members.push_back(spec_from_json(member));
    spec.first = spec.members.at(0).first;
    spec.second = spec.members.at(0).second;
    return spec;
  }
  std::vector<std::pair<Modality, FeatureSpec>> sides;
  for (const Modality modality : kModalities) {
    const std::string name(name_of(modality));
    if (!json.at("features").contains(name)) continue;
    const Json& part = json.at("features").at(name);
    const std::string kind = part.at("kind");
    sides.emplace_back(
        modality, FeatureSpec{kind, section_from_json(
                                        part, feature_options(feature_rows(kind, modality, {})))});
  }
  std::tie(spec.first, spec.first_features) = sides.at(0);
  std::tie(spec.second, spec.second_features) = sides.at(1);
  json.at("aligner").at("kind").get_to(spec.aligner);
  spec.aligner_options = section_from_json(
      json.at("aligner"), find_row(aligner_catalog(), spec.aligner, "aligner", {}).options);
  return spec;
}

std::string trial_id(const TrialSpec& spec, const std::string& content) {
  Json identity = to_json(spec);
  identity.erase("case");
  identity.erase("axes");
  for (const char* afterwards : {"metrics", "intervals", "interval_level", "resamples"}) {
    identity["eval"].erase(afterwards);
  }
  // A member is what it embeds; how it would be evaluated by itself is of no matter.
  if (spec.is_ensemble()) {
    for (Json& member : identity["members"]) {
      for (const char* own : {"case", "axes", "eval", "dataset"}) member.erase(own);
    }
  }
  identity["dataset"] = content;
  return hash_of(identity.dump()).hex().substr(0, 16);
}

std::string spec_hash(const TrialSpec& spec, const std::string& content) {
  Json whole = to_json(spec);
  whole["dataset"] = content;
  for (const TrialSpec* model : spec.models()) {
    whole["files"].push_back(files_of(model->first_features));
    whole["files"].push_back(files_of(model->second_features));
  }
  whole["stage_versions"] = {kExtractorVersion,  kFeaturesVersion, kModelVersion,  kFusionVersion,
                             kEmbeddingsVersion, kRanksVersion,    kMetricsVersion};
  return hash_of(whole.dump()).hex();
}

}  // namespace alignlab
