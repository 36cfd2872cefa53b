#include "experiments/score_output.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "eval/compatibility.h"
#include "experiments/console.h"

namespace alignlab::cli {
namespace {

using Json = nlohmann::json;

constexpr int kScoreSchema = 1;

/// What another program would print of a metric, where ours is told.
std::optional<CompatibleValue> printed_by(const std::string& program, const Score& score,
                                          const std::string& direction, const MetricName& metric) {
  if (!score.metrics.at(direction).contains(metric.text)) return std::nullopt;
  return compatible_value(program, metric, score.retrievals.at(direction));
}

Json to_json(const CommandLine& line, const Score& score, const EvaluationRequest& evaluation) {
  Json out{{"schema", kScoreSchema},
           {"ties", line.get<std::string>("ties")},
           {"metrics", score.metrics},
           {"tie_rate", score.tie_rate},
           {"notices", score.notices}};
  if (line.has("queries")) {
    out["similarity"] = line.get<std::string>("similarity");
    out["protocol"] = line.get<std::string>("protocol");
    out["correction"] = line.get<std::string>("correction");
  }
  out["intervals"] = Json::object();
  for (const auto& [direction, own] : score.intervals) {
    for (const auto& [name, interval] : own) {
      out["intervals"][direction][name] = {interval.low, interval.high};
    }
  }
  if (const auto program = line.maybe<std::string>("metric-compat")) {
    for (const auto& [direction, folds] : score.retrievals) {
      for (const MetricName& metric : evaluation.metrics) {
        if (const auto other = printed_by(*program, score, direction, metric)) {
          out["compatible"][*program][direction][other->name] = other->value;
        }
      }
    }
  }
  return out;
}

/// Shares of 1 need more places than percents and ranks.
bool is_share_of_one(const std::string& metric) {
  return metric == "MRR" || metric == "FOSCTTM" || metric.ends_with("AUC") ||
         metric.starts_with("success@");
}

std::string number(const std::string& metric, double value) {
  return fmt::format("{:.{}f}", value, is_share_of_one(metric) ? 4 : 2);
}

/// "55.20 [53.10, 57.30]", with the bounds that ties leave where there are any.
std::string cell(const Score& score, const std::string& direction, const std::string& name) {
  const auto own = score.metrics.find(direction);
  if (own == score.metrics.end() || !own->second.contains(name)) return "n/a";
  std::string out = number(name, own->second.at(name));
  const auto intervals = score.intervals.find(direction);
  if (intervals != score.intervals.end() && intervals->second.contains(name)) {
    const Interval& interval = intervals->second.at(name);
    out += fmt::format(" [{}, {}]", number(name, interval.low), number(name, interval.high));
  }
  return out;
}

class Printer {
 public:
  Printer(const CommandLine& line, const Score& score, EvaluationRequest evaluation)
      : score_(score), evaluation_(std::move(evaluation)) {
    program_ = line.maybe<std::string>("metric-compat");
    const bool has_ties =
        std::ranges::any_of(score.tie_rate, [](const auto& entry) { return entry.second > 0.0; });
    if (has_ties && evaluation_.ties == TiePolicy::kExpected) {
      worst_ = with_ties(score, evaluation_, TiePolicy::kPessimistic);
      best_ = with_ties(score, evaluation_, TiePolicy::kOptimistic);
    }
  }

  void print() const {
    for (const auto& [direction, folds] : score_.retrievals) print_direction(direction);
    if (!score_.metrics.contains("both")) return;
    for (const char* name : {"rsum", "r_mean"}) {
      fmt::print("{:<18} {}\n", name, cell(score_, "both", name));
    }
  }

 private:
  void print_direction(const std::string& direction) const {
    std::string title = direction;
    std::ranges::replace(title, '_', ' ');
    fmt::print("{} (tie rate {:.1f} %)\n", title, score_.tie_rate.at(direction));
    std::set<std::string> seen;
    for (const MetricName& metric : evaluation_.metrics) {
      if (!seen.insert(metric.text).second) continue;
      std::string text =
          fmt::format("  {:<16} {:<26}", metric.text, cell(score_, direction, metric.text));
      text += bounds(direction, metric.text);
      if (program_) {
        if (const auto other = printed_by(*program_, score_, direction, metric)) {
          text += fmt::format("  {} {:.4f}", other->name, other->value);
        }
      }
      text.erase(text.find_last_not_of(' ') + 1);
      fmt::print("{}\n", text);
    }
    fmt::print("\n");
  }

  std::string bounds(const std::string& direction, const std::string& name) const {
    const auto worst = worst_.find(direction);
    if (worst == worst_.end() || !worst->second.contains(name)) return "";
    const std::string low = number(name, worst->second.at(name));
    const std::string high = number(name, best_.at(direction).at(name));
    return low == high ? "" : fmt::format("  ties: {} to {}", low, high);
  }

  const Score& score_;
  EvaluationRequest evaluation_;
  std::optional<std::string> program_;
  ByMetric<double> worst_;
  ByMetric<double> best_;
};

Json to_json(const std::vector<GeometryRow>& rows) {
  Json geometry = Json::object();
  for (const GeometryRow& row : rows) {
    Json own{{"summary", row.summary}};
    if (row.value) own["value"] = *row.value;
    if (row.null) {
      own["null"] = {
          {"mean", row.null->mean}, {"deviation", row.null->deviation}, {"p", row.null->p}};
      if (row.null->z) own["null"]["z"] = *row.null->z;
    }
    geometry[row.name] = own;
  }
  return {{"schema", kScoreSchema}, {"geometry", geometry}};
}

void print(const std::vector<GeometryRow>& rows) {
  for (const GeometryRow& row : rows) {
    const std::string value = row.value ? fmt::format("{:.4f}", *row.value) : "n/a";
    std::string chance;
    if (row.null) {
      chance = fmt::format("  (by chance {:.4f} ± {:.4f}, p {:.4f})", row.null->mean,
                           row.null->deviation, row.null->p);
    }
    fmt::print("{:<26} {:>9}{}  {}\n", row.name, value, chance, row.summary);
  }
}

}  // namespace

void print_score(const CommandLine& line, const Score& score, const EvaluationRequest& evaluation) {
  if (line.has("json")) {
    fmt::print("{}\n", to_json(line, score, evaluation).dump(1));
    return;
  }
  Printer(line, score, evaluation).print();
  for (const std::string& notice : score.notices) print_notice(notice);
  if (const auto program = line.maybe<std::string>("metric-compat")) {
    print_notice(*program + ": " +
                 find_row(compatibility_catalog(), *program, "program", {}).summary);
  }
}

void print_geometry(const CommandLine& line, const std::vector<GeometryRow>& rows) {
  if (line.has("json")) {
    fmt::print("{}\n", to_json(rows).dump(1));
  } else {
    print(rows);
  }
}

}  // namespace alignlab::cli
