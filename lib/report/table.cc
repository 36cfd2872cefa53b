#include "report/table.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "core/error.h"
#include "core/modality.h"
#include "eval/columns.h"
#include "record/manifest.h"
#include "record/trial_record.h"

namespace alignlab {
namespace {

/// What the trials of some runs are evaluated on, in each way that they can differ.
class Evaluations {
 public:
  void add(const PlannedTrial& trial) {
    protocols_.insert(protocol_of(trial));
    if (!trial.modalities.empty()) modalities_.insert(modalities_of(trial));
    if (!trial.data.empty()) datasets_.emplace(trial.data, trial.dataset);
  }
  bool differ() const {
    return protocols_.size() > 1 || modalities_.size() > 1 || datasets_.size() > 1;
  }
  /// The protocols, and whatever else is not the same for all.
  std::string text() const {
    std::vector<std::string> parts(protocols_.begin(), protocols_.end());
    if (modalities_.size() > 1) parts.insert(parts.end(), modalities_.begin(), modalities_.end());
    if (datasets_.size() > 1) {
      for (const auto& [data, file] : datasets_) parts.push_back(dataset_of(data, file));
      std::ranges::sort(parts.end() - static_cast<std::ptrdiff_t>(datasets_.size()), parts.end());
    }
    return fmt::format("{}", fmt::join(parts, "; "));
  }
  /// What only differs is named; the protocol not where it alone is the same.
  std::string differences() const {
    std::string all = text();
    if (protocols_.size() == 1) all.erase(0, protocols_.begin()->size() + 2);
    return all;
  }
  /// For a row: what tells it from others.
  std::string mark(const PlannedTrial& trial) const {
    std::vector<std::string> parts;
    if (protocols_.size() > 1) parts.push_back(trial.protocol + ", " + trial.split);
    if (modalities_.size() > 1) parts.push_back(modalities_of(trial));
    if (datasets_.size() > 1) parts.push_back(dataset_of(trial.data, trial.dataset));
    return parts.empty() ? "" : fmt::format(" [{}]", fmt::join(parts, ", "));
  }

 private:
  static std::string protocol_of(const PlannedTrial& trial) {
    return fmt::format("protocol {} on {}", trial.protocol, trial.split);
  }
  static std::string modalities_of(const PlannedTrial& trial) {
    return fmt::format("{}", fmt::join(trial.modalities, " and "));
  }
  /// Files of one name are told apart by their content.
  std::string dataset_of(const std::string& data, const std::string& file) const {
    const auto same =
        std::ranges::count(datasets_, file, [](const auto& known) { return known.second; });
    return same > 1 ? fmt::format("data set {} of content {}", file, data.substr(0, 8))
                    : fmt::format("data set {}", file);
  }

  std::set<std::string> protocols_;
  std::set<std::string> modalities_;
  std::map<std::string, std::string> datasets_;  // the file by the hash of its content
};

/// The directions of all trials; any there can be, where a run does not say which it has.
std::vector<std::string> directions_of(const std::vector<Manifest>& manifests) {
  std::set<std::string> known;
  std::vector<std::string> any;
  for (const Modality a : kModalities) {
    for (const Modality b : kModalities) {
      if (a != b) any.push_back(direction_key(a, b));
    }
  }
  for (const Manifest& manifest : manifests) {
    for (const PlannedTrial& trial : manifest.trials) {
      if (trial.modalities.size() != 2) return any;
      const std::string& a = trial.modalities[0];
      const std::string& b = trial.modalities[1];
      known.insert({a + "_to_" + b, b + "_to_" + a});
    }
  }
  return {known.begin(), known.end()};
}

/// Whether the trial was told to compute the metric: then what is not there is not defined.
bool was_asked(const TrialRecord& record, const std::string& metric) {
  const auto& spec = record.spec;
  if (!spec.contains("eval") || !spec.at("eval").contains("metrics")) return false;
  const std::vector<std::string> metrics = spec.at("eval").at("metrics");
  return std::ranges::find(metrics, metric) != metrics.end();
}

/// Whether queries were answered with the others in sight.
bool is_transductive(const TrialRecord& record) {
  if (!record.spec.contains("eval")) return false;
  const nlohmann::json& eval = record.spec.at("eval");
  return eval.value("correction", "none") != "none" &&
         eval.value("correction_bank", "train") == "evaluated";
}

TableRow& row_named(ResultTable& table, const std::string& run, const std::string& name) {
  for (TableRow& row : table.rows) {
    if (row.run == run && row.name == name) return row;
  }
  table.rows.push_back({name, run, std::vector<Cell>(table.columns.size()), 0, 0, 0, {}});
  return table.rows.back();
}

/// Each once, however many of the runs show it.
void add_published(ResultTable& table, const std::vector<Manifest>& manifests) {
  for (const Manifest& manifest : manifests) {
    for (const PublishedRow& published : manifest.published) {
      const std::string name = published.name + " *";
      if (std::ranges::find(table.rows, name, &TableRow::name) != table.rows.end()) continue;
      TableRow row{name,
                   manifest.name,
                   std::vector<Cell>(table.columns.size()),
                   0,
                   0,
                   0,
                   fmt::format("{}, on {}", published.source, published.split)};
      for (std::size_t c = 0; c < table.columns.size(); ++c) {
        const std::string& column = table.columns[c];
        const auto value = published.values.find(column == "both.rsum" ? "rsum" : column);
        if (value != published.values.end()) row.cells[c].values.push_back(value->second);
      }
      table.rows.push_back(std::move(row));
    }
  }
}

/// "* published, read in SOURCE: NAME, NAME", a line a source.
std::vector<std::string> notes_on_published(const ResultTable& table) {
  std::vector<std::pair<std::string, std::vector<std::string>>> by_source;
  for (const TableRow& row : table.rows) {
    if (!row.is_published()) continue;
    auto found = std::ranges::find(by_source, row.source,
                                   &std::pair<std::string, std::vector<std::string>>::first);
    if (found == by_source.end()) found = by_source.insert(by_source.end(), {row.source, {}});
    found->second.push_back(row.name.substr(0, row.name.size() - 2));
  }
  std::vector<std::string> notes;
  for (const auto& [source, names] : by_source) {
    notes.push_back(fmt::format("* published, as read in {}: {}", source, fmt::join(names, ", ")));
  }
  return notes;
}

}  // namespace

std::optional<double> Cell::mean() const {
  if (values.empty()) return std::nullopt;
  double sum = 0.0;
  for (const double value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

std::optional<double> Cell::deviation() const {
  if (values.size() < 2) return std::nullopt;
  double squares = 0.0;
  for (const double value : values) squares += (value - *mean()) * (value - *mean());
  return std::sqrt(squares / static_cast<double>(values.size() - 1));
}

ResultTable make_table(const std::vector<std::filesystem::path>& runs,
                       const std::vector<std::string>& columns, bool mix_protocols) {
  std::set<std::filesystem::path> folders;
  for (const auto& run : runs) {
    if (!folders.insert(std::filesystem::weakly_canonical(run)).second) {
      throw UsageError(fmt::format("{}: given twice; its seeds would count twice", run.string()));
    }
  }
  ResultTable table;
  Evaluations evaluations;
  std::vector<std::string> names;
  std::vector<Manifest> manifests;
  for (const auto& run : runs) {
    manifests.push_back(read_manifest(run));
    names.push_back(manifests.back().name);
    for (const PlannedTrial& trial : manifests.back().trials) evaluations.add(trial);
  }
  for (const std::string& column : columns) {
    check_column(column, directions_of(manifests), {"alignlab table --columns", 0, 0});
  }
  table.columns = columns.empty() ? manifests.front().columns : columns;
  if (evaluations.differ() && !mix_protocols) {
    throw CheckError(
        fmt::format("the trials differ in what they are evaluated on ({}); "
                    "--mix-protocols shows them in one table all the same",
                    evaluations.differences()));
  }
  table.title = fmt::format("{} ({})", fmt::join(names, ", "), evaluations.text());

  add_published(table, manifests);
  std::vector<std::string> run_names;
  for (std::size_t r = 0; r < runs.size(); ++r) {
    // Runs of one name are told apart by their folders.
    const bool shared = std::ranges::count(names, names[r]) > 1;
    run_names.push_back(shared ? runs[r].string() : names[r]);
  }
  std::size_t missing = 0;
  std::set<std::string> transductive;
  std::set<std::string> unrecorded;
  for (const std::string& column : table.columns) {
    if (!metric_of_column(column).empty()) unrecorded.insert(column);
  }
  for (std::size_t r = 0; r < runs.size(); ++r) {
    for (const PlannedTrial& trial : manifests[r].trials) {
      // A row of several runs says of which.
      const std::string prefix = runs.size() > 1 ? run_names[r] + ": " : "";
      TableRow& row = row_named(table, run_names[r], prefix + trial.row + evaluations.mark(trial));
      ++row.planned;
      const auto record = find_record(record_path(runs[r], trial.id));
      if (!record || record->id != trial.id) {
        ++missing;
        continue;
      }
      if (!record->ok()) {
        ++row.failed;
        table.notes.push_back(
            fmt::format("{}, seed {}: failed: {}", trial.row, trial.seed, record->error));
        continue;
      }
      ++row.seeds;
      if (is_transductive(*record)) transductive.insert(row.name);
      for (std::size_t c = 0; c < table.columns.size(); ++c) {
        if (const auto value = value_of(*record, table.columns[c])) {
          row.cells[c].values.push_back(*value);
        }
      }
      std::erase_if(unrecorded, [&](const std::string& column) {
        return value_of(*record, column) || was_asked(*record, metric_of_column(column));
      });
    }
  }
  std::set<std::size_t> seeds;
  for (const TableRow& row : table.rows) {
    if (!row.is_published()) seeds.insert(row.seeds);
  }
  table.notes.insert(table.notes.begin(),
                     fmt::format("mean ± sample deviation over {} seed{}", fmt::join(seeds, " or "),
                                 seeds.size() == 1 && *seeds.begin() == 1 ? "" : "s"));
  if (!transductive.empty()) {
    table.notes.push_back(
        fmt::format("transductive, candidates being corrected by all evaluated "
                    "queries: {}",
                    fmt::join(transductive, ", ")));
  }
  for (std::string& note : notes_on_published(table)) table.notes.push_back(std::move(note));
  if (missing > 0) {
    table.notes.push_back(
        fmt::format("{} planned trial{} not run yet", missing, missing == 1 ? " is" : "s are"));
  }
  if (*seeds.rbegin() > 0) {
    for (const std::string& column : unrecorded) {
      table.notes.push_back(
          fmt::format("no record has {}: name it in [table] columns and run again, which trains "
                      "nothing",
                      column));
    }
  }
  return table;
}

}  // namespace alignlab
