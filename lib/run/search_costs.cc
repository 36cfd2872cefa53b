#include "run/search_costs.h"

#include <algorithm>
#include <chrono>
#include <vector>

namespace alignlab {
namespace {

constexpr std::size_t kNeighbours = 10;
// Queries asked one by one, evenly spread: enough for the 99th of a hundred to mean something.
constexpr std::size_t kSingleQueries = 1000;
constexpr int kPasses = 5;

double seconds_of(const std::function<void()>& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// The smallest sample that this share of them does not exceed.
double quantile(const std::vector<double>& ascending, double share) {
  const auto rank = static_cast<std::size_t>(share * static_cast<double>(ascending.size()));
  return ascending[std::min(rank, ascending.size() - 1)];
}

double neighbour_recall(const TopK& found, const TopK& exact) {
  std::size_t shared = 0;
  for (std::size_t i = 0; i < exact.ids.size(); i += exact.k) {
    const auto own = found.ids.begin() + static_cast<std::ptrdiff_t>(i);
    for (std::size_t r = 0; r < exact.k; ++r) {
      shared += std::find(own, own + static_cast<std::ptrdiff_t>(found.k), exact.ids[i + r]) !=
                own + static_cast<std::ptrdiff_t>(found.k);
    }
  }
  return 100.0 * static_cast<double>(shared) / static_cast<double>(exact.ids.size());
}

}  // namespace

std::map<std::string, double> search_costs(MatrixView queries, const Gallery& gallery,
                                           const MakeIndex& make, int threads) {
  std::map<std::string, double> out;
  if (queries.rows() == 0 || gallery.vectors.rows() == 0) return out;
  std::unique_ptr<SearchIndex> index;
  TopK found;
  out["build_s"] = seconds_of([&] { index = make(); });
  // What an index makes at its first search belongs to its making.
  const double first = seconds_of([&] { found = index->top_k(queries, kNeighbours); });
  std::vector<double> passes;
  for (int pass = 0; pass < kPasses; ++pass) {
    passes.push_back(seconds_of([&] { index->top_k(queries, kNeighbours); }));
  }
  std::ranges::sort(passes);
  const double median = passes[kPasses / 2];
  out["build_s"] += std::max(0.0, first - median);
  out["queries_per_s"] = static_cast<double>(queries.rows()) / median;
  out["index_mb"] = static_cast<double>(index->bytes()) / 1e6;

  const std::size_t singles = std::min(kSingleQueries, queries.rows());
  std::vector<double> latencies;
  for (std::size_t i = 0; i < singles; ++i) {
    const MatrixView one(queries.row(i * queries.rows() / singles).data(), 1, queries.cols());
    latencies.push_back(1e3 * seconds_of([&] { index->top_k(one, kNeighbours); }));
  }
  std::ranges::sort(latencies);
  out["latency_p50_ms"] = quantile(latencies, 0.50);
  out["latency_p95_ms"] = quantile(latencies, 0.95);
  out["latency_p99_ms"] = quantile(latencies, 0.99);
  out["neighbour_recall@10"] =
      neighbour_recall(found, top_k(queries, gallery, kNeighbours, {.threads = threads}));
  return out;
}

}  // namespace alignlab
