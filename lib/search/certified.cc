#include "search/certified.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "search/best_candidates.h"
#include "search/bounded_pairs.h"
#include "search/certified_choice.h"

namespace alignlab {
namespace {

constexpr float kLowest = -std::numeric_limits<float>::infinity();

struct Pending {
  float upper;
  std::int32_t id;
};

/// What one query holds while the gallery goes by: the best of what was scored canonically, and
/// what may still be better than the last of these.
class BestOfQuery {
 public:
  explicit BestOfQuery(std::size_t k) : k_(k), best_(k) {}

  /// In the units of intervals: a candidate whose upper end is below cannot be among the best.
  float least() const { return least_; }

  void add(std::int32_t id, float upper) { pending_.push_back({upper, id}); }

  /// Scores some of what is pending once there is much of it, so that memory stays bounded whatever
  /// the data, and `least` follows.
  template <typename Score>
  void tidy(const Score& score) {
    if (pending_.size() < std::max(limit_, 16 * step())) return;
    settle(step(), score);
    if (pending_.size() > std::max<std::size_t>(1024, 32 * k_)) settle(pending_.size(), score);
    limit_ = 4 * pending_.size();
  }

  template <typename Score>
  void finish(const Score& score) {
    while (!pending_.empty()) settle(step(), score);
  }

  const std::vector<Candidate>& best() { return best_.sorted(); }
  std::int64_t scored() const { return scored_; }

 private:
  std::size_t step() const { return std::max<std::size_t>(k_, 8); }

  /// Scores the `count` candidates whose upper ends are highest.
  template <typename Score>
  void settle(std::size_t count, const Score& score) {
    count = std::min(count, pending_.size());
    std::ranges::nth_element(pending_, pending_.begin() + static_cast<std::ptrdiff_t>(count) - 1,
                             [](const Pending& a, const Pending& b) { return a.upper > b.upper; });
    std::vector<std::int32_t> ids;
    for (std::size_t i = 0; i < count; ++i) ids.push_back(pending_[i].id);
    const std::vector<double>& scores = score(ids);
    scored_ += static_cast<std::int64_t>(count);
    for (std::size_t i = 0; i < count; ++i) best_.add({scores[i], ids[i]});
    best_.trim();
    if (best_.is_full()) least_ = rounded_down(best_.worst().score * score.unit);
    std::size_t kept = 0;
    for (std::size_t i = count; i < pending_.size(); ++i) {
      if (pending_[i].upper >= least_) pending_[kept++] = pending_[i];
    }
    pending_.resize(kept);
  }

  std::size_t k_;
  float least_ = kLowest;
  std::vector<Pending> pending_;
  BestCandidates best_;
  std::size_t limit_ = 0;
  std::int64_t scored_ = 0;
};

/// Scores candidates of one query, on one thread.
struct ScoreOf {
  const Isa& isa;
  std::span<const float> query;
  const Gallery& gallery;
  double unit;
  std::vector<double>& scores;

  const std::vector<double>& operator()(std::span<const std::int32_t> ids) const {
    canonical_scores(isa, query, gallery.vectors, gallery.bias, ids, scores);
    return scores;
  }
};

/// What one thread holds of candidates in doubt.
struct DoubtfulScores {
  std::vector<std::uint32_t> positions;  // in a strip
  std::vector<std::int32_t> ids;
  std::vector<double> scores;
  std::int64_t scored = 0;

  /// Scores the first `count` positions that exist.
  void score(const Isa& isa, std::span<const float> query, const Gallery& gallery,
             const Strip& strip, std::size_t count) {
    ids.clear();
    for (std::size_t f = 0; f < count; ++f) {
      if (positions[f] >= strip.items) continue;
      ids.push_back(static_cast<std::int32_t>(strip.first_item + positions[f]));
    }
    canonical_scores(isa, query, gallery.vectors, gallery.bias, ids, scores);
    scored += std::ssize(ids);
  }
};

void report(const Kernel& kernel, const char* path, const char* codes, std::int64_t scored) {
  if (kernel.work == nullptr) return;
  kernel.work->isa = path;
  kernel.work->codes = codes;
  kernel.work->scored = scored;
}

}  // namespace

std::vector<double> relevant_scores(MatrixView queries, const Gallery& gallery,
                                    const Relevance& relevant, const Isa& isa, int threads) {
  std::vector<double> out(static_cast<std::size_t>(relevant.pairs()));
  const auto count = static_cast<std::int64_t>(relevant.queries());
#pragma omp parallel num_threads(threads)
  {
    std::vector<double> scores;
#pragma omp for schedule(static)
    for (std::int64_t i = 0; i < count; ++i) {
      const auto query = static_cast<std::size_t>(i);
      canonical_scores(isa, queries.row(query), gallery.vectors, gallery.bias, relevant.of(query),
                       scores);
      std::ranges::copy(scores, out.begin() + relevant.offset(query));
    }
  }
  return out;
}

bool certified_top_k(MatrixView queries, const Gallery& gallery, const Isa& isa,
                     const Kernel& kernel, TopK& out) {
  const kernels::DotsKernel* dots = choose_for_top_k(queries, gallery, out.k, isa, kernel);
  if (dots == nullptr) return false;
  const BoundedPairs pairs(queries, all_rows(queries), gallery, all_rows(gallery.vectors), isa,
                           *dots, kernel.threads);
  if (!pairs.usable()) return false;
  std::vector<BestOfQuery> best(queries.rows(), BestOfQuery(out.k));
  std::vector<std::vector<std::uint32_t>> found(static_cast<std::size_t>(kernel.threads));
  std::vector<std::vector<float>> uppers(found.size());
  std::vector<std::vector<double>> scores(found.size());
  const char* path = pairs.for_each_strip([&](const Strip& strip, int thread) {
    const auto t = static_cast<std::size_t>(thread);
    found[t].resize(std::max(found[t].size(), strip.padded));
    uppers[t].resize(found[t].size());
    for (std::size_t q = 0; q < strip.queries; ++q) {
      const std::size_t query = strip.first_query + q;
      BestOfQuery& own = best[query];
      const std::size_t count =
          isa.scan->above(strip.dots + q * strip.stride, strip.padded, strip.at, pairs.query(query),
                          own.least(), found[t].data(), uppers[t].data());
      if (count == 0) continue;
      for (std::size_t f = 0; f < count; ++f) {
        if (found[t][f] >= strip.items) continue;
        own.add(static_cast<std::int32_t>(strip.first_item + found[t][f]), uppers[t][f]);
      }
      own.tidy(ScoreOf{isa, queries.row(query), gallery, pairs.unit(), scores[t]});
    }
  });
  std::int64_t scored = 0;
  const auto count = static_cast<std::int64_t>(queries.rows());
#pragma omp parallel num_threads(kernel.threads) reduction(+ : scored)
  {
    std::vector<double> own_scores;
#pragma omp for schedule(dynamic, 16)
    for (std::int64_t i = 0; i < count; ++i) {
      const auto query = static_cast<std::size_t>(i);
      best[query].finish(ScoreOf{isa, queries.row(query), gallery, pairs.unit(), own_scores});
      const std::vector<Candidate>& sorted = best[query].best();
      for (std::size_t r = 0; r < out.k; ++r) {
        out.ids[query * out.k + r] = sorted[r].id;
        out.scores[query * out.k + r] = sorted[r].score;
      }
      scored += best[query].scored();
    }
  }
  report(kernel, path, dots->name, scored);
  return true;
}

bool certified_rank(MatrixView queries, const Gallery& gallery, const Relevance& relevant,
                    const std::vector<double>& scores, const std::vector<std::uint32_t>& few,
                    const Isa& isa, const Kernel& kernel, Ranks& out) {
  const kernels::DotsKernel* dots =
      choose_for_ranks(queries, gallery, relevant, scores, few, isa, kernel);
  if (dots == nullptr) return false;
  const BoundedPairs pairs(queries, few, gallery, all_rows(gallery.vectors), isa, *dots,
                           kernel.threads);
  if (!pairs.usable()) return false;
  std::vector<kernels::ScanLevels> levels;
  for (const std::uint32_t query : few) {
    levels.push_back(levels_of(relevant_of(query, relevant, scores), pairs.unit()));
  }
  std::vector<DoubtfulScores> doubtful(static_cast<std::size_t>(kernel.threads));
  const char* path = pairs.for_each_strip([&](const Strip& strip, int thread) {
    DoubtfulScores& own = doubtful[static_cast<std::size_t>(thread)];
    own.positions.resize(std::max(own.positions.size(), strip.padded));
    for (std::size_t q = 0; q < strip.queries; ++q) {
      const std::size_t count = isa.scan->ranks(
          strip.dots + q * strip.stride, strip.padded, strip.at, pairs.query(strip.first_query + q),
          levels[strip.first_query + q], own.positions.data());
      if (count == 0) continue;
      const std::size_t query = few[strip.first_query + q];
      own.score(isa, queries.row(query), gallery, strip, count);
      const auto first = static_cast<std::size_t>(relevant.offset(query));
      const auto candidates = relevant.of(query);
      for (std::size_t f = 0; f < own.ids.size(); ++f) {
        for (std::size_t r = 0; r < candidates.size(); ++r) {
          const double level = scores[first + r];
          out.above[first + r] += own.scores[f] > level;
          out.ties[first + r] += own.scores[f] == level;
          out.ties_before[first + r] += own.scores[f] == level && own.ids[f] < candidates[r];
        }
      }
    }
  });
  for (std::size_t q = 0; q < few.size(); ++q) {
    const auto first = static_cast<std::size_t>(relevant.offset(few[q]));
    const auto own = relevant_of(few[q], relevant, scores);
    std::vector<double> ascending(own.begin(), own.end());
    std::ranges::sort(ascending);
    ascending.erase(std::unique(ascending.begin(), ascending.end()), ascending.end());
    for (std::size_t r = 0; r < own.size(); ++r) {
      const auto level = std::ranges::lower_bound(ascending, own[r]) - ascending.begin();
      out.above[first + r] += levels[q].above[level];
      --out.ties[first + r];  // with itself
    }
  }
  std::int64_t all = 0;
  for (const DoubtfulScores& own : doubtful) all += own.scored;
  report(kernel, path, dots->name, all);
  return true;
}

}  // namespace alignlab
