#include "run/resolve_trial.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "align/aligner.h"
#include "core/error.h"
#include "core/suggest.h"
#include "eval/metrics.h"
#include "run/kernels.h"
#include "run/measures.h"
#include "run/trial_data.h"
#include "search/hubness.h"

namespace alignlab {
namespace {

const std::vector<std::string> kTopKeys{"experiment", "dataset",   "features", "aligner",
                                        "train",      "eval",      "seed",     "sweep",
                                        "ensemble",   "published", "table"};

[[noreturn]] void fail_missing(const Node& tree, const std::string& section,
                               const std::string& key) {
  throw ConfigError(
      fmt::format("{}: [{}] is missing: it must say '{}'", tree.place.source, section, key));
}

std::string kind_of(const Node& tree, const std::string& name) {
  const Node* section = tree.find(name);
  if (section == nullptr) fail_missing(tree, name, "kind");
  const Node* kind = section->find("kind");
  if (kind == nullptr) {
    throw ConfigError(fmt::format("{}: [{}] must say 'kind'", section->place.text(), name));
  }
  if (!std::holds_alternative<std::string>(kind->value)) {
    throw ConfigError(fmt::format("{}: {}.kind: expected a string, found {}", kind->place.text(),
                                  name, kind->kind_name()));
  }
  return kind->text();
}

/// A trial would only find out when its turn comes.
void check_files(const Node& section, const std::string& name, const Options& options,
                 const Section& values) {
  for (const Option& option : options) {
    if (!option.names_file || values.text(option.name).empty()) continue;
    const std::filesystem::path file = values.text(option.name);
    std::error_code error;
    if (std::filesystem::is_regular_file(file, error)) continue;
    const Node* written = section.find(option.name);
    throw ConfigError(fmt::format("{}: {}.{}: expected a file, found none at '{}'{}",
                                  (written == nullptr ? section : *written).place.text(), name,
                                  option.name, file.string(), where_looked(file)));
  }
}

FeatureSpec resolve_features(const Node& tree, Modality modality) {
  const std::string section = fmt::format("features.{}", name_of(modality));
  const Node* node = tree.find(section);
  FeatureSpec spec{kind_of(tree, section), {}};
  const auto rows = feature_rows(spec.kind, modality, node->find("kind")->place);
  const Options options = feature_options(rows);
  spec.options = resolve(node, options, section, {"kind"});
  check_features(spec, node->place);
  check_files(*node, section, options, spec.options);
  return spec;
}

std::vector<Modality> resolve_modalities(const Node& tree) {
  const Node* features = tree.find("features");
  std::vector<Modality> found;
  if (features != nullptr && features->is_table()) {
    std::vector<std::string> known;
    for (const Modality modality : kModalities) known.emplace_back(name_of(modality));
    for (const auto& [name, node] : features->table()) {
      const auto modality = modality_from(name);
      if (!modality) fail_unknown("modality", name, known, node.place);
      found.push_back(*modality);
    }
  }
  std::ranges::sort(found);
  if (found.size() != 2) {
    throw ConfigError(fmt::format("{}: expected [features.<modality>] for two modalities, found {}",
                                  features == nullptr ? tree.place.source : features->place.text(),
                                  found.size()));
  }
  return found;
}

/// A value that nothing reads would still make another trial of it.
void check_effect(const Node& tree, const Section& eval, const std::string& key,
                  const std::string& other, const std::vector<std::string>& values) {
  const Node* written = tree.find("eval." + key);
  if (written == nullptr || std::ranges::find(values, eval.text(other)) != values.end()) return;
  throw ConfigError(fmt::format(
      "{}: eval.{} has an effect only with eval.{} = \"{}\"; it is \"{}\"", written->place.text(),
      key, other, fmt::join(values, "\" or \""), eval.text(other)));
}

bool is_gated(const Section& eval) { return Correction{eval.text("correction")}.is_gated(); }

void check_metric_names(const Node& tree, const Section& eval) {
  const Node* node = tree.find("eval.metrics");
  const Place place = node == nullptr ? Place{} : node->place;
  for (const std::string& name : eval.texts("metrics")) {
    const MetricName metric = parse_metric(name, place);
    if (node != nullptr && is_gated(eval) && (metric.uses_threshold() || metric.uses_curve())) {
      throw ConfigError(fmt::format(
          "{}: metric '{}' compares scores of different queries; correction '{}' leaves them on "
          "different scales",
          place.text(), name, eval.text("correction")));
    }
    if (node == nullptr || is_exact_kernel(eval.text("kernel")) || metric.is_of_first_k()) continue;
    throw ConfigError(fmt::format(
        "{}: metric '{}' needs every rank; kernel '{}' finds lists, which tell metrics of the "
        "first k, such as R@10",
        place.text(), name, eval.text("kernel")));
  }
}

FeatureForm form_of(Modality modality, const FeatureSpec& features) {
  return feature_rows(features.kind, modality, Place{})[0]->form;
}

void check_form(const Node& tree, Modality modality, const FeatureSpec& features,
                const AlignerRow& aligner) {
  const Node* kind = tree.find(fmt::format("features.{}.kind", name_of(modality)));
  const FeatureForm form = feature_rows(features.kind, modality, kind->place)[0]->form;
  if (std::ranges::find(aligner.forms, form) != aligner.forms.end()) return;
  std::string forms;
  for (const FeatureForm taken : aligner.forms) {
    forms += (forms.empty() ? "" : ", ") + std::string(name_of(taken));
  }
  throw ConfigError(fmt::format("{}: aligner '{}' takes features that are {}; '{}' is {}",
                                kind->place.text(), aligner.name, forms, features.kind,
                                name_of(form)));
}

}  // namespace

TrialSpec resolve_trial(const Node& tree) {
  for (const auto& [key, node] : tree.table()) {
    if (std::ranges::find(kTopKeys, key) == kTopKeys.end()) {
      throw ConfigError(
          fmt::format("{}: unknown key '{}'{}", node.place.text(), key, suggestion(key, kTopKeys)));
    }
  }
  TrialSpec spec;
  Node seed_only;
  if (const Node* seed = tree.find("seed")) seed_only.set("seed", *seed);
  spec.seed = resolve(&seed_only, seed_options(), "").integer("seed");
  resolve(tree.find("experiment"), experiment_options(), "experiment");
  if (tree.find("dataset") == nullptr) fail_missing(tree, "dataset", "file");
  spec.dataset = resolve(tree.find("dataset"), dataset_options(), "dataset").text("file");
  const std::vector<Modality> modalities = resolve_modalities(tree);
  spec.first = modalities[0];
  spec.second = modalities[1];
  spec.first_features = resolve_features(tree, spec.first);
  spec.second_features = resolve_features(tree, spec.second);
  const Node* aligner = tree.find("aligner");
  spec.aligner = kind_of(tree, "aligner");
  const AlignerRow& row =
      find_row(aligner_catalog(), spec.aligner, "aligner", aligner->find("kind")->place);
  spec.aligner_options = resolve(aligner, row.options, "aligner", {"kind"});
  check_form(tree, spec.first, spec.first_features, row);
  check_form(tree, spec.second, spec.second_features, row);
  check_aligner(
      spec.aligner, spec.aligner_options,
      {form_of(spec.first, spec.first_features), form_of(spec.second, spec.second_features)},
      aligner->find("kind")->place);
  spec.train = resolve(tree.find("train"), train_options(), "train");
  spec.eval = resolve_eval(tree);
  return spec;
}

void check_correction(const Node& tree, const Section& eval) {
  for (const std::string option : {"bank", "neighbours", "temperature", "iterations"}) {
    check_effect(tree, eval, "correction_" + option, "correction", corrections_that_read(option));
  }
  if (is_gated(eval) && !is_exact_kernel(eval.text("kernel"))) {
    throw ConfigError(fmt::format(
        "{}: eval.correction \"{}\" is not for every query, so it needs an exact kernel; found "
        "\"{}\"",
        tree.find("eval.correction")->place.text(), eval.text("correction"), eval.text("kernel")));
  }
}

Section resolve_eval(const Node& tree) {
  Section eval = resolve(tree.find("eval"), eval_options(), "eval");
  check_effect(tree, eval, "threshold", "threshold_from", {"value"});
  check_correction(tree, eval);
  for (const Option& option : kernel_options()) {
    check_effect(tree, eval, option.name, "kernel", kernels_that_read(option.name));
  }
  check_metric_names(tree, eval);
  for (const std::string& name : eval.texts("measures")) {
    find_row(measure_catalog(), name, "measure", tree.find("eval.measures")->place);
  }
  return eval;
}

bool has_option(const Node& tree, const std::string& key) {
  const auto in = [&](const Options& options, std::string_view section) {
    if (!key.starts_with(section)) return false;
    return std::ranges::find(options, key.substr(section.size()), &Option::name) != options.end();
  };
  if (key == "seed" || in(dataset_options(), "dataset.") || in(train_options(), "train.") ||
      in(eval_options(), "eval.")) {
    return true;
  }
  if (key.starts_with("aligner.")) {
    const Node* kind = tree.find("aligner.kind");
    if (key == "aligner.kind") return true;
    const auto row = kind == nullptr
                         ? aligner_catalog().end()
                         : std::ranges::find(aligner_catalog(), kind->text(), &AlignerRow::name);
    return row != aligner_catalog().end() && in(row->options, "aligner.");
  }
  for (const Modality modality : kModalities) {
    const std::string section = fmt::format("features.{}.", name_of(modality));
    if (!key.starts_with(section)) continue;
    const Node* kind = tree.find(section + "kind");
    if (key == section + "kind") return true;
    if (kind == nullptr) return false;
    return in(feature_options(feature_rows(kind->text(), modality, kind->place)), section);
  }
  return false;
}

std::vector<std::string> known_keys(const std::vector<Node>& trees) {
  std::set<std::string> keys{"seed", "dataset.file", "aligner.kind"};
  const auto add = [&](const Options& options, const std::string& section) {
    for (const Option& option : options) keys.insert(section + option.name);
  };
  add(train_options(), "train.");
  add(eval_options(), "eval.");
  for (const Node& tree : trees) {
    if (const Node* kind = tree.find("aligner.kind")) {
      const auto row = std::ranges::find(aligner_catalog(), kind->text(), &AlignerRow::name);
      if (row != aligner_catalog().end()) add(row->options, "aligner.");
    }
  }
  for (const Modality modality : kModalities) {
    const std::string section = fmt::format("features.{}.", name_of(modality));
    for (const Node& tree : trees) {
      const Node* kind = tree.find(section + "kind");
      if (kind == nullptr) continue;
      keys.insert(section + "kind");
      add(feature_options(feature_rows(kind->text(), modality, kind->place)), section);
    }
  }
  return {keys.begin(), keys.end()};
}

const Options& experiment_options() {
  static const Options kOptions{
      {.name = "name", .summary = "names the run's folder", .fallback = std::string("run")},
      {.name = "description", .summary = "for readers", .fallback = std::string()}};
  return kOptions;
}

const Options& dataset_options() {
  static const Options kOptions{{.name = "file",
                                 .summary = "the data set, an HDF5 file that `import` wrote",
                                 .fallback = std::string(),
                                 .required = true}};
  return kOptions;
}

const Options& seed_options() {
  static const Options kOptions{{.name = "seed",
                                 .summary = "of every random stream of a trial",
                                 .fallback = std::int64_t{0},
                                 .least = 0}};
  return kOptions;
}

}  // namespace alignlab
