#pragma once

// The k best candidates of one query. Private to this module.

#include <algorithm>
#include <cstdint>
#include <vector>

namespace alignlab {

struct Candidate {
  double score;
  std::int32_t id;
};

/// Higher scores first; equal ones by lower id.
struct ComesBefore {
  bool operator()(const Candidate& a, const Candidate& b) const {
    return a.score > b.score || (a.score == b.score && a.id < b.id);
  }
};
inline constexpr ComesBefore comes_before;

class BestCandidates {
 public:
  explicit BestCandidates(std::size_t k) : k_(k) {}

  void add(const Candidate& candidate) {
    if (is_full() && !comes_before(candidate, worst_)) return;
    held_.push_back(candidate);
    if (held_.size() == k_ || held_.size() >= 2 * k_ + kSpare) trim();
  }

  /// Whether k are held, the worst of which bounds what can still come in.
  bool is_full() const { return full_; }
  const Candidate& worst() const { return worst_; }

  /// Lets go of all but the k best, so that `worst` is the k-th.
  void trim() {
    if (held_.size() < k_) return;
    if (held_.size() > k_) {
      const auto last = held_.begin() + static_cast<std::ptrdiff_t>(k_) - 1;
      std::nth_element(held_.begin(), last, held_.end(), comes_before);
      held_.resize(k_);
      worst_ = held_.back();
    } else if (!full_) {
      worst_ = *std::max_element(held_.begin(), held_.end(), comes_before);
    }
    full_ = true;
  }

  /// In order; at most k.
  const std::vector<Candidate>& sorted() {
    trim();
    std::sort(held_.begin(), held_.end(), comes_before);
    return held_;
  }

 private:
  // So that few candidates are not trimmed at each other one.
  static constexpr std::size_t kSpare = 16;

  std::size_t k_;
  bool full_ = false;
  Candidate worst_{};
  std::vector<Candidate> held_;
};

}  // namespace alignlab
