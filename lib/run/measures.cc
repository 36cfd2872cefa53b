#include "run/measures.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <cmath>
#include <optional>
#include <set>
#include <utility>

#include "cluster/kmeans.h"
#include "core/error.h"
#include "eval/agreement.h"
#include "eval/rank_correlation.h"
#include "run/measure_geometry.h"

namespace alignlab {
namespace {

constexpr std::size_t kNeighbours = 10;

using Values = std::map<std::string, double>;

void set(Values& values, const std::string& name, std::optional<double> value) {
  if (value) values[name] = *value;
}

std::string by_modality(const std::string& name, const MeasuredSides& sides) {
  const std::pair<std::string, std::string> known[]{{"_queries", sides.first.modality},
                                                    {"_candidates", sides.second.modality}};
  for (const auto& [ending, modality] : known) {
    if (name.ends_with(ending)) return name.substr(0, name.size() - ending.size() + 1) + modality;
  }
  return name;
}

Values geometry(const MeasuredSides& sides) {
  GeometryRequest asked;
  asked.queries = sides.first.rows.vectors;
  asked.candidates = sides.second.rows.vectors;
  asked.query_keys = sides.first.keys;
  asked.candidate_keys = sides.second.keys;
  // Rows are prepared already, and a bias is only ever that of Euclidean order.
  asked.similarity = sides.second.rows.bias.empty() ? Similarity::kDot : Similarity::kEuclidean;
  asked.neighbours = kNeighbours;
  asked.permutations = {sides.permutations, sides.seed};
  asked.threads = sides.threads;
  Values out;
  for (const GeometryRow& row : measure_geometry(asked)) {
    const std::string name = by_modality(row.name, sides);
    set(out, name, row.value);
    if (row.null) out[name + "_p"] = row.null->p;
  }
  return out;
}

bool is_known(std::int32_t label) { return label >= 0; }

void require_labels(const MeasuredSides& sides) {
  for (const MeasuredSide* side : {&sides.first, &sides.second}) {
    if (std::ranges::any_of(side->labels, is_known)) continue;
    throw DataError(
        fmt::format("{}: has no labels of the evaluated {} items, which measure 'classes' needs",
                    sides.source, side->modality));
  }
}

void classify(const MeasuredSide& queries, const MeasuredSide& candidates, int threads,
              Values& values) {
  TopK near = top_k(queries.rows.vectors, candidates.rows, kNeighbours, Kernel{.threads = threads});
  for (std::int32_t& id : near.ids) {
    if (!is_known(candidates.labels[static_cast<std::size_t>(id)])) id = -1;
  }
  const auto told = classify_by_neighbours(near.ids, near.k, candidates.labels);
  std::vector<std::int32_t> classes;
  std::vector<std::optional<std::int32_t>> predicted;
  for (std::size_t i = 0; i < told.size(); ++i) {
    if (!is_known(queries.labels[i])) continue;
    classes.push_back(queries.labels[i]);
    predicted.push_back(told[i]);
  }
  const std::string direction = queries.modality + "_to_" + candidates.modality;
  set(values, direction + ".knn_accuracy", accuracy(classes, predicted));
  set(values, direction + ".knn_macro_f1", macro_f1(classes, predicted));
}

Matrix stacked(const Matrix& first, const Matrix& second) {
  Matrix out(first.rows() + second.rows(), first.cols());
  const auto rest = std::ranges::copy(first.values(), out.values().begin()).out;
  std::ranges::copy(second.values(), rest);
  return out;
}

/// Whether so many rows, at least, differ from each other.
bool differ(MatrixView rows, std::size_t count) {
  const auto is_before = [&](std::size_t a, std::size_t b) {
    return std::ranges::lexicographical_compare(rows.row(a), rows.row(b));
  };
  std::set<std::size_t, decltype(is_before)> distinct(is_before);
  for (std::size_t i = 0; i < rows.rows() && distinct.size() < count; ++i) distinct.insert(i);
  return distinct.size() >= count;
}

void cluster(const MeasuredSides& sides, Values& values) {
  const Matrix rows = stacked(sides.first.rows.vectors, sides.second.rows.vectors);
  std::vector<std::int32_t> labels = sides.first.labels;
  labels.insert(labels.end(), sides.second.labels.begin(), sides.second.labels.end());
  std::set<std::int32_t> distinct(labels.begin(), labels.end());
  std::erase_if(distinct, [](std::int32_t label) { return !is_known(label); });
  if (!differ(rows, distinct.size())) return;
  KMeansOptions options;
  options.clusters = distinct.size();
  options.threads = sides.threads;
  Silent silent;
  const KMeans found = k_means(rows, options, Rng(sides.seed, "clusters of classes"), silent);
  std::vector<std::int32_t> clusters, classes;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (!is_known(labels[i])) continue;
    clusters.push_back(found.assignment[i]);
    classes.push_back(labels[i]);
  }
  set(values, "kmeans_ami", adjusted_mutual_information(clusters, classes));
  set(values, "kmeans_nmi", normalised_mutual_information(clusters, classes));
  set(values, "kmeans_purity", purity({clusters, classes}));
}

Values classes(const MeasuredSides& sides) {
  require_labels(sides);
  Values out;
  classify(sides.first, sides.second, sides.threads, out);
  classify(sides.second, sides.first, sides.threads, out);
  cluster(sides, out);
  return out;
}

double bias_of(const Gallery& rows, std::size_t row) {
  return rows.bias.empty() ? 0.0 : rows.bias[row];
}

void require_judgements(const MeasuredSides& sides) {
  if (sides.judged.empty()) {
    throw DataError(fmt::format(
        "{}: has no judgements of the evaluated items, which measure 'judgements' needs",
        sides.source));
  }
  for (const JudgedPair& pair : sides.judged) {
    if (std::isfinite(pair.grade)) continue;
    throw DataError(fmt::format("{}: grade of a judgement: expected a finite number, found {}",
                                sides.source, pair.grade));
  }
}

Values judgements(const MeasuredSides& sides) {
  require_judgements(sides);
  const Gallery& first = sides.first.rows;
  const Gallery& second = sides.second.rows;
  std::vector<double> scores, grades;
  for (const JudgedPair& pair : sides.judged) {
    // The biases are summed first, so that it does not show which side asks.
    scores.push_back(canonical_dot(first.vectors.row(pair.first), second.vectors.row(pair.second)) +
                     (bias_of(first, pair.first) + bias_of(second, pair.second)));
    grades.push_back(pair.grade);
  }
  Values out{{"pairs", static_cast<double>(sides.judged.size())}};
  set(out, "kendall_tau_b", kendall_tau_b(scores, grades));
  set(out, "kendall_tau_c", kendall_tau_c(scores, grades));
  set(out, "spearman", spearman_rho(scores, grades));
  return out;
}

}  // namespace

const std::vector<CatalogRow>& measure_catalog() {
  static const std::vector<CatalogRow> kRows{
      {"geometry",
       "how the rows of both sides lie to each other: CKA, nearest neighbours, hubs",
       {}},
      {"classes", "how well classes are told by nearest neighbours, and found by k-means", {}},
      {"judgements", "rank correlation of scores with people's grades of pairs", {}},
  };
  return kRows;
}

std::map<std::string, double> measure(const std::string& name, const MeasuredSides& sides) {
  assert(sides.first.rows.vectors.cols() == sides.second.rows.vectors.cols());
  if (name == "geometry") return geometry(sides);
  if (name == "classes") return classes(sides);
  assert(name == "judgements");
  return judgements(sides);
}

}  // namespace alignlab
