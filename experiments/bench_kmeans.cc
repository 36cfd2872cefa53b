// How long k-means takes, by default 30,000 points of 512 columns, 256 clusters and 20 iterations,
// beside faiss::Kmeans in the same process: the same points, initial centroids, iterations and
// threads. Both must come to the same objective within 0.01 %.
//
//   bench_kmeans [--points N] [--columns D] [--clusters K] [--iterations I] [--repetitions R]
//                [--summary FILE.json]

#include <faiss/Clustering.h>
#include <faiss/IndexFlat.h>
#include <fmt/format.h>
#include <omp.h>

#include <algorithm>
#include <cmath>

#include "cluster/kmeans.h"
#include "core/error.h"
#include "experiments/bench.h"
#include "experiments/bench_rows.h"

namespace alignlab {
namespace {

/// Points around as many centres as there are clusters, with noise five times as long as the
/// centres: nothing that a few iterations would settle.
Matrix points_of(std::size_t count, std::size_t columns, std::size_t clusters) {
  Matrix out = bench::unit_rows(count, columns, "noise").vectors;
  const Matrix centres = bench::unit_rows(clusters, columns, "centres").vectors;
  for (std::size_t i = 0; i < count; ++i) {
    const auto centre = centres.row(i % clusters);
    for (std::size_t e = 0; e < columns; ++e) out.row(i)[e] += 0.2F * centre[e];
  }
  return out;
}

Matrix start_of(const Matrix& points, std::size_t clusters) {
  Matrix out(clusters, points.cols());
  for (std::size_t c = 0; c < clusters; ++c) {
    // Not the points of one centre each, or nothing would be left to do.
    std::ranges::copy(points.row(c * 37 % points.rows()), out.row(c).begin());
  }
  return out;
}

Matrix by_faiss(const Matrix& points, const Matrix& start, int iterations, int threads) {
  omp_set_num_threads(threads);
  const auto columns = static_cast<int>(points.cols());
  faiss::Clustering clustering(columns, static_cast<int>(start.rows()));
  clustering.niter = iterations;
  clustering.centroids.assign(start.values().begin(), start.values().end());
  clustering.max_points_per_centroid = static_cast<int>(points.rows());
  clustering.min_points_per_centroid = 1;
  faiss::IndexFlatL2 index(columns);
  clustering.train(static_cast<faiss::Index::idx_t>(points.rows()), points.data(), index);
  Matrix out(start.rows(), start.cols());
  std::ranges::copy(clustering.centroids, out.values().begin());
  return out;
}

double objective_of(const Matrix& points, const Matrix& centroids) {
  Silent silent;
  return k_means_from(points, centroids, {.most_iterations = 0, .threads = 2}, silent).objective;
}

void bench_kmeans(const bench::Arguments& arguments) {
  const auto number = [&](const char* name) {
    return static_cast<std::size_t>(arguments.numbers.at(name));
  };
  const auto iterations = static_cast<int>(number("iterations"));
  const Matrix points = points_of(number("points"), number("columns"), number("clusters"));
  const Matrix start = start_of(points, number("clusters"));
  nlohmann::json ratios = nlohmann::json::object();
  fmt::print("{}; {} points of {} columns, {} clusters, {} iterations\n", selected_isa(),
             points.rows(), points.cols(), start.rows(), iterations);
  for (const int threads : {1, 2}) {
    Silent silent;
    KMeans ours;
    Matrix theirs;
    const KMeansOptions options{.most_iterations = iterations, .threads = threads};
    const auto run_ours = [&] { ours = k_means_from(points, start, options, silent); };
    const auto run_theirs = [&] { theirs = by_faiss(points, start, iterations, threads); };
    run_ours();
    run_theirs();
    const double expected = objective_of(points, theirs);
    if (std::abs(ours.objective - expected) > 1e-4 * expected) {
      throw Error(ExitCode::kInternal,
                  fmt::format("objectives differ: {:.6f}, FAISS {:.6f}", ours.objective, expected));
    }
    std::vector<double> own, other;
    for (std::size_t r = 0; r < number("repetitions"); ++r) {
      own.push_back(bench::seconds_of(run_ours));
      other.push_back(bench::seconds_of(run_theirs));
    }
    const double ratio = bench::median(other) / bench::median(own);
    fmt::print(
        "{} thread{}: {:.3f} s, {} iterations, objective {:.4f}; FAISS {:.3f} s, {:.4f}; "
        "ratio {:.2f}\n",
        threads, threads == 1 ? "" : "s", bench::median(own), std::min(ours.iterations, iterations),
        ours.objective, bench::median(other), expected, ratio);
    const std::string key =
        fmt::format("kmeans_n{}_d{}_k{}", points.rows(), points.cols(), start.rows());
    ratios[fmt::format("{}_t{}", key, threads)] = ratio;
    if (threads == 1) ratios[key] = ratio;
  }
  bench::write_summary(arguments, {{"ratios", ratios}});
}

}  // namespace
}  // namespace alignlab

int main(int argc, char** argv) {
  return alignlab::bench::run([&] {
    alignlab::bench::hold_blas_to_isa(argv);
    alignlab::bench_kmeans(alignlab::bench::parse(argc, argv,
                                                  {{"points", 30000},
                                                   {"columns", 512},
                                                   {"clusters", 256},
                                                   {"iterations", 20},
                                                   {"repetitions", 5}}));
  });
}
