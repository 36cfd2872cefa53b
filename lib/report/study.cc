#include "report/study.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <tuple>

#include "core/error.h"
#include "eval/rank_correlation.h"
#include "record/manifest.h"
#include "record/trial_record.h"
#include "report/run_rows.h"

namespace alignlab {
namespace {

constexpr const char* kCommand = "alignlab study";
constexpr const char* kBoth = "both";
// Records hold it beside the metrics that were taken at it.
constexpr const char* kThreshold = "threshold";
constexpr std::size_t kLeastTrials = 3;

/// What a trial is evaluated on, and how its ties count.
using Evaluation =
    std::tuple<std::string, std::string, std::vector<std::string>, std::string, TiePolicy>;
constexpr const char* kMixed =
    "differ in what they are evaluated on (protocol, split, modalities, data) or how ties count";

struct StudiedTrial {
  std::string row;
  TrialRecord record;
};

/// The runs as they are read.
struct Runs {
  std::vector<StudiedTrial> trials;
  std::set<Evaluation> evaluations;
  std::vector<std::string> mixed;  // those with several of them
};

void require_different(const std::vector<std::filesystem::path>& runs) {
  std::set<std::filesystem::path> folders;
  for (const auto& run : runs) {
    if (!folders.insert(std::filesystem::weakly_canonical(run)).second) {
      throw UsageError(fmt::format("{}: given twice; its seeds would count twice", run.string()));
    }
  }
}

std::vector<std::string> names_of(const std::vector<std::filesystem::path>& runs,
                                  const std::vector<Manifest>& manifests) {
  std::vector<std::string> out;
  for (std::size_t r = 0; r < runs.size(); ++r) {
    const auto is_shared = std::ranges::count(manifests, manifests[r].name, &Manifest::name) > 1;
    out.push_back(is_shared ? runs[r].string() : manifests[r].name);
  }
  return out;
}

/// Each once, whatever its spelling.
std::vector<MetricColumn> columns_of(const StudyRequest& request) {
  std::vector<MetricColumn> out;
  const std::vector<std::string> rsum{"rsum"};
  for (const auto& run : request.runs) {
    const std::vector<std::string> directions = RunRows(run).directions();
    for (const std::string& metric : request.metrics.empty() ? rsum : request.metrics) {
      MetricColumn column = parse_metric_column(metric, directions, kCommand);
      const auto is_same = [&](const MetricColumn& known) {
        return known.place == column.place && known.name == column.name;
      };
      if (std::ranges::none_of(out, is_same)) out.push_back(std::move(column));
    }
  }
  return out;
}

StudiedCell cell_of(const MetricColumn& column, const Seeds& seeds, TiePolicy ties, double level) {
  StudiedCell out;
  out.metric = column.text;
  std::vector<double> values;
  std::vector<std::vector<double>> by_group;
  std::vector<RatioSum> ratios;
  const std::vector<std::int32_t> groups = groups_of(seeds.begin()->second);
  for (const auto& [seed, retrievals] : seeds) {
    const std::vector<std::int32_t> own = groups_of(retrievals);
    const auto statistic = statistic_of(retrievals, column, ties, own);
    const auto value = statistic ? estimate_of(*statistic, own.size()) : std::nullopt;
    if (!value) continue;
    out.values[seed] = *value;
    values.push_back(*value);
    if (statistic->ratios() == nullptr || own != groups) continue;
    ratios.push_back(*statistic->ratios());
    by_group.push_back(group_values(ratios.back()).value());
  }
  if (values.size() != seeds.size()) return out;
  out.over_seeds = summary_over_seeds(values, level);
  if (ratios.size() != seeds.size()) return out;
  if (seeds.size() == 1) {
    out.by_queries = standard_error(ratios.front());
  } else if (const auto parts = variance_parts(by_group)) {
    out.by_seeds = std::sqrt(parts->mean_by_seeds);
    out.by_queries = std::sqrt(parts->mean_by_groups);
    out.by_residual = std::sqrt(parts->mean_by_residual);
  }
  return out;
}

/// Adds the rows of a run to the study, and its trials to the runs.
void read_run(const std::filesystem::path& run, const std::string& name, bool is_alone,
              const std::vector<MetricColumn>& columns, double level, Study& study, Runs& runs) {
  RunRows rows(run);
  for (const std::string& row : rows.names()) {
    const Seeds& seeds = rows.seeds_of(row);
    StudiedRow out{name, row, is_alone ? row : name + ": " + row, {}, {}};
    for (const auto& [seed, retrievals] : seeds) out.seeds.push_back(seed);
    for (const MetricColumn& column : columns) {
      out.cells.push_back(cell_of(column, seeds, rows.ties_of(row), level));
    }
    study.rows.push_back(std::move(out));
  }
  std::set<Evaluation> evaluations;
  for (const PlannedTrial& trial : read_manifest(run).trials) {
    evaluations.emplace(trial.protocol, trial.split, trial.modalities, trial.data,
                        rows.ties_of(trial.row));
    runs.trials.push_back({trial.row, read_record(record_path(run, trial.id))});
  }
  if (evaluations.size() > 1) runs.mixed.push_back(name);
  runs.evaluations.merge(evaluations);
}

/// Of each metric whose cells lack something: what, and in which rows.
void note_gaps(const std::vector<MetricColumn>& columns, Study& study) {
  for (std::size_t c = 0; c < columns.size(); ++c) {
    std::vector<std::string> undefined, undivided;
    for (const StudiedRow& row : study.rows) {
      const StudiedCell& cell = row.cells[c];
      if (!cell.over_seeds) {
        undefined.push_back(row.title);
      } else if (!cell.by_queries) {
        undivided.push_back(row.title);
      }
    }
    if (!undefined.empty()) {
      study.notices.push_back(fmt::format("{}: undefined, or no function of single queries: {}",
                                          columns[c].text, fmt::join(undefined, ", ")));
    }
    if (!undivided.empty()) {
      study.notices.push_back(fmt::format(
          "{}: no standard errors, as it is no sum over queries, or not of the same two or more "
          "groups in every seed: {}",
          columns[c].text, fmt::join(undivided, ", ")));
    }
  }
}

/// The rows that all runs have, in the order of the first; the others by their titles.
std::vector<std::string> shared_rows(const std::vector<StudiedRow>& rows, std::size_t runs,
                                     std::vector<std::string>& others) {
  std::vector<std::string> out;
  for (const StudiedRow& row : rows) {
    const auto count = std::ranges::count(rows, row.name, &StudiedRow::name);
    if (static_cast<std::size_t>(count) < runs) {
      others.push_back(row.title);
    } else if (std::ranges::find(out, row.name) == out.end()) {
      out.push_back(row.name);
    }
  }
  return out;
}

double turned(double value, Better better) { return better == Better::kHigher ? value : -value; }

BlockScores block_scores(const std::vector<StudiedRow>& rows, const std::vector<std::string>& names,
                         std::size_t column, Better better) {
  std::map<std::string, std::map<std::string, const StudiedRow*>> by_run;
  for (const StudiedRow& row : rows) by_run[row.run][row.name] = &row;
  BlockScores out;
  for (const auto& [run, of_run] : by_run) {
    std::set<std::int64_t> seeds;
    for (const std::string& name : names) {
      const std::vector<std::int64_t>& own = of_run.at(name)->seeds;
      if (own.size() > 1) seeds.insert(own.begin(), own.end());
    }
    // Where no row has several seeds, they make one block, whichever seeds they have.
    if (seeds.empty()) seeds.insert(of_run.at(names.front())->seeds.front());
    for (const std::int64_t seed : seeds) {
      auto& block = out.emplace_back();
      for (const std::string& name : names) {
        const StudiedRow& row = *of_run.at(name);
        const auto& values = row.cells[column].values;
        const auto found = values.find(row.seeds.size() == 1 ? row.seeds.front() : seed);
        block.emplace_back();
        if (found != values.end()) block.back() = turned(found->second, better);
      }
    }
  }
  return out;
}

RowRanks ranks_of(const std::vector<std::string>& names, const MetricColumn& column,
                  const BlockScores& scores, const RankRule& rule) {
  const RankSummary found = rank_methods(scores, rule);
  RowRanks out{column.text, scores.size(), {}, found.friedman};
  for (std::size_t m = 0; m < names.size(); ++m) {
    RankedRow row{names[m], {}, {}, 0};
    if (const auto& own = found.methods[m]) {
      row.mean = own->mean;
      row.blocks = own->blocks;
      if (own->blocks > 1) row.interval = own->interval;
    }
    out.rows.push_back(std::move(row));
  }
  return out;
}

void add_ranks(const StudyRequest& request, const std::vector<MetricColumn>& columns,
               const Runs& runs, Study& study) {
  std::vector<std::string> others;
  const std::vector<std::string> names = shared_rows(study.rows, request.runs.size(), others);
  if (names.size() < 2) {
    study.no_ranks =
        fmt::format("expected two or more rows that all runs have, found {}", names.size());
    return;
  }
  if (!runs.mixed.empty()) {
    study.no_ranks = fmt::format("trials of {} {}", fmt::join(runs.mixed, ", "), kMixed);
    return;
  }
  if (!others.empty()) {
    study.notices.push_back(
        fmt::format("not ranked, as not all runs have them: {}", fmt::join(others, ", ")));
  }
  for (std::size_t c = 0; c < columns.size(); ++c) {
    const BlockScores scores = block_scores(study.rows, names, c, better_of(columns[c]));
    study.ranks.push_back(ranks_of(names, columns[c], scores, request.rule));
  }
}

/// Of any of the records.
std::vector<MetricColumn> recorded_columns(const std::vector<StudiedTrial>& trials) {
  std::set<std::pair<std::string, std::string>> known;
  for (const StudiedTrial& trial : trials) {
    for (const auto& [place, metrics] : trial.record.metrics) {
      for (const auto& [name, value] : metrics) {
        if (name != kThreshold) known.emplace(place, name);
      }
    }
  }
  std::vector<MetricColumn> out;
  for (const auto& [place, name] : known) {
    out.push_back({place == kBoth ? name : place + "." + name, place, name});
  }
  return out;
}

/// One value a trial, higher being better; nothing where a trial has none.
std::optional<std::vector<double>> values_of(const MetricColumn& column,
                                             const std::vector<StudiedTrial>& trials) {
  std::vector<double> out;
  for (const StudiedTrial& trial : trials) {
    const auto value = value_of(trial.record, column.text);
    if (!value) return std::nullopt;
    out.push_back(turned(*value, better_of(column)));
  }
  return out;
}

std::vector<std::string> best_rows(const std::vector<StudiedTrial>& trials,
                                   const std::vector<double>& values) {
  std::map<std::string, std::pair<double, double>> sums;  // of values and of trials
  for (std::size_t t = 0; t < trials.size(); ++t) {
    auto& [sum, count] = sums[trials[t].row];
    sum += values[t];
    count += 1.0;
  }
  const auto mean = [](const auto& row) { return row.second.first / row.second.second; };
  const double best = mean(*std::ranges::max_element(sums, {}, mean));
  std::vector<std::string> out;
  for (const auto& row : sums) {
    if (mean(row) == best) out.push_back(row.first);
  }
  return out;
}

void add_agreement(const std::vector<MetricColumn>& columns,
                   const std::vector<StudiedTrial>& trials, Study& study) {
  MetricAgreement out;
  out.trials = trials.size();
  std::vector<std::vector<double>> values;
  std::vector<std::string> missing;
  for (const MetricColumn& column : columns) {
    auto own = values_of(column, trials);
    if (!own) {
      missing.push_back(column.text);
      continue;
    }
    out.metrics.push_back(column.text);
    out.best.push_back(best_rows(trials, *own));
    values.push_back(std::move(*own));
  }
  if (!missing.empty()) {
    study.notices.push_back(
        fmt::format("left out of the agreement of metrics, as not every trial has a value: {}",
                    fmt::join(missing, ", ")));
  }
  if (values.size() < 2) {
    study.no_agreement = fmt::format(
        "expected two or more metrics that every trial has a value of, found {}", values.size());
    return;
  }
  for (const auto& first : values) {
    auto& row = out.tau.emplace_back();
    for (const auto& second : values) row.push_back(kendall_tau_b(first, second));
  }
  study.agreement = std::move(out);
}

/// Why metrics cannot agree or disagree; empty where they can.
std::string reason_against_agreement(const Study& study, const Runs& runs) {
  std::set<std::string> names;
  for (const StudiedRow& row : study.rows) names.insert(row.name);
  if (names.size() < 2 || runs.trials.size() < kLeastTrials) {
    return fmt::format("expected two or more rows and {} or more trials, found {} and {}",
                       kLeastTrials, names.size(), runs.trials.size());
  }
  return runs.evaluations.size() > 1 ? fmt::format("trials {}", kMixed) : "";
}

}  // namespace

Study study(const StudyRequest& request) {
  require_different(request.runs);
  std::vector<Manifest> manifests;
  for (const auto& run : request.runs) manifests.push_back(read_manifest(run));
  const std::vector<std::string> names = names_of(request.runs, manifests);
  const std::vector<MetricColumn> columns = columns_of(request);
  Study out;
  Runs runs;
  for (std::size_t r = 0; r < request.runs.size(); ++r) {
    read_run(request.runs[r], names[r], names.size() == 1, columns, request.rule.level, out, runs);
  }
  note_gaps(columns, out);
  add_ranks(request, columns, runs, out);
  out.no_agreement = reason_against_agreement(out, runs);
  if (out.no_agreement.empty()) {
    add_agreement(columns.size() > 1 ? columns : recorded_columns(runs.trials), runs.trials, out);
  }
  return out;
}

}  // namespace alignlab
