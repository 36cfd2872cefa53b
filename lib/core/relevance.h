#pragma once

// Which candidates are right for a query, as rows of sorted candidate indices.

#include <cstdint>
#include <span>
#include <vector>

namespace alignlab {

class Relevance {
 public:
  Relevance() = default;
  /// Row i of `rows` lists the relevant candidates of query i, in any order, without repeats.
  explicit Relevance(std::vector<std::vector<std::int32_t>> rows);
  /// Each candidate with how relevant it is, above 0.
  struct Graded {
    std::int32_t candidate;
    float grade;
  };
  explicit Relevance(std::vector<std::vector<Graded>> rows);
  /// Query and candidate are relevant to each other when their groups are equal.
  static Relevance from_groups(std::span<const std::int32_t> query_groups,
                               std::span<const std::int32_t> candidate_groups);

  std::size_t queries() const { return offsets_.size() - 1; }
  std::span<const std::int32_t> of(std::size_t query) const {
    return {candidates_.data() + offsets_[query],
            static_cast<std::size_t>(offsets_[query + 1] - offsets_[query])};
  }
  /// Where row `query` begins in a flat array of all (query, candidate) pairs.
  std::int64_t offset(std::size_t query) const { return offsets_[query]; }
  std::int64_t pairs() const { return offsets_.back(); }
  /// Flat, as the pairs; empty where all are equally relevant.
  const std::vector<float>& grades() const { return grades_; }

 private:
  std::vector<std::int64_t> offsets_{0};
  std::vector<std::int32_t> candidates_;
  std::vector<float> grades_;
};

}  // namespace alignlab
