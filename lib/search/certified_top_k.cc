#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

#include "search/best_candidates.h"
#include "search/bounded_pairs.h"
#include "search/certified.h"
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
    if (pending_.size() < std::max(limit_, 12 * step())) return;
    settle(step(), score);
    if (pending_.size() > std::max<std::size_t>(1024, 32 * k_)) settle(pending_.size(), score);
    limit_ = 2 * pending_.size();
  }

  /// Scores what is pending, the most promising first, as far as it can still come in.
  template <typename Score>
  void finish(const Score& score) {
    std::ranges::sort(pending_, std::greater<>(), &Pending::upper);
    std::vector<std::int32_t> ids;
    for (std::size_t first = 0; first < pending_.size() && pending_[first].upper >= least_;) {
      ids.clear();
      for (; first < pending_.size() && ids.size() < step(); ++first) {
        if (pending_[first].upper >= least_) ids.push_back(pending_[first].id);
      }
      add_scored(ids, score);
    }
    pending_.clear();
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
    add_scored(ids, score);
    std::size_t kept = 0;
    for (std::size_t i = count; i < pending_.size(); ++i) {
      if (pending_[i].upper >= least_) pending_[kept++] = pending_[i];
    }
    pending_.resize(kept);
  }

  template <typename Score>
  void add_scored(const std::vector<std::int32_t>& ids, const Score& score) {
    const std::vector<double>& scores = score(ids);
    scored_ += std::ssize(ids);
    for (std::size_t i = 0; i < ids.size(); ++i) best_.add({scores[i], ids[i]});
    best_.trim();
    if (best_.is_full()) least_ = rounded_down(best_.worst().score * score.unit);
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

}  // namespace

bool certified_top_k(MatrixView queries, CodedGallery& coded, const Kernel& kernel, TopK& out) {
  const Isa& isa = coded.isa();
  const Gallery& gallery = coded.gallery();
  const kernels::DotsKernel* dots = choose_for_top_k(queries, coded, out.k, kernel);
  if (dots == nullptr) return false;
  const BoundedPairs pairs(queries, all_rows(queries), coded, *dots, kernel.threads);
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
  if (kernel.work != nullptr) *kernel.work = {path, dots->name, scored};
  return true;
}

}  // namespace alignlab
