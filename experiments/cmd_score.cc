#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>

#include "data/protocol.h"
#include "eval/compatibility.h"
#include "experiments/command_line.h"
#include "experiments/console.h"
#include "run/score.h"
#include "search/hubness.h"

namespace alignlab::cli {
namespace {

using Json = nlohmann::json;

constexpr int kScoreSchema = 1;
constexpr const char* kDefaultMetrics =
    "R@1,R@5,R@10,MedR,MeanR,MRR,mAP,R-Prec,precision@1,precision@5,precision@10,recall@1,recall@5,"
    "recall@10,nDCG@10";

Place place() { return {"alignlab score", 0, 0}; }

template <typename Row>
const std::string& named_in(const std::vector<Row>& rows, const std::string& name,
                            const std::string& what) {
  return find_row(rows, name, what, place()).name;
}

std::vector<MetricName> metrics_given(const std::string& text) {
  std::vector<MetricName> out;
  for (const std::string& name : split_names(text)) out.push_back(parse_metric(name, place()));
  // rsum needs them.
  for (const char* name : {"R@1", "R@5", "R@10"}) out.push_back(parse_metric(name, place()));
  return out;
}

void add_options(CommandLine& line) {
  const auto text = [] { return po::value<std::string>(); };
  const auto with = [](const char* value) {
    return po::value<std::string>()->default_value(value);
  };
  line.add()("queries", text(), "a matrix, a row a query: .npy, .npz, safetensors, MATLAB, HDF5");
  line.add()("candidates", text(), "a matrix, a row a candidate");
  line.add()("query-groups", text(),
             "a name a line for each query; rows of equal names are relevant to each other. "
             "Without a file a row is called by its number, from 0");
  line.add()("candidate-groups", text(), "the same for candidates");
  line.add()("query-ids", text(), "as groups, where no name may come twice");
  line.add()("candidate-ids", text(), "the same for candidates");
  line.add()("run", text(), "a ranking as trec_eval reads it, in place of matrices");
  line.add()("qrels", text(), "judgements as trec_eval reads them, for --run");
  line.add()("similarity", with("cosine"), "'alignlab list similarities'");
  line.add()("protocol", with("all-pairs"), "'alignlab list protocols'");
  line.add()("ties", with("expected"), "expected, optimistic, pessimistic or index");
  line.add()("metrics", with(kDefaultMetrics), "'alignlab list metrics', with commas between");
  line.add()("threshold", po::value<double>(), "of metrics at a threshold, e.g. micro_F1@t");
  line.add()("correction", with("none"), "none, csls or inverted-softmax");
  line.add()("query-bank", text(),
             "queries that the correction reads, for candidates; without banks it reads those that "
             "are scored");
  line.add()("candidate-bank", text(), "candidates that it reads, for the other direction");
  line.add()("intervals", with("percentile"), "percentile, bca or none");
  line.add()("level", po::value<double>()->default_value(0.95, "0.95"), "of intervals");
  line.add()("resamples", po::value<int>()->default_value(10000), "of the queries, for intervals");
  line.add()("seed", po::value<int>()->default_value(0), "of the resamples");
  line.add()("metric-compat", text(),
             "vsepp, clip_benchmark or trec: what that program would print, beside");
  line.add()("geometry",
             "how the rows of both sides lie to each other, in place of metrics: CKA, neighbours, "
             "canonical correlations, modality gap, hubs; widths may differ");
  line.add()("permutations", po::value<int>()->default_value(200),
             "of the pairing, for --geometry: what chance would give");
  line.add()("threads", po::value<int>()->default_value(1), "of the search");
  line.add()("json", "as JSON, unrounded");
}

int within(const CommandLine& line, const char* name, int least, int most) {
  const int value = line.get<int>(name);
  if (value < least || value > most) {
    throw UsageError(
        fmt::format("alignlab score: --{}: expected {} to {}, found {}", name, least, most, value));
  }
  return value;
}

void read_common(const CommandLine& line, ScoreRequest& request) {
  request.evaluation.metrics = metrics_given(line.get<std::string>("metrics"));
  std::vector<CatalogRow> policies,
      methods{{"percentile", "", {}}, {"bca", "", {}}, {"none", "", {}}};
  for (const std::string& name : kTiePolicies) policies.push_back({name, "", {}});
  request.evaluation.ties =
      tie_policy_from(named_in(policies, line.get<std::string>("ties"), "policy of ties"));
  const std::string method = named_in(methods, line.get<std::string>("intervals"), "intervals");
  const double level = line.get<double>("level");
  if (!(level >= 0.5 && level <= 0.9999)) {
    throw UsageError(
        fmt::format("alignlab score: --level: expected 0.5 to 0.9999, found {}", level));
  }
  if (method == "none") return;
  request.intervals =
      IntervalRequest{{method == "bca" ? IntervalMethod::kBca : IntervalMethod::kPercentile, level},
                      static_cast<std::size_t>(within(line, "resamples", 100, 1'000'000)),
                      static_cast<std::uint64_t>(within(line, "seed", 0, 2'000'000'000))};
}

/// One file of two options that exclude each other.
std::optional<std::filesystem::path> names_file(const CommandLine& line, const std::string& side,
                                                bool& are_ids) {
  const auto groups = line.path(side + "-groups");
  const auto ids = line.path(side + "-ids");
  if (groups && ids) {
    throw UsageError(
        fmt::format("alignlab score: expected --{0}-groups or --{0}-ids, found both", side));
  }
  are_ids = ids.has_value();
  return groups ? groups : ids;
}

EmbeddingScoreRequest embedding_request(const CommandLine& line) {
  EmbeddingScoreRequest request;
  read_common(line, request);
  request.queries = *line.path("queries");
  request.candidates = *line.path("candidates");
  request.pairing.query_names = names_file(line, "query", request.pairing.query_names_are_ids);
  request.pairing.candidate_names =
      names_file(line, "candidate", request.pairing.candidate_names_are_ids);
  request.similarity = similarity_from(
      named_in(similarity_catalog(), line.get<std::string>("similarity"), "similarity"));
  request.protocol = named_in(protocol_catalog(), line.get<std::string>("protocol"), "protocol");
  if (request.protocol == "class-labels") {
    throw UsageError(
        "alignlab score: protocol 'class-labels' reads a data set's labels; name them "
        "with --query-groups and --candidate-groups under 'all-pairs'");
  }
  request.threshold = line.maybe<double>("threshold");
  if (request.threshold && !std::isfinite(*request.threshold)) {
    throw UsageError(fmt::format("alignlab score: --threshold: expected a finite number, found {}",
                                 *request.threshold));
  }
  request.correction =
      named_in(correction_catalog(), line.get<std::string>("correction"), "correction");
  request.query_bank = line.path("query-bank");
  request.candidate_bank = line.path("candidate-bank");
  if (request.query_bank.has_value() != request.candidate_bank.has_value()) {
    throw UsageError("alignlab score: expected --query-bank and --candidate-bank, found one");
  }
  if (request.query_bank && request.correction == "none") {
    throw UsageError("alignlab score: --query-bank: no --correction reads it");
  }
  const auto& metrics = request.evaluation.metrics;
  if (!request.threshold && std::ranges::any_of(metrics, &MetricName::uses_threshold)) {
    throw UsageError("alignlab score: metrics at a threshold need --threshold");
  }
  request.threads = within(line, "threads", 1, kMostJobs);
  return request;
}

Score score_given(const CommandLine& line, EvaluationRequest& evaluation) {
  const bool has_lists = line.has("run") || line.has("qrels");
  const bool has_rows = line.has("queries") || line.has("candidates");
  if (has_lists == has_rows || (has_lists && !(line.has("run") && line.has("qrels"))) ||
      (has_rows && !(line.has("queries") && line.has("candidates")))) {
    throw UsageError("alignlab score: expected --queries and --candidates, or --run and --qrels");
  }
  if (has_lists) {
    for (const char* option : {"query-groups", "candidate-groups", "query-ids", "candidate-ids",
                               "query-bank", "candidate-bank", "threshold"}) {
      if (line.has(option)) {
        throw UsageError(
            fmt::format("alignlab score: --{} is for matrices, not for --run", option));
      }
    }
    RankingScoreRequest request;
    read_common(line, request);
    evaluation = request.evaluation;
    request.run = *line.path("run");
    request.qrels = *line.path("qrels");
    return score_rankings(std::move(request));
  }
  EmbeddingScoreRequest request = embedding_request(line);
  evaluation = request.evaluation;
  ConsoleProgress progress;
  return score_embeddings(std::move(request), progress);
}

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

int score_geometry(const CommandLine& line) {
  if (!line.has("queries") || !line.has("candidates")) {
    throw UsageError("alignlab score --geometry: expected --queries and --candidates");
  }
  const auto rows =
      geometry_of(embedding_request(line),
                  {static_cast<std::size_t>(within(line, "permutations", 2, 1'000'000)),
                   static_cast<std::uint64_t>(within(line, "seed", 0, 2'000'000'000))});
  if (line.has("json")) {
    fmt::print("{}\n", to_json(rows).dump(1));
  } else {
    print(rows);
  }
  return 0;
}

}  // namespace

int score(const Arguments& arguments) {
  CommandLine line("score");
  add_options(line);
  line.positional("no words", 0, 0);
  if (!line.parse(arguments)) return 0;
  if (const auto program = line.maybe<std::string>("metric-compat")) {
    named_in(compatibility_catalog(), *program, "program");
  }
  if (line.has("geometry")) return score_geometry(line);
  EvaluationRequest evaluation;
  const Score found = score_given(line, evaluation);
  if (line.has("json")) {
    fmt::print("{}\n", to_json(line, found, evaluation).dump(1));
    return 0;
  }
  Printer(line, found, evaluation).print();
  for (const std::string& notice : found.notices) print_notice(notice);
  if (const auto program = line.maybe<std::string>("metric-compat")) {
    print_notice(*program + ": " +
                 find_row(compatibility_catalog(), *program, "program", place()).summary);
  }
  return 0;
}

}  // namespace alignlab::cli
