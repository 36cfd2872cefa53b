#include "run/experiment.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <map>
#include <set>

#include "align/aligner.h"
#include "core/error.h"
#include "core/suggest.h"
#include "eval/columns.h"
#include "eval/metrics.h"
#include "run/trial_data.h"

namespace alignlab {
namespace {

const std::vector<std::string> kTopKeys{"experiment", "dataset", "features", "aligner", "train",
                                        "eval",       "seed",    "sweep",    "table"};

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

const Options& table_options() {
  static const Options kOptions{{.name = "rows",
                                 .summary = "a row for each case and axis value, seeds folded",
                                 .fallback = std::string("case"),
                                 .choices = {"case"}},
                                {.name = "columns",
                                 .summary = "direction.metric, both.rsum or timing.<what>_s",
                                 .fallback = std::vector<std::string>{},
                                 .may_be_empty = true}};
  return kOptions;
}

const Options& seed_options() {
  static const Options kOptions{{.name = "seed",
                                 .summary = "of every random stream of a trial",
                                 .fallback = std::int64_t{0},
                                 .least = 0}};
  return kOptions;
}

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

/// A number that nothing reads would still make another trial of it.
void check_threshold(const Node& tree, const Section& eval) {
  const Node* threshold = tree.find("eval.threshold");
  if (threshold == nullptr || eval.text("threshold_from") == "value") return;
  throw ConfigError(fmt::format(
      "{}: eval.threshold has an effect only with eval.threshold_from = \"value\"; it is \"{}\"",
      threshold->place.text(), eval.text("threshold_from")));
}

void check_metric_names(const Node& tree, const Section& eval) {
  const Node* node = tree.find("eval.metrics");
  const Place place = node == nullptr ? Place{} : node->place;
  for (const std::string& name : eval.texts("metrics")) parse_metric(name, place);
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
  spec.train = resolve(tree.find("train"), train_options(), "train");
  spec.eval = resolve(tree.find("eval"), eval_options(), "eval");
  check_threshold(tree, spec.eval);
  check_metric_names(tree, spec.eval);
  return spec;
}

/// Whether a trial of this tree has the option `key` at all.
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

/// Every option that some trial has, for suggestions.
std::vector<std::string> known_keys(const std::vector<Variant>& variants) {
  std::set<std::string> keys{"seed", "dataset.file", "aligner.kind"};
  const auto add = [&](const Options& options, const std::string& section) {
    for (const Option& option : options) keys.insert(section + option.name);
  };
  add(train_options(), "train.");
  add(eval_options(), "eval.");
  for (const Variant& variant : variants) {
    if (const Node* kind = variant.tree.find("aligner.kind")) {
      const auto row = std::ranges::find(aligner_catalog(), kind->text(), &AlignerRow::name);
      if (row != aligner_catalog().end()) add(row->options, "aligner.");
    }
  }
  for (const Modality modality : kModalities) {
    const std::string section = fmt::format("features.{}.", name_of(modality));
    for (const Variant& variant : variants) {
      const Node* kind = variant.tree.find(section + "kind");
      if (kind == nullptr) continue;
      keys.insert(section + "kind");
      add(feature_options(feature_rows(kind->text(), modality, kind->place)), section);
    }
  }
  return {keys.begin(), keys.end()};
}

/// The name becomes a folder's.
void check_name(const std::string& name, const Node& document) {
  const bool plain = std::ranges::all_of(name, [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '-' || c == '_' || c == '.' || c == ' ' || c >= 0x80;
  });
  if (plain && !name.empty() && !name.starts_with('.')) return;
  const Node* written = document.find("experiment.name");
  throw ConfigError(fmt::format(
      "{}: experiment.name: expected letters, digits, '-', '_', '.' and spaces, found '{}'",
      written == nullptr ? document.place.text() : written->place.text(), name));
}

/// Experiment and table are not axes: an override of theirs sets the document itself.
Node with_document_overrides(const Node& document, std::vector<Override>& overrides) {
  Node out = document;
  std::erase_if(overrides, [&](const Override& given) {
    if (!given.key.starts_with("experiment.") && !given.key.starts_with("table.")) return false;
    Node node = given.values.front();
    if (given.values.size() > 1) {
      node.value = Node::Array(given.values.begin(), given.values.end());
    }
    out.set(given.key, std::move(node));
    return true;
  });
  return out;
}

/// A column of the table is a metric of the record, whether or not [eval] lists it.
void add_table_metrics(const TableSpec& table, std::vector<TrialSpec>& trials) {
  for (TrialSpec& trial : trials) {
    std::vector<std::string> metrics = trial.eval.texts("metrics");
    for (const std::string& column : table.columns) {
      const std::string metric = metric_of_column(column);
      if (metric.empty()) continue;
      if (std::ranges::find(metrics, metric) == metrics.end()) metrics.push_back(metric);
    }
    trial.eval.set("metrics", metrics);
  }
}

/// Trials that differ in nothing but what they measure are one trial that measures it all.
void share_metrics(std::vector<TrialSpec>& trials) {
  std::map<std::string, std::vector<std::string>> wanted;
  for (const TrialSpec& trial : trials) {
    std::vector<std::string>& all = wanted[trial_id(trial, trial.dataset.string())];
    for (const std::string& metric : trial.eval.texts("metrics")) {
      if (std::ranges::find(all, metric) == all.end()) all.push_back(metric);
    }
  }
  for (TrialSpec& trial : trials)
    trial.eval.set("metrics", wanted.at(trial_id(trial, trial.dataset.string())));
}

TableSpec resolve_table(const Node& document, const std::vector<TrialSpec>& trials) {
  const Section section = resolve(document.find("table"), table_options(), "table");
  TableSpec table{section.texts("columns")};
  const Node* written = document.find("table.columns");
  // A column that no record could fill would only show as "n/a" once everything has run.
  std::set<std::string> directions;
  for (const TrialSpec& trial : trials) {
    directions.insert(direction_key(trial.first, trial.second));
    directions.insert(direction_key(trial.second, trial.first));
  }
  for (const std::string& column : table.columns) {
    check_column(column, {directions.begin(), directions.end()}, written->place);
  }
  if (table.columns.empty()) {
    for (const auto& [query, candidate] :
         {std::pair(trials.front().first, trials.front().second),
          std::pair(trials.front().second, trials.front().first)}) {
      for (const char* metric : {"R@1", "R@5", "R@10", "MedR"}) {
        table.columns.push_back(direction_key(query, candidate) + "." + metric);
      }
    }
    table.columns.emplace_back("both.rsum");
  }
  return table;
}

}  // namespace

const std::vector<CatalogRow>& section_catalog() {
  static const std::vector<CatalogRow> kRows{
      {"top", "options above all sections", seed_options()},
      {"experiment", "options of [experiment]", experiment_options()},
      {"dataset", "options of [dataset]", dataset_options()},
      {"train", "options of [train]", train_options()},
      {"eval", "options of [eval]", eval_options()},
      {"table", "options of [table]; `list columns` has what columns can be", table_options()}};
  return kRows;
}

Experiment resolve_experiment(const Node& document, const std::vector<Override>& overrides) {
  std::vector<Override> axes_given = overrides;
  const Node whole = with_document_overrides(document, axes_given);
  const std::vector<Variant> variants = expand(whole, axes_given);

  Experiment out;
  std::map<std::string, bool> used;  // axis -> some trial has it
  std::map<std::string, Place> places;
  std::map<std::string, std::set<std::string>> replaced;     // axis -> cases that set it too
  std::map<std::string, std::set<std::string>> dropped_for;  // axis -> aligners without it
  for (const Variant& variant : variants) {
    Node tree = variant.tree;
    std::vector<std::pair<std::string, std::string>> axes;
    for (const Assignment& given : variant.assignments) {
      places.emplace(given.key, given.node.place);
      const bool has = has_option(tree, given.key);
      used[given.key] |= has;
      if (!has) {
        const Node* kind = tree.find("aligner.kind");
        dropped_for[given.key].insert(!variant.case_name.empty() ? variant.case_name
                                      : kind != nullptr          ? kind->text()
                                                                 : "?");
        continue;
      }
      if (given.varies && given.key == "eval.metrics") {
        throw ConfigError(
            fmt::format("{}: eval.metrics is a list, not an axis: write "
                        "eval.metrics=[\"R@1\",\"R@5\"]",
                        given.node.place.text()));
      }
      if (variant.set_keys.contains(given.key)) replaced[given.key].insert(variant.case_name);
      if (!is_kind(given.key)) tree.set(given.key, given.node);
      if (given.varies && given.key != "seed") axes.emplace_back(given.key, given.node.text());
    }
    TrialSpec spec = resolve_trial(tree);
    spec.case_name = variant.case_name;
    spec.axes = std::move(axes);
    const bool known = std::ranges::find(out.trials, spec) != out.trials.end();
    if (!known) out.trials.push_back(std::move(spec));
  }
  for (const auto& [key, has] : used) {
    if (has) continue;
    const std::vector<std::string> known = known_keys(variants);
    throw ConfigError(fmt::format("{}: no trial has an option '{}'{}", places.at(key).text(), key,
                                  suggestion(key, known)));
  }
  for (const auto& [key, cases] : replaced) {
    out.notices.push_back(fmt::format("'{}' as an axis or override replaces what {} sets", key,
                                      fmt::join(cases, ", ")));
  }
  for (const auto& [key, cases] : dropped_for) {
    out.notices.push_back(fmt::format("'{}' does not apply to {} and is left out there", key,
                                      fmt::join(cases, ", ")));
  }
  if (variants.size() > out.trials.size()) {
    out.notices.push_back(fmt::format("{} of {} trials are equal to others and run once",
                                      variants.size() - out.trials.size(), variants.size()));
  }
  out.name = resolve(whole.find("experiment"), experiment_options(), "experiment").text("name");
  check_name(out.name, whole);
  out.table = resolve_table(whole, out.trials);
  add_table_metrics(out.table, out.trials);
  share_metrics(out.trials);
  return out;
}

}  // namespace alignlab
