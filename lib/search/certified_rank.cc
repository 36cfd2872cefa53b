#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "search/bounded_pairs.h"
#include "search/certified.h"
#include "search/certified_choice.h"
#include "search/doubtful_scores.h"

namespace alignlab {
namespace {

constexpr float kNever = std::numeric_limits<float>::infinity();

/// Ranks by rows, strip after strip.
class RowCounts {
 public:
  RowCounts(const BoundedPairs& pairs, MatrixView queries, const Gallery& gallery,
            const Relevance& relevant, std::span<const double> scores, Ranks& out)
      : pairs_(pairs),
        queries_(queries),
        gallery_(gallery),
        relevant_(relevant),
        scores_(scores),
        out_(out) {
    for (const std::uint32_t query : pairs.queries()) {
      const auto own = relevant_of(query, relevant, scores);
      const bool counted = !own.empty() && own.size() <= kernels::kMostLevels;
      levels_.push_back(counted ? levels_of(own, pairs.unit()) : kernels::ScanLevels{});
      if (!counted) levels_.back().low[0] = kNever;
    }
  }

  void count(const Strip& strip, DoubtfulScores& doubtful) {
    const Isa& isa = pairs_.isa();
    for (std::size_t q = 0; q < strip.queries; ++q) {
      const std::size_t at = strip.first_query + q;
      const std::size_t found =
          isa.scan->ranks(strip.dots + q * strip.stride, strip.padded, strip.at, pairs_.query(at),
                          levels_[at], doubtful.positions.data());
      if (found == 0) continue;
      const std::size_t query = pairs_.queries()[at];
      doubtful.score(isa, queries_.row(query), gallery_.vectors, gallery_.bias, strip, found);
      const auto first = static_cast<std::size_t>(relevant_.offset(query));
      const auto candidates = relevant_.of(query);
      for (std::size_t f = 0; f < doubtful.ids.size(); ++f) {
        for (std::size_t r = 0; r < candidates.size(); ++r) {
          const double level = scores_[first + r];
          const bool ties = doubtful.scores[f] == level;
          out_.above[first + r] += doubtful.scores[f] > level;
          out_.ties[first + r] += ties;
          out_.ties_before[first + r] += ties && doubtful.ids[f] < candidates[r];
        }
      }
    }
  }

  void finish() {
    for (std::size_t q = 0; q < levels_.size(); ++q) {
      if (levels_[q].count == 0) continue;
      const std::size_t query = pairs_.queries()[q];
      const auto first = static_cast<std::size_t>(relevant_.offset(query));
      const auto own = relevant_of(query, relevant_, scores_);
      std::vector<double> ascending(own.begin(), own.end());
      std::ranges::sort(ascending);
      ascending.erase(std::unique(ascending.begin(), ascending.end()), ascending.end());
      for (std::size_t r = 0; r < own.size(); ++r) {
        const auto level = std::ranges::lower_bound(ascending, own[r]) - ascending.begin();
        out_.above[first + r] += levels_[q].above[level];
        --out_.ties[first + r];  // with itself
      }
    }
  }

 private:
  const BoundedPairs& pairs_;
  MatrixView queries_;
  const Gallery& gallery_;
  const Relevance& relevant_;
  std::span<const double> scores_;
  Ranks& out_;
  std::vector<kernels::ScanLevels> levels_;  // of the selection
};

/// Ranks by columns of the same strips. Counts a thread, which add up to the same whoever counted.
class ColumnCounts {
 public:
  ColumnCounts(const BoundedPairs& pairs, const Gallery& rows, const RankedSide& columns,
               int threads)
      : pairs_(pairs), rows_(rows), columns_(columns), threads_(static_cast<std::size_t>(threads)) {
    // Whole strips are scanned; columns without a relevant row are never reached.
    const std::size_t size = pairs.padded_items();
    low_.assign(size, kNever);
    high_.assign(size, kNever);
    for (std::size_t j = 0; j < columns.relevant.queries(); ++j) {
      if (columns.relevant.of(j).empty()) continue;
      const double level = columns.scores[static_cast<std::size_t>(columns.relevant.offset(j))];
      low_[j] = rounded_down(level * pairs.unit());
      high_[j] = rounded_up(level * pairs.unit());
    }
    for (Counts& counts : threads_) {
      counts.above.resize(size);
      counts.ties.resize(size);
      counts.ties_before.resize(size);
    }
  }

  void count(const Strip& strip, int thread, DoubtfulScores& doubtful) {
    Counts& counts = threads_[static_cast<std::size_t>(thread)];
    for (std::size_t q = 0; q < strip.queries; ++q) {
      const std::size_t row = strip.first_query + q;
      const double bias = rows_.bias.empty() ? 0.0 : rows_.bias[row];
      // Room for rounding this bias, and for adding it.
      const double room = std::abs(bias * pairs_.unit()) * 0x1p-20;
      const kernels::ScanColumns scan{
          low_.data() + strip.first_item, high_.data() + strip.first_item,
          counts.above.data() + strip.first_item, rounded_down(bias * pairs_.unit() - room),
          rounded_up(bias * pairs_.unit() + room)};
      const std::size_t found =
          pairs_.isa().scan->column_ranks(strip.dots + q * strip.stride, strip.padded, strip.at,
                                          pairs_.query(row), scan, doubtful.positions.data());
      if (found == 0) continue;
      doubtful.score(pairs_.isa(), std::as_const(rows_.vectors).row(row), columns_.side.vectors, {},
                     strip, found);
      for (std::size_t f = 0; f < doubtful.ids.size(); ++f) {
        const auto column = static_cast<std::size_t>(doubtful.ids[f]);
        // A bias beyond the range of floats reaches even the level of columns without one.
        if (columns_.relevant.of(column).empty()) continue;
        const auto offset = static_cast<std::size_t>(columns_.relevant.offset(column));
        const double level = columns_.scores[offset];
        const double score = rows_.bias.empty() ? doubtful.scores[f] : doubtful.scores[f] + bias;
        counts.above[column] += score > level;
        counts.ties[column] += score == level;
        counts.ties_before[column] +=
            score == level && static_cast<std::int32_t>(row) < columns_.relevant.of(column).front();
      }
    }
  }

  void finish() {
    for (std::size_t j = 0; j < columns_.relevant.queries(); ++j) {
      if (columns_.relevant.of(j).empty()) continue;
      const auto at = static_cast<std::size_t>(columns_.relevant.offset(j));
      for (const Counts& counts : threads_) {
        columns_.out.above[at] += counts.above[j];
        columns_.out.ties[at] += counts.ties[j];
        columns_.out.ties_before[at] += counts.ties_before[j];
      }
      --columns_.out.ties[at];  // with itself
    }
  }

 private:
  struct Counts {
    std::vector<std::int32_t> above;
    std::vector<std::int32_t> ties;
    std::vector<std::int32_t> ties_before;
  };

  const BoundedPairs& pairs_;
  const Gallery& rows_;
  const RankedSide& columns_;
  std::vector<float> low_;
  std::vector<float> high_;
  std::vector<Counts> threads_;
};

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

bool certified_rank(MatrixView queries, const Gallery& gallery, const Relevance& relevant,
                    const std::vector<double>& scores, const std::vector<std::uint32_t>& few,
                    const Isa& isa, const Kernel& kernel, Ranks& out) {
  CodedGallery coded(gallery, isa, kernel.threads);
  const kernels::DotsKernel* dots = choose_for_ranks(queries, coded, relevant, scores, few, kernel);
  if (dots == nullptr) return false;
  const BoundedPairs pairs(queries, few, coded, *dots, kernel.threads);
  if (!pairs.usable()) return false;
  RowCounts rows(pairs, queries, gallery, relevant, scores, out);
  std::vector<DoubtfulScores> doubtful(static_cast<std::size_t>(kernel.threads),
                                       DoubtfulScores(pairs.strip_items()));
  const char* path = pairs.for_each_strip([&](const Strip& strip, int thread) {
    rows.count(strip, doubtful[static_cast<std::size_t>(thread)]);
  });
  rows.finish();
  report(kernel, path, dots->name, doubtful);
  return true;
}

bool certified_rank_both(const RankedSide& rows, const std::vector<std::uint32_t>& few,
                         const RankedSide& columns, const Isa& isa, const Kernel& kernel) {
  const MatrixView queries = rows.side.vectors;
  CodedGallery coded(columns.side, isa, kernel.threads);
  const kernels::DotsKernel* dots =
      choose_for_ranks(queries, coded, rows.relevant, rows.scores, few, kernel);
  if (dots == nullptr) return false;
  const BoundedPairs pairs(queries, all_rows(queries), coded, *dots, kernel.threads);
  if (!pairs.usable()) return false;
  RowCounts row_counts(pairs, queries, columns.side, rows.relevant, rows.scores, rows.out);
  ColumnCounts column_counts(pairs, rows.side, columns, kernel.threads);
  std::vector<DoubtfulScores> doubtful(static_cast<std::size_t>(kernel.threads),
                                       DoubtfulScores(pairs.strip_items()));
  const char* path = pairs.for_each_strip([&](const Strip& strip, int thread) {
    DoubtfulScores& own = doubtful[static_cast<std::size_t>(thread)];
    row_counts.count(strip, own);
    column_counts.count(strip, thread, own);
  });
  row_counts.finish();
  column_counts.finish();
  report(kernel, path, dots->name, doubtful);
  return true;
}

}  // namespace alignlab
