#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "data/protocol.h"
#include "eval/compatibility.h"
#include "experiments/command_line.h"
#include "experiments/console.h"
#include "experiments/score_output.h"
#include "run/curve_files.h"
#include "run/score.h"
#include "search/hubness.h"

namespace alignlab::cli {
namespace {

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
  line.add()("correction", with("none"), "'alignlab list corrections'");
  line.add()("correction-neighbours", po::value<int>(), "of csls; 10");
  line.add()("correction-temperature", po::value<double>(),
             "of softmaxes, in standard deviations of scores; 0.3");
  line.add()("correction-iterations", po::value<int>(), "of sinkhorn; 10");
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
  line.add()("curves", text(),
             "a folder for precision, recall and false positive rate at every threshold; with "
             "micro_AP or micro_AUC among --metrics");
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
  request.evaluation.threads = within(line, "threads", 1, kMostJobs);
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
                      static_cast<std::uint64_t>(within(line, "seed", 0, 2'000'000'000)),
                      within(line, "threads", 1, kMostJobs)};
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

void require_read(const CommandLine& line, const std::string& option,
                  const std::string& correction) {
  const std::vector<std::string> readers = corrections_that_read(option);
  if (!line.has("correction-" + option) || std::ranges::count(readers, correction) > 0) return;
  throw UsageError(
      fmt::format("alignlab score: --correction-{}: has an effect only with --correction {}; it is "
                  "{}",
                  option, fmt::join(readers, " or "), correction));
}

void read_correction(const CommandLine& line, EmbeddingScoreRequest& request) {
  request.correction =
      named_in(correction_catalog(), line.get<std::string>("correction"), "correction");
  for (const char* option : {"neighbours", "temperature", "iterations"}) {
    require_read(line, option, request.correction);
  }
  if (line.has("correction-neighbours")) {
    request.correction_neighbours =
        static_cast<std::size_t>(within(line, "correction-neighbours", 1, 1'000'000));
  }
  if (line.has("correction-iterations")) {
    request.correction_iterations =
        static_cast<std::size_t>(within(line, "correction-iterations", 1, 1000));
  }
  if (const auto temperature = line.maybe<double>("correction-temperature")) {
    if (!(*temperature >= 0.001 && *temperature <= 1000.0)) {
      throw UsageError(
          fmt::format("alignlab score: --correction-temperature: expected 0.001 to 1000, found {}",
                      *temperature));
    }
    request.correction_temperature = *temperature;
  }
  request.query_bank = line.path("query-bank");
  request.candidate_bank = line.path("candidate-bank");
  if (request.query_bank.has_value() != request.candidate_bank.has_value()) {
    throw UsageError("alignlab score: expected --query-bank and --candidate-bank, found one");
  }
  if (request.query_bank && request.correction == "none") {
    throw UsageError("alignlab score: --query-bank: no --correction reads it");
  }
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
  read_correction(line, request);
  const auto& metrics = request.evaluation.metrics;
  if (line.has("curves") && std::ranges::none_of(metrics, &MetricName::uses_curve)) {
    throw UsageError("alignlab score: --curves: expected micro_AP or micro_AUC among --metrics");
  }
  if (!request.threshold && std::ranges::any_of(metrics, &MetricName::uses_threshold)) {
    throw UsageError("alignlab score: metrics at a threshold need --threshold");
  }
  for (const MetricName& metric : metrics) {
    if (!metric.uses_threshold() && !metric.uses_curve()) continue;
    if (!Correction{request.correction}.is_gated()) continue;
    throw UsageError(fmt::format(
        "alignlab score: metric '{}' compares scores of different queries; correction '{}' leaves "
        "them on different scales",
        metric.text, request.correction));
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
                               "query-bank", "candidate-bank", "threshold", "curves"}) {
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

int score_geometry(const CommandLine& line) {
  if (!line.has("queries") || !line.has("candidates")) {
    throw UsageError("alignlab score --geometry: expected --queries and --candidates");
  }
  const auto rows =
      geometry_of(embedding_request(line),
                  {static_cast<std::size_t>(within(line, "permutations", 2, 1'000'000)),
                   static_cast<std::uint64_t>(within(line, "seed", 0, 2'000'000'000))});
  print_geometry(line, rows);
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
  print_score(line, found, evaluation);
  if (const auto folder = line.path("curves")) write_curves(found.retrievals, *folder);
  return 0;
}

}  // namespace alignlab::cli
