// Cluster matching. Each side is clustered on its training items; C[a][b] counts the training pairs
// whose items fall into cluster a of the first and b of the second modality, and Hungarian
// assignment picks the one-to-one matching m with the largest sum of C[a][m(a)], or of the
// pointwise mutual information log(C[a][b] C / (C[a] C[b])), 0 where that is negative. Where one
// side has more clusters, those left over are of no use.
//
// An item x is embedded as its soft assignment over the matched clusters,
//     e_a(x) = sqrt(softmax_a(-|x - c_a|^2 / (s v))),
// with v the side's mean squared distance of a training item to its own centroid and s the softness
// chosen on dev; the second modality's coordinates are put in the order of m. The square root makes
// the dot product of two assignments their Bhattacharyya coefficient. Several clusterings, of
// several granularities and from several starts, stand side by side: the product is the mean of
// their coefficients, a vote.
//
// Hierarchical clusters and DBSCAN's are made of the centroids of a finer k-means that stand for
// the items; clusters are then what these stand for, and what DBSCAN calls noise goes to the
// nearest cluster.
//
// Sparse features are projected onto leading singular directions of train first, rows then scaled
// to unit length.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "align/common.h"
#include "align/makers.h"
#include "cluster/assignment.h"
#include "cluster/dbscan.h"
#include "cluster/hierarchical.h"
#include "cluster/kmeans.h"
#include "core/error.h"
#include "linear/truncated_svd.h"

namespace alignlab::align {
namespace {

/// One clustering of a side. `centroids` stand in the matched order.
struct Clustering {
  Matrix centroids;
  double spread = 1.0;  // mean squared distance to the own centroid
};

/// One modality and its clusterings.
struct ClusteredSide {
  Modality modality = Modality::kImage;
  std::size_t width = 0;  // of the features it was fitted on
  Matrix directions;      // empty: features are clustered as they are
  std::vector<Clustering> clusterings;
};

Matrix points_of(const ClusteredSide& side, const Features& features) {
  if (side.directions.rows() == 0) return features.to_dense();
  Matrix points = project(features, side.directions);
  for (std::size_t i = 0; i < points.rows(); ++i) {
    double squares = 0.0;
    for (const float value : points.row(i)) squares += static_cast<double>(value) * value;
    if (squares == 0.0) continue;
    for (float& value : points.row(i)) value = static_cast<float>(value / std::sqrt(squares));
  }
  return points;
}

/// Of points to the centroids of each clustering.
std::vector<Matrix> distances_of(const ClusteredSide& side, const Features& features) {
  const Matrix points = points_of(side, features);
  std::vector<Matrix> out;
  for (const Clustering& each : side.clusterings) {
    out.push_back(squared_distances(points, each.centroids));
  }
  return out;
}

void put_soft_assignment(std::span<const float> distances, double width, float scale,
                         std::span<float> out) {
  const double nearest = *std::ranges::min_element(distances);
  double total = 0.0;
  for (const float distance : distances) total += std::exp((nearest - distance) / width);
  for (std::size_t c = 0; c < distances.size(); ++c) {
    out[c] =
        scale * static_cast<float>(std::sqrt(std::exp((nearest - distances[c]) / width) / total));
  }
}

Matrix soft_assignments(const ClusteredSide& side, const std::vector<Matrix>& distances,
                        double softness) {
  std::size_t width = 0;
  for (const Matrix& each : distances) width += each.cols();
  Matrix out(distances.front().rows(), width);
  const auto scale = static_cast<float>(1.0 / std::sqrt(static_cast<double>(distances.size())));
  std::size_t at = 0;
  for (std::size_t c = 0; c < distances.size(); ++c) {
    for (std::size_t i = 0; i < out.rows(); ++i) {
      put_soft_assignment(distances[c].row(i), softness * side.clusterings[c].spread, scale,
                          out.row(i).subspan(at, distances[c].cols()));
    }
    at += distances[c].cols();
  }
  return out;
}

class ClusterEncoder : public Encoder {
 public:
  ClusterEncoder(ClusteredSide first, ClusteredSide second, double softness)
      : sides_{std::move(first), std::move(second)}, softness_(softness) {}

  Matrix embed(Modality modality, const Features& features) const override {
    const ClusteredSide& side = modality == sides_[0].modality ? sides_[0] : sides_[1];
    require_width(modality, features, side.width);
    return soft_assignments(side, distances_of(side, features), softness_);
  }

  void save(H5File& file, const std::string& group) const override {
    for (const ClusteredSide& side : sides_) {
      const std::string here = group_of(group, side.modality);
      file.write<std::int64_t>(here + "/width", std::vector{static_cast<std::int64_t>(side.width)});
      file.write_matrix(here + "/directions", side.directions);
      for (std::size_t c = 0; c < side.clusterings.size(); ++c) {
        file.write_matrix(fmt::format("{}/{}/centroids", here, c), side.clusterings[c].centroids);
        file.write<double>(fmt::format("{}/{}/spread", here, c),
                           std::vector{side.clusterings[c].spread});
      }
    }
    file.write<double>(group + "/softness", std::vector{softness_});
  }

  static std::unique_ptr<Encoder> load(const H5File& file, const std::string& group) {
    std::vector<ClusteredSide> sides;
    for (const Modality modality : kModalities) {
      const std::string here = group_of(group, modality);
      if (!file.has(here)) continue;
      ClusteredSide side{modality,
                         static_cast<std::size_t>(file.read<std::int64_t>(here + "/width").at(0)),
                         file.read_matrix(here + "/directions"),
                         {}};
      for (std::size_t c = 0; file.has(fmt::format("{}/{}", here, c)); ++c) {
        side.clusterings.push_back({file.read_matrix(fmt::format("{}/{}/centroids", here, c)),
                                    file.read<double>(fmt::format("{}/{}/spread", here, c)).at(0)});
      }
      sides.push_back(std::move(side));
    }
    return std::make_unique<ClusterEncoder>(std::move(sides.at(0)), std::move(sides.at(1)),
                                            file.read<double>(group + "/softness").at(0));
  }

 private:
  static std::string group_of(const std::string& group, Modality modality) {
    return group + "/" + std::string(name_of(modality));
  }

  std::array<ClusteredSide, 2> sides_;
  double softness_;
};

/// A clustering with the cluster of each training item.
struct Clustered {
  Matrix centroids;
  std::vector<std::int32_t> assignment;
  double spread = 1.0;
};

/// Mean points of the items of each cluster, and how far items are from theirs.
Clustered with_means(const Matrix& points, std::vector<std::int32_t> assignment) {
  const auto clusters = static_cast<std::size_t>(*std::ranges::max_element(assignment) + 1);
  std::vector<double> sums(clusters * points.cols(), 0.0);
  std::vector<double> sizes(clusters, 0.0);
  for (std::size_t i = 0; i < points.rows(); ++i) {
    const auto own = static_cast<std::size_t>(assignment[i]);
    sizes[own] += 1.0;
    for (std::size_t e = 0; e < points.cols(); ++e)
      sums[own * points.cols() + e] += points.row(i)[e];
  }
  Clustered out{Matrix(clusters, points.cols()), std::move(assignment), 1.0};
  for (std::size_t c = 0; c < clusters; ++c) {
    for (std::size_t e = 0; e < points.cols(); ++e) {
      out.centroids.row(c)[e] = static_cast<float>(sums[c * points.cols() + e] / sizes[c]);
    }
  }
  double squares = 0.0;
  for (std::size_t i = 0; i < points.rows(); ++i) {
    const auto centroid = out.centroids.row(static_cast<std::size_t>(out.assignment[i]));
    for (std::size_t e = 0; e < points.cols(); ++e) {
      const double off = static_cast<double>(points.row(i)[e]) - static_cast<double>(centroid[e]);
      squares += off * off;
    }
  }
  // Points that all sit on their centroids leave no width to measure in; any will do.
  if (squares > 0.0) out.spread = squares / static_cast<double>(points.rows());
  return out;
}

class ClusterMatching : public Aligner {
 public:
  ClusterMatching(const Section& options, const TrainOptions& train)
      : options_(options), threads_(train.threads), softness_(options.reals("softness")) {}

  std::unique_ptr<Encoder> fit(const TrainSplit& train, const DevSplit& dev, std::uint64_t seed,
                               Progress& progress) const override {
    const std::vector<Pair> pairs = pairs_of(train);
    const auto starts = static_cast<std::size_t>(options_.integer("starts"));
    // One k-means a start finds the representatives of all granularities.
    const bool each = options_.text("method") == "k-means";
    const std::size_t votes = starts * (each ? options_.reals("granularities").size() : 1);
    progress.begin("cluster",
                   2 * votes * static_cast<std::uint64_t>(options_.integer("iterations")),
                   "iterations");
    ClusteredSide first = side_of(train.first(), seed);
    ClusteredSide second = side_of(train.second(), seed);
    const Matrix first_points = points_of(first, train.first().features);
    const Matrix second_points = points_of(second, train.second().features);
    for (std::size_t start = 0; start < starts; ++start) {
      std::vector<Clustered> firsts = clusterings(first_points, first, seed, start, progress);
      std::vector<Clustered> seconds = clusterings(second_points, second, seed, start, progress);
      for (std::size_t g = 0; g < firsts.size(); ++g) {
        add_matched(firsts[g], seconds[g], pairs, first, second);
      }
    }
    progress.end();
    return choose_softness(std::move(first), std::move(second), dev);
  }

  std::unique_ptr<Encoder> load(const H5File& file, const std::string& group) const override {
    return ClusterEncoder::load(file, group);
  }

 private:
  ClusteredSide side_of(const ModalityItems& items, std::uint64_t seed) const {
    ClusteredSide side{items.modality, items.features.cols(), {}, {}};
    if (items.features.form() == FeatureForm::kSparse) {
      const Rng rng(seed, "directions of " + std::string(name_of(items.modality)));
      side.directions =
          leading_directions(items.features, static_cast<std::size_t>(options_.integer("reduce")),
                             rng)
              .directions;
    }
    return side;
  }

  std::size_t clusters_of(double granularity) const {
    const double wanted =
        std::round(granularity * static_cast<double>(options_.integer("clusters")));
    return std::max<std::size_t>(1, static_cast<std::size_t>(wanted));
  }

  KMeans means_of(const Matrix& points, std::size_t clusters, Rng rng, Progress& progress) const {
    return k_means(points,
                   {.clusters = clusters,
                    .most_iterations = static_cast<int>(options_.integer("iterations")),
                    .threads = threads_,
                    .seeding = options_.text("seeding"),
                    .batch = static_cast<std::size_t>(options_.integer("batch"))},
                   rng, progress);
  }

  /// One a granularity.
  std::vector<Clustered> clusterings(const Matrix& points, const ClusteredSide& side,
                                     std::uint64_t seed, std::size_t start,
                                     Progress& progress) const {
    const std::string& method = options_.text("method");
    const auto stream = [&](const std::string& what) {
      // The first start of a single granularity draws as it did before there were several.
      const std::string more = start == 0 ? "" : fmt::format(", start {}", start);
      return Rng(seed, fmt::format("{} of {}{}", what, name_of(side.modality), more));
    };
    std::vector<Clustered> out;
    if (method == "k-means") {
      for (const double granularity : options_.reals("granularities")) {
        const std::string what = out.empty() ? "k-means" : fmt::format("k-means {}", out.size());
        KMeans found = means_of(points, clusters_of(granularity), stream(what), progress);
        Clustered one{std::move(found.centroids), std::move(found.assignment), 1.0};
        if (found.objective > 0.0) {
          one.spread = found.objective / static_cast<double>(points.rows());
        }
        out.push_back(std::move(one));
      }
      return out;
    }
    const auto most = static_cast<std::size_t>(options_.integer("representatives"));
    const KMeans fine =
        means_of(points, std::min(most, std::max<std::size_t>(2, points.rows() / 4)),
                 stream("representatives"), progress);
    const std::vector<double> weights(fine.sizes.begin(), fine.sizes.end());
    const std::vector<Merge> merges =
        method == "hierarchical"
            ? merges_by(options_.text("linkage") == "average" ? Linkage::kAverage : Linkage::kWard,
                        fine.centroids, weights)
            : std::vector<Merge>{};
    const double usual_distance =
        method == "dbscan" ? median_nearest_distance(fine.centroids) : 0.0;
    for (const double granularity : options_.reals("granularities")) {
      const std::vector<std::int32_t> coarse =
          method == "hierarchical"
              ? cut(merges, weights.size(), std::min(clusters_of(granularity), weights.size()))
              : dense_clusters(fine.centroids, weights,
                               options_.real("reach") * usual_distance / granularity, side);
      std::vector<std::int32_t> assignment;
      for (const std::int32_t own : fine.assignment) {
        assignment.push_back(coarse[static_cast<std::size_t>(own)]);
      }
      out.push_back(with_means(points, std::move(assignment)));
    }
    return out;
  }

  std::vector<std::int32_t> dense_clusters(const Matrix& points, const std::vector<double>& weights,
                                           double reach, const ClusteredSide& side) const {
    std::vector<std::int32_t> found = dbscan(points, weights, {reach, options_.real("core_items")});
    if (std::ranges::all_of(found, [](std::int32_t own) { return own == kNoise; })) {
      throw DataError(
          fmt::format("cluster-matching: dbscan finds no cluster of {} items within a "
                      "reach of {:.4g}; a larger aligner.reach or fewer core_items may",
                      name_of(side.modality), reach));
    }
    std::vector<std::int32_t> clustered;
    for (std::size_t i = 0; i < found.size(); ++i) {
      if (found[i] != kNoise) clustered.push_back(static_cast<std::int32_t>(i));
    }
    const Matrix known = Features(points).rows_at(clustered).to_dense();
    const Matrix distances = squared_distances(points, known);
    for (std::size_t i = 0; i < found.size(); ++i) {
      if (found[i] != kNoise) continue;
      const auto nearest = std::ranges::min_element(distances.row(i)) - distances.row(i).begin();
      found[i] = found[static_cast<std::size_t>(clustered[static_cast<std::size_t>(nearest)])];
    }
    return found;
  }

  /// Matches one clustering of each side and adds what is matched to both.
  void add_matched(const Clustered& a, const Clustered& b, const std::vector<Pair>& pairs,
                   ClusteredSide& first, ClusteredSide& second) const {
    const std::size_t rows = a.centroids.rows();
    const std::size_t cols = b.centroids.rows();
    const std::size_t n = std::max(rows, cols);
    std::vector<double> gains(n * n, 0.0);
    for (const Pair& pair : pairs) {
      const auto own = static_cast<std::size_t>(a.assignment[static_cast<std::size_t>(pair.first)]);
      const auto other =
          static_cast<std::size_t>(b.assignment[static_cast<std::size_t>(pair.second)]);
      gains[own * n + other] += 1.0;
    }
    if (options_.text("matching") == "pmi") to_mutual_information(gains, n);
    const std::vector<std::int32_t> matching = best_assignment(gains, n);
    std::vector<std::int32_t> ours, theirs;
    for (std::size_t c = 0; c < rows; ++c) {
      if (static_cast<std::size_t>(matching[c]) >= cols) continue;
      ours.push_back(static_cast<std::int32_t>(c));
      theirs.push_back(matching[c]);
    }
    first.clusterings.push_back({Features(a.centroids).rows_at(ours).to_dense(), a.spread});
    second.clusterings.push_back({Features(b.centroids).rows_at(theirs).to_dense(), b.spread});
  }

  /// Counts to max(0, log(C_ab C / (C_a C_b))).
  static void to_mutual_information(std::vector<double>& counts, std::size_t n) {
    std::vector<double> rows(n, 0.0), cols(n, 0.0);
    double all = 0.0;
    for (std::size_t i = 0; i < n * n; ++i) {
      rows[i / n] += counts[i];
      cols[i % n] += counts[i];
      all += counts[i];
    }
    for (std::size_t i = 0; i < n * n; ++i) {
      if (counts[i] == 0.0) continue;
      counts[i] = std::max(0.0, std::log(counts[i] * all / (rows[i / n] * cols[i % n])));
    }
  }

  std::unique_ptr<Encoder> choose_softness(ClusteredSide first, ClusteredSide second,
                                           const DevSplit& dev) const {
    double best_softness = softness_.at(softness_.size() / 2);
    double best_score = -1.0;
    if (!dev.first().groups.empty() && !dev.second().groups.empty()) {
      const std::vector<Matrix> firsts = distances_of(first, dev.first().features);
      const std::vector<Matrix> seconds = distances_of(second, dev.second().features);
      for (const double softness : softness_) {
        const double score =
            dev_score(soft_assignments(first, firsts, softness), dev.first().groups,
                      soft_assignments(second, seconds, softness), dev.second().groups, threads_);
        if (score <= best_score) continue;
        best_score = score;
        best_softness = softness;
      }
    }
    return std::make_unique<ClusterEncoder>(std::move(first), std::move(second), best_softness);
  }

  Section options_;
  int threads_;
  std::vector<double> softness_;
};

}  // namespace

AlignerPtr make_cluster_matching(const Section& options, const TrainOptions& train) {
  return std::make_unique<ClusterMatching>(options, train);
}

}  // namespace alignlab::align
