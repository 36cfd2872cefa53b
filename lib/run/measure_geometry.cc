#include "run/measure_geometry.h"

#include <algorithm>
#include <unordered_map>

#include "geometry/cca.h"
#include "geometry/cka.h"
#include "geometry/hubs.h"
#include "geometry/neighbours.h"
#include "geometry/procrustes_distance.h"
#include "geometry/rsa.h"
#include "geometry/spectrum.h"
#include "geometry/sphere.h"

namespace alignlab {
namespace {

struct Pairs {
  Matrix first;
  Matrix second;
};

Pairs paired(const GeometryRequest& request) {
  std::unordered_map<std::int32_t, std::int32_t> first_of;
  for (std::size_t j = 0; j < request.candidate_keys.size(); ++j) {
    first_of.emplace(request.candidate_keys[j], static_cast<std::int32_t>(j));
  }
  std::vector<std::int32_t> queries, candidates;
  for (std::size_t i = 0; i < request.query_keys.size(); ++i) {
    const auto found = first_of.find(request.query_keys[i]);
    if (found == first_of.end()) continue;
    queries.push_back(static_cast<std::int32_t>(i));
    candidates.push_back(found->second);
  }
  return {rows_at(request.queries, queries), rows_at(request.candidates, candidates)};
}

class Report {
 public:
  explicit Report(const GeometryRequest& request)
      : request_(request),
        pairs_(paired(request)),
        sides_{{pairs_.first, "queries"}, {pairs_.second, "candidates"}} {}

  std::vector<GeometryRow> rows() {
    add_cka();
    add_neighbours();
    add_cca();
    add_rsa();
    add("procrustes", "Procrustes distance of centred sides of norm 1, 0 to 2",
        procrustes_distance(sides_, request_.threads));
    add("modality_gap", "distance between the means of unit rows",
        modality_gap(queries(), candidates()));
    add("alignment", "mean squared distance of unit pairs", alignment(sides_));
    for (const NamedRows& side : {queries(), candidates()}) {
      add("uniformity_" + side.name, "log mean e^(-2 d^2) over pairs of unit rows",
          uniformity(side, request_.threads));
      add("effective_rank_" + side.name, "e to the entropy of normalised singular values",
          effective_rank(side, request_.threads));
    }
    add_hubs();
    return std::move(rows_);
  }

 private:
  NamedRows queries() const { return {request_.queries, "queries"}; }
  NamedRows candidates() const { return {request_.candidates, "candidates"}; }

  void add(const std::string& name, const std::string& summary, std::optional<double> value) {
    rows_.push_back({name, summary, value, {}});
  }
  void add_with_null(const std::string& name, const std::string& summary,
                     const PairedMeasure& measure) {
    const std::size_t rows = pairs_.first.rows();
    rows_.push_back({name, summary, measure(identity_pairing(rows)),
                     permutation_null(measure, rows, request_.permutations)});
  }

  void add_cka() {
    const CkaPairings cka(sides_, request_.threads);
    add("linear_CKA", "similarity of linear kernels, biased, 0 to 1",
        cka(identity_pairing(pairs_.first.rows())).biased);
    add_with_null("linear_CKA_unbiased", "the same by unbiased HSIC, about 0 for strangers",
                  [&](Pairing pairing) { return cka(pairing).unbiased; });
  }

  void add_neighbours() {
    const NeighbourPairings near(sides_, request_.neighbours, request_.threads);
    add_with_null("mutual_kNN", "share of the nearest that both sides have",
                  [&](Pairing pairing) { return near(pairing).mutual_knn; });
    add_with_null("CKNNA", "CKA of mutual neighbours",
                  [&](Pairing pairing) { return near(pairing).cknna; });
  }

  void add_cca() {
    const CcaSimilarity cca = cca_similarity(sides_, request_.threads);
    add("SVCCA", "mean canonical correlation of 99 % of the variance", cca.svcca);
    add("PWCCA", "canonical correlations weighed by what they explain of the queries",
        cca.pwcca_by_first);
  }

  void add_rsa() {
    const std::size_t rows = pairs_.first.rows();
    if (rows <= kMostRsaRows) {
      add("RSA", "rank correlation of cosine distances", rsa(sides_, request_.threads));
      return;
    }
    const auto some = sample_rows(rows, kMostRsaRows, request_.permutations.seed);
    const Matrix first = rows_at(pairs_.first, some);
    const Matrix second = rows_at(pairs_.second, some);
    add("RSA", "rank correlation of cosine distances of 4,000 pairs drawn",
        rsa({{first, "queries"}, {second, "candidates"}}, request_.threads));
  }

  void add_hubs() {
    if (request_.queries.cols() != request_.candidates.cols()) return;
    const Gallery asked = prepare(request_.queries, request_.similarity, "queries");
    const Gallery gallery = prepare(request_.candidates, request_.similarity, "candidates");
    const auto found =
        hubness(top_k(asked.vectors, gallery, request_.neighbours, {.threads = request_.threads}),
                gallery.vectors.rows());
    add("hub_skewness", "of how often a candidate is among the nearest of the queries",
        found ? found->skewness : std::nullopt);
    add("antihub_share", "candidates that are among the nearest of none",
        found ? std::optional(found->antihub_share) : std::nullopt);
  }

  const GeometryRequest& request_;
  Pairs pairs_;
  PairedRows sides_;
  std::vector<GeometryRow> rows_;
};

}  // namespace

std::vector<GeometryRow> measure_geometry(const GeometryRequest& request) {
  return Report(request).rows();
}

}  // namespace alignlab
