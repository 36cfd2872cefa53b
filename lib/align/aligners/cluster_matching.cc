// Cluster matching. Each side is clustered by k-means on its training items; C[a][b] counts the
// training pairs whose items fall into cluster a of the first and b of the second modality, and
// Hungarian assignment picks the one-to-one matching m with the largest sum of C[a][m(a)].
//
// An item x is embedded as its soft assignment over the matched clusters,
//     e_a(x) = sqrt(softmax_a(-|x - c_a|^2 / (s v))),
// with v the side's mean squared distance of a training item to its own centroid and s the softness
// chosen on dev; the second modality's coordinates are put in the order of m. The square root makes
// the dot product of two assignments their Bhattacharyya coefficient.
//
// Sparse features are projected onto leading singular directions of train first, rows then scaled
// to unit length.

#include <algorithm>
#include <cmath>
#include <numeric>

#include "align/common.h"
#include "align/makers.h"
#include "cluster/assignment.h"
#include "cluster/kmeans.h"
#include "linear/truncated_svd.h"

namespace alignlab::align {
namespace {

/// One modality, clustered. `centroids` stand in the matched order.
struct ClusteredSide {
  Modality modality = Modality::kImage;
  std::size_t width = 0;  // of the features it was fitted on
  Matrix directions;      // empty: features are clustered as they are
  Matrix centroids;
  double spread = 1.0;  // mean squared distance to the own centroid
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

Matrix soft_assignment(const Matrix& distances, double width) {
  Matrix out(distances.rows(), distances.cols());
  for (std::size_t i = 0; i < out.rows(); ++i) {
    const auto row = distances.row(i);
    const double nearest = *std::ranges::min_element(row);
    double total = 0.0;
    for (const float distance : row) total += std::exp((nearest - distance) / width);
    for (std::size_t c = 0; c < row.size(); ++c) {
      out.row(i)[c] = static_cast<float>(std::sqrt(std::exp((nearest - row[c]) / width) / total));
    }
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
    return soft_assignment(squared_distances(points_of(side, features), side.centroids),
                           softness_ * side.spread);
  }

  void save(H5File& file, const std::string& group) const override {
    for (const ClusteredSide& side : sides_) {
      const std::string here = group + "/" + std::string(name_of(side.modality));
      file.write<std::int64_t>(here + "/width", std::vector{static_cast<std::int64_t>(side.width)});
      file.write_matrix(here + "/directions", side.directions);
      file.write_matrix(here + "/centroids", side.centroids);
      file.write<double>(here + "/spread", std::vector{side.spread});
    }
    file.write<double>(group + "/softness", std::vector{softness_});
  }

 private:
  std::array<ClusteredSide, 2> sides_;
  double softness_;
};

class ClusterMatching : public Aligner {
 public:
  ClusterMatching(const Section& options, const TrainOptions& train)
      : kmeans_{static_cast<std::size_t>(options.integer("clusters")),
                static_cast<int>(options.integer("iterations")), train.threads},
        reduce_(static_cast<std::size_t>(options.integer("reduce"))),
        softness_(options.reals("softness")) {}

  std::unique_ptr<Encoder> fit(const TrainSplit& train, const DevSplit& dev, std::uint64_t seed,
                               Progress& progress) const override {
    const std::vector<Pair> pairs = pairs_of(train);
    progress.begin("cluster", static_cast<std::uint64_t>(2 * kmeans_.most_iterations),
                   "iterations");
    auto [first, first_clusters] = cluster(train.first(), seed, progress);
    auto [second, second_clusters] = cluster(train.second(), seed, progress);
    progress.end();

    const std::size_t k = kmeans_.clusters;
    std::vector<double> together(k * k, 0.0);
    for (const Pair& pair : pairs) {
      const auto a = static_cast<std::size_t>(first_clusters[static_cast<std::size_t>(pair.first)]);
      const auto b =
          static_cast<std::size_t>(second_clusters[static_cast<std::size_t>(pair.second)]);
      together[a * k + b] += 1.0;
    }
    second.centroids = rows_in_order(second.centroids, best_assignment(together, k));
    return choose_softness(std::move(first), std::move(second), dev);
  }

  std::unique_ptr<Encoder> load(const H5File& file, const std::string& group) const override {
    std::vector<ClusteredSide> sides;
    for (const Modality modality : kModalities) {
      const std::string here = group + "/" + std::string(name_of(modality));
      if (!file.has(here)) continue;
      sides.push_back(
          {modality, static_cast<std::size_t>(file.read<std::int64_t>(here + "/width").at(0)),
           file.read_matrix(here + "/directions"), file.read_matrix(here + "/centroids"),
           file.read<double>(here + "/spread").at(0)});
    }
    return std::make_unique<ClusterEncoder>(std::move(sides.at(0)), std::move(sides.at(1)),
                                            file.read<double>(group + "/softness").at(0));
  }

 private:
  struct Clustered {
    ClusteredSide side;
    std::vector<std::int32_t> assignment;
  };

  Clustered cluster(const ModalityItems& items, std::uint64_t seed, Progress& progress) const {
    const std::string name(name_of(items.modality));
    ClusteredSide side{items.modality, items.features.cols(), {}, {}, 1.0};
    if (items.features.form() == FeatureForm::kSparse) {
      side.directions =
          leading_directions(items.features, reduce_, Rng(seed, "directions of " + name))
              .directions;
    }
    const Matrix points = points_of(side, items.features);
    KMeans found = k_means(points, kmeans_, Rng(seed, "k-means of " + name), progress);
    side.centroids = std::move(found.centroids);
    // Points that all sit on their centroids leave no width to measure in; any will do.
    side.spread =
        found.objective > 0.0 ? found.objective / static_cast<double>(points.rows()) : 1.0;
    return {std::move(side), std::move(found.assignment)};
  }

  static Matrix rows_in_order(const Matrix& rows, const std::vector<std::int32_t>& order) {
    Matrix out(rows.rows(), rows.cols());
    for (std::size_t i = 0; i < order.size(); ++i) {
      std::ranges::copy(rows.row(static_cast<std::size_t>(order[i])), out.row(i).begin());
    }
    return out;
  }

  std::unique_ptr<Encoder> choose_softness(ClusteredSide first, ClusteredSide second,
                                           const DevSplit& dev) const {
    double best_softness = softness_.at(softness_.size() / 2);
    double best_score = -1.0;
    for (const double softness : softness_) {
      const auto score = score_on(dev, ClusterEncoder(first, second, softness), kmeans_.threads);
      if (score && *score > best_score) {
        best_score = *score;
        best_softness = softness;
      }
    }
    return std::make_unique<ClusterEncoder>(std::move(first), std::move(second), best_softness);
  }

  KMeansOptions kmeans_;
  std::size_t reduce_;
  std::vector<double> softness_;
};

}  // namespace

AlignerPtr make_cluster_matching(const Section& options, const TrainOptions& train) {
  return std::make_unique<ClusterMatching>(options, train);
}

}  // namespace alignlab::align
