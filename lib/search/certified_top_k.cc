#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <memory>

#include "search/best_candidates.h"
#include "search/bounded_pairs.h"
#include "search/certified.h"
#include "search/certified_choice.h"

namespace alignlab {
namespace {

constexpr float kLowest = -std::numeric_limits<float>::infinity();

struct Pending {
  float lower;
  float upper;
  std::int32_t id;
};

/// What one query holds while the gallery goes by: candidates that may be among its best, and the
/// best of those that have been scored.
class BestOfQuery {
 public:
  explicit BestOfQuery(std::size_t k) : k_(k), limit_(first_limit()), best_(k) {
    pending_.reserve(std::min<std::size_t>(2 * limit_, 512));  // many queries are under way at once
  }

  /// In the units of intervals: a candidate whose upper end is below cannot be among the best.
  float least() const { return least_; }

  bool has_least() const { return least_ > kLowest; }
  /// As many items as there are ends surely score so much. Spoils them.
  void start_from(std::span<float> lower) {
    if (lower.size() < k_) return;
    const auto last = lower.begin() + static_cast<std::ptrdiff_t>(k_) - 1;
    std::ranges::nth_element(lower, last, std::greater<>());
    least_ = *last;
  }

  /// Those that the scan found to reach `least`, of items that start at `first_item`; positions
  /// from `items` on are padding.
  void add(std::span<const std::uint32_t> found, const float* lower, const float* upper,
           std::size_t first_item, std::size_t items) {
    const std::size_t before = pending_.size();
    pending_.resize(before + found.size());
    Pending* to = pending_.data() + before;
    for (std::size_t f = 0; f < found.size(); ++f) {
      *to = {lower[f], upper[f], static_cast<std::int32_t>(first_item + found[f])};
      to += found[f] < items;
    }
    pending_.resize(static_cast<std::size_t>(to - pending_.data()));
  }

  /// Once many are pending, lets go of those that k others surely beat. Where most are left, scores
  /// the most promising: that raises what others must reach by twice the width of an interval.
  /// Where too much is left even so, scores it all, so that memory stays bounded whatever the data.
  template <typename Score>
  void tidy(const Score& score) {
    if (pending_.size() < limit_) return;
    raise_by_lower_ends();
    if (pending_.size() > limit_ / 4 * 3) score_promising(best_.is_full() ? few() : k_, score);
    if (pending_.size() > std::max<std::size_t>(1024, 32 * k_)) finish(score);
    limit_ = std::max(first_limit(), 2 * pending_.size());
  }

  /// Scores whatever can still come in.
  template <typename Score>
  void finish(const Score& score) {
    score_promising(k_, score);
    score_first(pending_.size(), score);
  }

  const std::vector<Candidate>& best() { return best_.sorted(); }
  std::int64_t scored() const { return scored_; }

 private:
  std::size_t first_limit() const { return std::max<std::size_t>(64, 2 * k_); }
  std::size_t few() const { return std::max<std::size_t>(4, k_ / 8); }

  template <typename Score>
  void score_promising(std::size_t count, const Score& score) {
    drop_behind();
    if (count < pending_.size()) {
      std::ranges::nth_element(pending_, pending_.begin() + static_cast<std::ptrdiff_t>(count),
                               std::greater<>(), &Pending::upper);
    }
    score_first(std::min(count, pending_.size()), score);
    drop_behind();
  }

  template <typename Score>
  void score_first(std::size_t count, const Score& score) {
    if (count == 0) return;
    ids_.clear();
    for (std::size_t i = 0; i < count; ++i) ids_.push_back(pending_[i].id);
    pending_.erase(pending_.begin(), pending_.begin() + static_cast<std::ptrdiff_t>(count));
    const std::vector<double>& scores = score(ids_);
    scored_ += std::ssize(ids_);
    for (std::size_t i = 0; i < ids_.size(); ++i) best_.add({scores[i], ids_[i]});
    best_.trim();
    if (best_.is_full()) {
      least_ = std::max(least_, rounded_down(best_.worst().score * score.unit));
    }
  }

  void raise_by_lower_ends() {
    const auto last = pending_.begin() + static_cast<std::ptrdiff_t>(k_) - 1;
    std::ranges::nth_element(pending_, last, std::greater<>(), &Pending::lower);
    least_ = std::max(least_, last->lower);
    drop_behind();
  }

  void drop_behind() {
    std::erase_if(pending_, [&](const Pending& one) { return one.upper < least_; });
  }

  std::size_t k_;
  float least_ = kLowest;
  std::vector<Pending> pending_;
  std::size_t limit_;  // of those pending
  std::vector<std::int32_t> ids_;
  BestCandidates best_;
  std::int64_t scored_ = 0;
};

/// Groups enough for their k-th highest to lie near the k-th of all items.
std::size_t groups_for(std::size_t k, std::size_t items) {
  const auto whole = [](std::size_t count) { return (count + 15) / 16 * 16; };
  return std::min(whole(4 * k), whole(items));
}

/// Of one thread.
struct Room {
  explicit Room(std::size_t strip_items)
      : found(strip_items), lower(groups_for(strip_items, strip_items)), upper(strip_items) {}

  std::vector<std::uint32_t> found;
  std::vector<float> lower;
  std::vector<float> upper;
  std::vector<double> scores;
  std::int64_t scored = 0;
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
  // Made when a query's first strip comes by, and gone with its last: a thread holds those of one
  // block.
  std::vector<std::unique_ptr<BestOfQuery>> best(queries.rows());
  std::vector<Room> rooms(static_cast<std::size_t>(kernel.threads), Room(pairs.strip_items()));
  const char* path = pairs.for_each_strip([&](const Strip& strip, int thread) {
    Room& room = rooms[static_cast<std::size_t>(thread)];
    const bool is_last = strip.first_item + strip.padded == pairs.padded_items();
    for (std::size_t q = 0; q < strip.queries; ++q) {
      const std::size_t query = strip.first_query + q;
      if (strip.first_item == 0) best[query] = std::make_unique<BestOfQuery>(out.k);
      BestOfQuery& own = *best[query];
      if (!own.has_least()) {
        const std::size_t groups = groups_for(out.k, strip.padded);
        isa.scan->groups(strip.dots + q * strip.stride, strip.padded, strip.at, pairs.query(query),
                         groups, room.lower.data());
        own.start_from(std::span(room.lower).first(groups));
      }
      const std::size_t count =
          isa.scan->above(strip.dots + q * strip.stride, strip.padded, strip.at, pairs.query(query),
                          own.least(), room.found.data(), room.lower.data(), room.upper.data());
      own.add(std::span(room.found).first(count), room.lower.data(), room.upper.data(),
              strip.first_item, strip.items);
      const ScoreOf score{isa, queries.row(query), gallery, pairs.unit(), room.scores};
      own.tidy(score);
      if (!is_last) continue;
      own.finish(score);
      const std::vector<Candidate>& sorted = own.best();
      for (std::size_t r = 0; r < out.k; ++r) {
        out.ids[query * out.k + r] = sorted[r].id;
        out.scores[query * out.k + r] = sorted[r].score;
      }
      room.scored += own.scored();
      best[query].reset();
    }
  });
  if (kernel.work != nullptr) {
    *kernel.work = {path, dots->name, 0};
    for (const Room& room : rooms) kernel.work->scored += room.scored;
  }
  return true;
}

}  // namespace alignlab
