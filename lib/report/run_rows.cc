#include "report/run_rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "eval/columns.h"
#include "record/retrieval_file.h"
#include "record/trial_record.h"

namespace alignlab {
namespace {

constexpr const char* kBoth = "both";

/// Whether some relevant candidate's place is not known: ranks are then those of lists.
bool are_lists(const Retrievals& retrievals) {
  for (const auto& [direction, folds] : retrievals) {
    for (const Retrieval& fold : folds) {
      if (std::ranges::find(fold.ranks.above, Ranks::kUnlisted) != fold.ranks.above.end()) {
        return true;
      }
    }
  }
  return false;
}

EvaluationRequest request_for(const MetricColumn& column, TiePolicy ties, bool are_of_lists) {
  EvaluationRequest out;
  out.ties = ties;
  if (are_of_lists) out.reach = EvaluationRequest::Reach::kFirstK;
  const std::vector<std::string> names = column.place == kBoth
                                             ? std::vector<std::string>{"R@1", "R@5", "R@10"}
                                             : std::vector<std::string>{column.name};
  for (const std::string& name : names) out.metrics.push_back(parse_metric(name, {}));
  return out;
}

}  // namespace

std::vector<std::string> RunRows::names() const {
  std::vector<std::string> out;
  for (const PlannedTrial& trial : manifest_.trials) {
    if (std::ranges::find(out, trial.row) == out.end()) out.push_back(trial.row);
  }
  return out;
}

std::vector<std::string> RunRows::directions() const {
  std::vector<std::string> out;
  const auto add = [&](const std::string& from, const std::string& to) {
    const std::string direction = from + "_to_" + to;
    if (std::ranges::find(out, direction) == out.end()) out.push_back(direction);
  };
  for (const PlannedTrial& trial : manifest_.trials) {
    if (trial.modalities.size() != 2) continue;
    add(trial.modalities[0], trial.modalities[1]);
    add(trial.modalities[1], trial.modalities[0]);
  }
  return out;
}

const Seeds& RunRows::seeds_of(const std::string& row) {
  const auto [found, is_new] = seeds_.try_emplace(row);
  if (!is_new) return found->second;
  for (const PlannedTrial& trial : manifest_.trials) {
    if (trial.row != row) continue;
    const TrialRecord record = read_record(record_path(run_, trial.id));
    if (!record.ok()) {
      throw DataError(fmt::format("{}: row '{}': the trial of seed {} failed: {}", run_.string(),
                                  row, trial.seed, record.error));
    }
    found->second[trial.seed] = read_found(ranks_path(run_, trial.id)).retrievals;
    ties_.emplace(row, tie_policy_from(record.spec.at("eval").at("ties").get<std::string>()));
  }
  return found->second;
}

std::optional<MetricColumn> find_metric_column(const std::string& text,
                                               const std::vector<std::string>& directions) {
  const std::size_t dot = text.find('.');
  MetricColumn out{text, dot == std::string::npos ? kBoth : text.substr(0, dot),
                   dot == std::string::npos ? text : text.substr(dot + 1)};
  if (out.place == kBoth || std::ranges::find(directions, out.place) != directions.end())
    return out;
  return std::nullopt;
}

MetricColumn parse_metric_column(const std::string& text,
                                 const std::vector<std::string>& directions,
                                 const std::string& command) {
  check_column(text, directions, {command, 0, 0});
  if (auto found = find_metric_column(text, directions)) return *found;
  throw ConfigError(fmt::format("{}: '{}': expected a metric, found what is measured once a trial",
                                command, text));
}

Better better_of(const MetricColumn& column) {
  return column.place == kBoth ? Better::kHigher : better_of(parse_metric(column.name, {}));
}

std::optional<Statistic> statistic_of(const Retrievals& retrievals, const MetricColumn& column,
                                      TiePolicy ties, const std::vector<std::int32_t>& groups) {
  const auto all =
      statistics_of(retrievals, request_for(column, ties, are_lists(retrievals)), groups);
  const auto place = all.find(column.place);
  if (place == all.end()) return std::nullopt;
  const auto found = place->second.find(column.name);
  if (found == place->second.end()) return std::nullopt;
  return found->second;
}

Statistic mean_of(const std::vector<Statistic>& seeds) {
  const auto share = 1.0 / static_cast<double>(seeds.size());
  const bool are_ratios =
      std::ranges::all_of(seeds, [](const Statistic& own) { return own.ratios() != nullptr; });
  if (!are_ratios) {
    const auto held = std::make_shared<const std::vector<Statistic>>(seeds);
    return GroupFunction([held, share](Multiplicities drawn) -> std::optional<double> {
      double sum = 0.0;
      for (const Statistic& own : *held) {
        const auto value = value_of(own, drawn);
        if (!value) return std::nullopt;
        sum += *value;
      }
      return share * sum;
    });
  }
  RatioSum sum;
  for (const Statistic& own : seeds) {
    for (RatioTerm term : own.ratios()->terms) {
      term.scale *= share;
      sum.terms.push_back(std::move(term));
    }
  }
  return sum;
}

}  // namespace alignlab
