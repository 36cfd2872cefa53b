#include "search/hamming.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/rng.h"
#include "search/best_candidates.h"
#include "search/bounded_pairs.h"
#include "search/tiles.h"

namespace alignlab {
namespace {

/// Unit directions, each orthogonal to the ones before it of its group.
Matrix random_directions(std::size_t count, std::size_t columns) {
  Matrix out(count, columns);
  Rng random(0, "hamming directions");
  for (std::size_t i = 0; i < count; ++i) {
    std::vector<double> direction(columns);
    for (double& value : direction) value = random.normal();
    const std::size_t group = i / std::max<std::size_t>(1, columns) * columns;
    for (std::size_t before = group; before < i; ++before) {
      const auto other = std::as_const(out).row(before);
      double along = 0.0;
      for (std::size_t e = 0; e < columns; ++e) along += direction[e] * other[e];
      for (std::size_t e = 0; e < columns; ++e) direction[e] -= along * other[e];
    }
    double squares = 0.0;
    for (const double value : direction) squares += value * value;
    const double norm = std::sqrt(squares);
    for (std::size_t e = 0; e < columns; ++e) {
      out.row(i)[e] = static_cast<float>(norm > 0.0 ? direction[e] / norm : 0.0);
    }
  }
  return out;
}

class HammingIndex final : public SearchIndex {
 public:
  HammingIndex(const Section& options, const Gallery& gallery, const Kernel& kernel)
      : gallery_(gallery),
        threads_(kernel.threads),
        isa_(isa_for(kernel)),
        bits_(static_cast<std::size_t>(options.integer("bits"))),
        rescored_(static_cast<std::size_t>(options.integer("rescored"))),
        directions_(random_directions(bits_, gallery.vectors.cols())) {
    require_finite(gallery);
    codes_ = codes_of(gallery.vectors);
  }

  TopK top_k(MatrixView queries, std::size_t k) override {
    require_comparable_queries(queries, gallery_);
    TopK out;
    out.k = std::min(k, gallery_.vectors.rows());
    out.ids.resize(queries.rows() * out.k);
    out.scores.resize(out.ids.size());
    if (out.ids.empty()) return out;
    const std::vector<std::uint64_t> asked = codes_of(queries);
    const auto count = static_cast<std::int64_t>(queries.rows());
#pragma omp parallel num_threads(threads_)
    {
      std::vector<std::uint16_t> distances(gallery_.vectors.rows());
      std::vector<double> scores;
#pragma omp for schedule(dynamic, 4)
      for (std::int64_t i = 0; i < count; ++i) {
        const auto query = static_cast<std::size_t>(i);
        isa_.hamming(asked.data() + query * words(), codes_.data(), distances.size(), words(),
                     distances.data());
        std::vector<std::int32_t> near = nearest(distances, std::max(out.k, rescored_));
        BestCandidates best(out.k);
        if (rescored_ > 0) {
          canonical_scores(isa_, queries.row(query), gallery_.vectors, gallery_.bias, near, scores);
        }
        for (std::size_t c = 0; c < near.size(); ++c) {
          const auto id = static_cast<std::size_t>(near[c]);
          best.add({rescored_ > 0 ? scores[c] : -static_cast<double>(distances[id]), near[c]});
        }
        const std::vector<Candidate>& sorted = best.sorted();
        for (std::size_t r = 0; r < out.k; ++r) {
          out.ids[query * out.k + r] = sorted[r].id;
          out.scores[query * out.k + r] = sorted[r].score;
        }
      }
    }
    return out;
  }

  std::size_t bytes() const override {
    // The vectors too, where candidates are scored.
    return codes_.size() * sizeof(std::uint64_t) + directions_.values().size_bytes() +
           (rescored_ > 0 ? gallery_.vectors.values().size_bytes() : 0);
  }

 private:
  std::size_t words() const { return (bits_ + 63) / 64; }

  std::vector<std::uint64_t> codes_of(MatrixView rows) const {
    std::vector<std::uint64_t> out(rows.rows() * words());
    std::vector<const float*> directions;
    for (std::size_t b = 0; b < bits_; ++b) directions.push_back(directions_.row(b).data());
    const auto count = static_cast<std::int64_t>(rows.rows());
#pragma omp parallel num_threads(threads_)
    {
      std::vector<double> along(bits_);
#pragma omp for schedule(static)
      for (std::int64_t i = 0; i < count; ++i) {
        const auto row = static_cast<std::size_t>(i);
        isa_.score_rows(rows.row(row).data(), directions.data(), bits_, rows.cols(), along.data());
        for (std::size_t b = 0; b < bits_; ++b) {
          out[row * words() + b / 64] |= std::uint64_t{along[b] >= 0.0} << (b % 64);
        }
      }
    }
    return out;
  }

  /// The `count` nearest, equally near ones by lower id, in no order.
  std::vector<std::int32_t> nearest(const std::vector<std::uint16_t>& distances,
                                    std::size_t count) const {
    std::vector<std::size_t> at(bits_ + 1, 0);
    for (const std::uint16_t distance : distances) ++at[distance];
    std::size_t below = 0, last = 0;
    for (; last < bits_ && below + at[last] < count; ++last) below += at[last];
    std::size_t ties = count - below;  // that may come in
    std::vector<std::int32_t> out;
    for (std::size_t j = 0; j < distances.size(); ++j) {
      const bool in = distances[j] < last || (distances[j] == last && ties > 0);
      if (!in) continue;
      if (distances[j] == last) --ties;
      out.push_back(static_cast<std::int32_t>(j));
    }
    return out;
  }

  const Gallery& gallery_;
  int threads_;
  Isa isa_;
  std::size_t bits_;
  std::size_t rescored_;
  Matrix directions_;
  std::vector<std::uint64_t> codes_;
};

}  // namespace

const CatalogRow& hamming_row() {
  static const CatalogRow kRow{
      "hamming",
      "approximate: signs of random projections, then canonical scores of the nearest codes",
      {{.name = "bits",
        .summary = "of a code",
        .fallback = std::int64_t{256},
        .least = 1,
        .most = 16384},
       {.name = "rescored",
        .summary = "nearest codes that are scored canonically; 0: the order of codes is the answer",
        .fallback = std::int64_t{100},
        .least = 0}}};
  return kRow;
}

std::unique_ptr<SearchIndex> hamming_index(const Section& options, const Gallery& gallery,
                                           const Kernel& kernel) {
  return std::make_unique<HammingIndex>(options, gallery, kernel);
}

}  // namespace alignlab
