#include "run/experiment.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <map>
#include <optional>
#include <set>

#include "align/aligner.h"
#include "core/error.h"
#include "core/suggest.h"
#include "eval/columns.h"
#include "run/ensemble_entry.h"
#include "run/published_rows.h"
#include "run/resolve_trial.h"

namespace alignlab {
namespace {

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

std::vector<std::string> directions_of(const std::vector<TrialSpec>& trials) {
  std::set<std::string> directions;
  for (const TrialSpec& trial : trials) {
    directions.insert(direction_key(trial.first, trial.second));
    directions.insert(direction_key(trial.second, trial.first));
  }
  return {directions.begin(), directions.end()};
}

TableSpec resolve_table(const Node& document, const std::vector<TrialSpec>& trials) {
  const Section section = resolve(document.find("table"), table_options(), "table");
  TableSpec table{section.texts("columns")};
  const Node* written = document.find("table.columns");
  // A column that no record could fill would only show as "n/a" once everything has run.
  for (const std::string& column : table.columns) {
    check_column(column, directions_of(trials), written->place);
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

/// From the config's variants to trials, with what is to be said about how.
class Resolution {
 public:
  explicit Resolution(std::vector<Variant> variants) : variants_(std::move(variants)) {}

  void add_trials(std::vector<TrialSpec>& trials) {
    for (const Variant& variant : variants_) add(trials, trial_of(variant, {}));
    require_axes_used();
  }

  void add_ensembles(const std::vector<EnsembleEntry>& entries, const Node& base,
                     std::vector<TrialSpec>& trials) {
    for (const EnsembleEntry& entry : entries) {
      const std::vector<std::vector<const Variant*>> members = members_of(entry);
      for (std::size_t step = 0; step < members.front().size(); ++step) {
        add(trials, ensemble_of(entry, base, members, step));
      }
    }
  }

  std::vector<std::string> notices() const {
    std::vector<std::string> out;
    for (const auto& [key, cases] : replaced_) {
      out.push_back(fmt::format("'{}' as an axis or override replaces what {} sets", key,
                                fmt::join(cases, ", ")));
    }
    for (const auto& [key, cases] : dropped_for_) {
      out.push_back(fmt::format("'{}' does not apply to {} and is left out there", key,
                                fmt::join(cases, ", ")));
    }
    if (!without_seed_.empty()) {
      out.push_back(fmt::format("{} draw{} nothing at random: one trial for all seeds",
                                fmt::join(without_seed_, ", "),
                                without_seed_.size() == 1 ? "s" : ""));
    }
    if (equal_ > 0) {
      out.push_back(fmt::format("{} of {} trials are equal to others and run once", equal_, all_));
    }
    return out;
  }

 private:
  void add(std::vector<TrialSpec>& trials, TrialSpec spec) {
    ++all_;
    if (std::ranges::find(trials, spec) == trials.end()) {
      trials.push_back(std::move(spec));
    } else if (!seed_left_out_) {
      ++equal_;
    } else {
      --all_;
    }
  }

  /// A seed in place of the variant's, perhaps one of several.
  struct MemberSeed {
    std::optional<std::int64_t> seed;
    bool of_several = false;
  };

  TrialSpec trial_of(const Variant& variant, const MemberSeed& member) {
    Node tree = variant.tree;
    std::vector<std::pair<std::string, std::string>> axes;
    bool has_seeds = member.of_several;
    for (const Assignment& given : variant.assignments) {
      places_.emplace(given.key, given.node.place);
      const bool has = has_option(tree, given.key);
      used_[given.key] |= has;
      if (!has) {
        dropped_for_[given.key].insert(name_of(variant));
        continue;
      }
      if (given.varies && given.key == "eval.metrics") {
        throw ConfigError(
            fmt::format("{}: eval.metrics is a list, not an axis: write "
                        "eval.metrics=[\"R@1\",\"R@5\"]",
                        given.node.place.text()));
      }
      if (variant.set_keys.contains(given.key)) replaced_[given.key].insert(variant.case_name);
      if (!is_kind(given.key)) tree.set(given.key, given.node);
      if (given.varies && given.key != "seed") axes.emplace_back(given.key, given.node.text());
      has_seeds |= given.varies && given.key == "seed";
    }
    TrialSpec spec = resolve_trial(tree);
    spec.case_name = variant.case_name;
    spec.axes = std::move(axes);
    if (member.seed) spec.seed = *member.seed;
    seed_left_out_ = has_seeds && !draws(spec);
    if (seed_left_out_) {
      spec.seed = 0;
      if (!member.seed) without_seed_.insert(name_of(variant));
    }
    return spec;
  }

  static std::string name_of(const Variant& variant) {
    if (!variant.case_name.empty()) return variant.case_name;
    const Node* kind = variant.tree.find("aligner.kind");
    return kind != nullptr ? kind->text() : "?";
  }

  static bool draws(const TrialSpec& spec) {
    if (spec.eval.text("control") == "oracle") return false;
    return find_row(aligner_catalog(), spec.aligner, "aligner", {}).draws ||
           spec.train.integer("label_budget") > 0;
  }

  void require_axes_used() const {
    for (const auto& [key, has] : used_) {
      if (has) continue;
      std::vector<Node> trees;
      for (const Variant& variant : variants_) trees.push_back(variant.tree);
      throw ConfigError(fmt::format("{}: no trial has an option '{}'{}", places_.at(key).text(),
                                    key, suggestion(key, known_keys(trees))));
    }
  }

  /// Of each member the variants, which come in the same order of axes for every case.
  std::vector<std::vector<const Variant*>> members_of(const EnsembleEntry& entry) const {
    std::set<std::string> cases;
    for (const Variant& variant : variants_) cases.insert(variant.case_name);
    if (cases.contains(entry.name)) {
      throw ConfigError(
          fmt::format("{}: a sweep.case is named '{}' too", entry.place.text(), entry.name));
    }
    std::vector<std::vector<const Variant*>> out;
    for (const std::string& member : entry.members) {
      if (member.empty() || !cases.contains(member)) {
        throw ConfigError(fmt::format(
            "{}: ensemble '{}': no sweep.case is named '{}'{}", entry.place.text(), entry.name,
            member, suggestion(member, std::vector<std::string>(cases.begin(), cases.end()))));
      }
      out.emplace_back();
      for (const Variant& variant : variants_) {
        if (variant.case_name == member) out.back().push_back(&variant);
      }
    }
    return out;
  }

  TrialSpec ensemble_of(const EnsembleEntry& entry, const Node& base,
                        const std::vector<std::vector<const Variant*>>& members, std::size_t step) {
    TrialSpec spec;
    spec.case_name = entry.name;
    Node tree = base;
    for (const auto& [key, node] : entry.set) tree.set(key, node);
    bool has_seeds = false;
    for (const Assignment& given : members.front()[step]->assignments) {
      const bool own = given.key.starts_with("eval.") || given.key.starts_with("train.");
      if (own || given.key == "seed") tree.set(given.key, given.node);
      has_seeds |= given.varies && given.key == "seed";
    }
    const Node* seed = tree.find("seed");
    Node seed_only;
    if (seed != nullptr) seed_only.set("seed", *seed);
    spec.seed = resolve(&seed_only, seed_options(), "").integer("seed");
    spec.train = resolve(tree.find("train"), train_options(), "train");
    spec.eval = resolve_eval(tree);
    bool draws_nothing = true;
    for (std::size_t m = 0; m < members.size(); ++m) {
      const std::int64_t first_seed = spec.seed * entry.seeds;
      std::size_t copies = 0;
      for (std::int64_t s = 0; s < entry.seeds; ++s) {
        TrialSpec member = trial_of(*members[m][step], {first_seed + s, entry.seeds > 1});
        const bool is_new = s == 0 || !seed_left_out_;
        if (!is_new) continue;
        draws_nothing &= seed_left_out_;
        for (const auto& axis : member.axes) {
          if (std::ranges::find(spec.axes, axis) == spec.axes.end()) spec.axes.push_back(axis);
        }
        member.axes.clear();
        spec.weights.push_back(entry.weights.empty() ? 1.0 : entry.weights[m]);
        ++copies;
        spec.members.push_back(std::move(member));
      }
      // Several of a member share its weight.
      for (std::size_t c = spec.weights.size() - copies; c < spec.weights.size(); ++c) {
        spec.weights[c] /= static_cast<double>(copies);
      }
    }
    seed_left_out_ = has_seeds && draws_nothing;
    if (seed_left_out_) spec.seed = 0;
    require_alike(entry, spec);
    return spec;
  }

  static void require_alike(const EnsembleEntry& entry, TrialSpec& spec) {
    const TrialSpec& first = spec.members.front();
    spec.dataset = first.dataset;
    spec.first = first.first;
    spec.second = first.second;
    for (const TrialSpec& member : spec.members) {
      if (member.eval.text("control") != "none") {
        throw ConfigError(
            fmt::format("{}: ensemble '{}': '{}' is a control, which has no scores "
                        "to add",
                        entry.place.text(), entry.name, member.case_name));
      }
      if (member.dataset == first.dataset && member.first == first.first &&
          member.second == first.second) {
        continue;
      }
      throw ConfigError(fmt::format("{}: ensemble '{}': '{}' and '{}' align other data",
                                    entry.place.text(), entry.name, first.case_name,
                                    member.case_name));
    }
    if (spec.eval.text("similarity") == "euclidean") {
      throw ConfigError(
          fmt::format("{}: ensemble '{}' adds products of rows; with eval.similarity "
                      "\"euclidean\" there are none",
                      entry.place.text(), entry.name));
    }
  }

  std::vector<Variant> variants_;
  std::map<std::string, bool> used_;  // axis -> some trial has it
  std::map<std::string, Place> places_;
  std::map<std::string, std::set<std::string>> replaced_;     // axis -> cases that set it too
  std::map<std::string, std::set<std::string>> dropped_for_;  // axis -> aligners without it
  std::set<std::string> without_seed_;
  bool seed_left_out_ = false;  // of the last trial
  std::size_t all_ = 0;
  std::size_t equal_ = 0;
};

}  // namespace

const std::vector<CatalogRow>& section_catalog() {
  static const std::vector<CatalogRow> kRows{
      {"top", "options above all sections", seed_options()},
      {"experiment", "options of [experiment]", experiment_options()},
      {"dataset", "options of [dataset]", dataset_options()},
      {"train", "options of [train]", train_options()},
      {"eval", "options of [eval]", eval_options()},
      {"ensemble", "options of each [[ensemble]]", ensemble_options()},
      {"published", "options of each [[published]]", published_options()},
      {"table", "options of [table]; `list columns` has what columns can be", table_options()}};
  return kRows;
}

Experiment resolve_experiment(const Node& document, const std::vector<Override>& overrides) {
  std::vector<Override> axes_given = overrides;
  const Node whole = with_document_overrides(document, axes_given);
  Node base = whole;
  for (const char* section : {"sweep", "ensemble", "published"}) base.erase(section);
  const std::vector<EnsembleEntry> ensembles = read_ensembles(whole);
  Experiment out;
  Resolution resolution(expand(whole, axes_given));
  resolution.add_trials(out.trials);
  resolution.add_ensembles(ensembles, base, out.trials);
  out.notices = resolution.notices();
  out.name = resolve(whole.find("experiment"), experiment_options(), "experiment").text("name");
  check_name(out.name, whole);
  out.table = resolve_table(whole, out.trials);
  out.published = read_published(whole, directions_of(out.trials));
  add_table_metrics(out.table, out.trials);
  share_metrics(out.trials);
  return out;
}

}  // namespace alignlab
