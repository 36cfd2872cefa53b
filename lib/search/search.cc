#include "search/search.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <omp.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <functional>
#include <numeric>

#include "core/error.h"
#include "core/suggest.h"
#include "search/kernels/score_tile.h"

namespace alignlab {
namespace {

constexpr std::size_t kQueryBlock = 32;
// What a gallery block may take of a core's second-level cache once widened to double.
constexpr std::size_t kGalleryBlockBytes = 256 * 1024;
// With fewer relevant candidates than this, comparing with each beats a binary search.
constexpr std::size_t kFewRelevant = 8;

struct Isa {
  const char* name;
  kernels::ScoreTile tile;
  bool available;
};

std::vector<Isa> isas() {
  std::vector<Isa> out;
#if defined(__x86_64__)
  out.push_back({"avx512", kernels::score_tile_avx512,
                 __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq")});
  out.push_back({"avx2", kernels::score_tile_avx2,
                 __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")});
#endif
  out.push_back({"portable", kernels::score_tile_portable, true});
  std::erase_if(out, [](const Isa& isa) { return !isa.available; });
  return out;
}

Isa chosen_isa() {
  const std::vector<Isa> available = isas();
  const char* forced = std::getenv("ALIGNLAB_ISA");
  if (forced == nullptr || *forced == '\0') return available.front();
  std::vector<std::string> names;
  for (const Isa& isa : available) {
    if (std::string_view(forced) == isa.name) return isa;
    names.emplace_back(isa.name);
  }
  throw UsageError(fmt::format("ALIGNLAB_ISA={}: not available on this machine (available: {})",
                               forced, fmt::join(names, ", ")));
}

/// Rows as the blocked kernels want them: double, padded with zeros to a multiple of eight.
void widen(MatrixView rows, std::size_t first, std::size_t count, std::size_t width, double* out) {
  for (std::size_t i = 0; i < count; ++i) {
    const auto row = rows.row(first + i);
    double* to = out + i * width;
    for (std::size_t e = 0; e < row.size(); ++e) to[e] = row[e];
    std::fill(to + row.size(), to + width, 0.0);
  }
}

/// One block of scores: row i holds query `first_query + i` against `count` candidates that start
/// at `first_candidate`.
struct Tile {
  std::size_t query;
  std::size_t first_candidate;
  std::span<const double> scores;
};

/// A NaN would compare as neither above nor tied, and so rank first.
void require_comparable(MatrixView queries, const Gallery& gallery) {
  if (queries.cols() != gallery.vectors.cols()) {
    throw DataError(fmt::format("queries have {} columns, candidates {}", queries.cols(),
                                gallery.vectors.cols()));
  }
  require_finite(queries, "queries");
  require_finite(gallery.vectors, "candidates");
  for (std::size_t j = 0; j < gallery.bias.size(); ++j) {
    if (!std::isfinite(gallery.bias[j])) {
      throw DataError(fmt::format("candidates: bias of row {}: expected a finite number, found {}",
                                  j, gallery.bias[j]));
    }
  }
}

void add_bias(std::span<double> scores, const Gallery& gallery, std::size_t first) {
  if (gallery.bias.empty()) return;
  for (std::size_t j = 0; j < scores.size(); ++j) scores[j] += gallery.bias[first + j];
}

/// Calls visit(tile) for every query and gallery block; a query's tiles come in gallery order, on
/// one thread. Which thread and which blocks can never show in what a visitor computes a query.
void for_each_tile(MatrixView queries, const Gallery& gallery, const Kernel& kernel,
                   const std::function<void(const Tile&)>& visit) {
  const std::size_t items = gallery.vectors.rows();
  const std::size_t width = (queries.cols() + 7) / 8 * 8;
  const bool reference = kernel.name == "scalar";
  const kernels::ScoreTile tile = reference ? nullptr : chosen_isa().tile;
  const std::size_t gallery_block =
      std::clamp<std::size_t>(kGalleryBlockBytes / (8 * std::max<std::size_t>(8, width)), 16, 512);
  const auto blocks = static_cast<std::int64_t>((queries.rows() + kQueryBlock - 1) / kQueryBlock);

#pragma omp parallel num_threads(kernel.threads)
  {
    std::vector<double, AlignedAllocator<double, 64>> wide_queries(kQueryBlock * width);
    std::vector<double, AlignedAllocator<double, 64>> wide_items(gallery_block * width);
    std::vector<double> scores(kQueryBlock * gallery_block);
#pragma omp for schedule(dynamic)
    for (std::int64_t block = 0; block < blocks; ++block) {
      const std::size_t first_query = static_cast<std::size_t>(block) * kQueryBlock;
      const std::size_t query_count = std::min(kQueryBlock, queries.rows() - first_query);
      if (!reference) widen(queries, first_query, query_count, width, wide_queries.data());
      for (std::size_t first = 0; first < items; first += gallery_block) {
        const std::size_t count = std::min(gallery_block, items - first);
        if (reference) {
          for (std::size_t i = 0; i < query_count; ++i) {
            for (std::size_t j = 0; j < count; ++j) {
              scores[i * gallery_block + j] =
                  canonical_dot(queries.row(first_query + i), gallery.vectors.row(first + j));
            }
          }
        } else {
          widen(gallery.vectors, first, count, width, wide_items.data());
          tile(wide_queries.data(), query_count, wide_items.data(), count, width, scores.data(),
               gallery_block);
        }
        for (std::size_t i = 0; i < query_count; ++i) {
          const std::span<double> row(scores.data() + i * gallery_block, count);
          add_bias(row, gallery, first);
          visit({first_query + i, first, row});
        }
      }
    }
  }
}

double canonical_score(MatrixView queries, const Gallery& gallery, std::size_t query,
                       std::size_t candidate) {
  const double dot = canonical_dot(queries.row(query), gallery.vectors.row(candidate));
  return gallery.bias.empty() ? dot : dot + gallery.bias[candidate];
}

/// Scores of all relevant pairs, flat in the order of `relevant`.
std::vector<double> relevant_scores(MatrixView queries, const Gallery& gallery,
                                    const Relevance& relevant) {
  std::vector<double> out(static_cast<std::size_t>(relevant.pairs()));
  for (std::size_t i = 0; i < relevant.queries(); ++i) {
    std::size_t at = static_cast<std::size_t>(relevant.offset(i));
    for (const std::int32_t candidate : relevant.of(i)) {
      out[at++] = canonical_score(queries, gallery, i, static_cast<std::size_t>(candidate));
    }
  }
  return out;
}

/// Counts one query's candidates against its relevant scores, block by block.
class RankCounter {
 public:
  RankCounter(std::span<const double> scores, std::span<const std::int32_t> candidates)
      : scores_(scores), candidates_(candidates) {
    if (scores.size() <= kFewRelevant) return;
    levels_.assign(scores.begin(), scores.end());
    std::ranges::sort(levels_, std::greater<>());
    levels_.erase(std::unique(levels_.begin(), levels_.end()), levels_.end());
    between_.assign(levels_.size() + 1, 0);
    tied_.assign(levels_.size(), 0);
  }

  void count(const Tile& tile, std::int64_t* above, std::int64_t* ties, std::int64_t* before) {
    if (!levels_.empty()) return count_levels(tile, before);
    for (std::size_t r = 0; r < scores_.size(); ++r) {
      const double own = scores_[r];
      std::int64_t higher = 0;
      std::int64_t equal = 0;
      for (const double score : tile.scores) {
        higher += score > own;
        equal += score == own;
      }
      above[r] += higher;
      ties[r] += equal;
      if (equal == 0) continue;
      for (std::size_t j = 0; j < tile.scores.size(); ++j) {
        const auto candidate = static_cast<std::int64_t>(tile.first_candidate + j);
        before[r] += tile.scores[j] == own && candidate < candidates_[r];
      }
    }
  }

  void finish(std::int64_t* above, std::int64_t* ties) {
    if (!levels_.empty()) {
      std::vector<std::int64_t> higher(levels_.size());
      std::int64_t running = 0;
      for (std::size_t l = 0; l < levels_.size(); ++l) {
        higher[l] = running += between_[l];
        running += tied_[l];
      }
      for (std::size_t r = 0; r < scores_.size(); ++r) {
        const auto level = static_cast<std::size_t>(
            std::ranges::lower_bound(levels_, scores_[r], std::greater<>()) - levels_.begin());
        above[r] = higher[level];
        ties[r] = tied_[level];
      }
    }
    // A candidate ties with itself in the counts above.
    for (std::size_t r = 0; r < scores_.size(); ++r) --ties[r];
  }

 private:
  void count_levels(const Tile& tile, std::int64_t* before) {
    for (std::size_t j = 0; j < tile.scores.size(); ++j) {
      const auto found = std::ranges::lower_bound(levels_, tile.scores[j], std::greater<>());
      const auto level = static_cast<std::size_t>(found - levels_.begin());
      if (found == levels_.end() || *found != tile.scores[j]) {
        ++between_[level];
        continue;
      }
      // Candidates come in gallery order: at a relevant one, what tied so far comes earlier.
      const auto candidate = static_cast<std::int32_t>(tile.first_candidate + j);
      const auto relevant = std::ranges::lower_bound(candidates_, candidate);
      if (relevant != candidates_.end() && *relevant == candidate) {
        before[relevant - candidates_.begin()] = tied_[level];
      }
      ++tied_[level];
    }
  }

  std::span<const double> scores_;
  std::span<const std::int32_t> candidates_;
  // For many relevant candidates: their distinct scores descending, how many candidates score
  // strictly between two of them, and how many tie with each.
  std::vector<double> levels_;
  std::vector<std::int64_t> between_;
  std::vector<std::int64_t> tied_;
};

}  // namespace

const std::vector<CatalogRow>& kernel_catalog() {
  static const std::vector<CatalogRow> kRows{
      {"scalar", "the reference: one score at a time, no intrinsics", {}},
      {"blocked", "exact, cache- and register-blocked (AVX-512, AVX2 or portable)", {}},
  };
  return kRows;
}

std::vector<std::string> available_isas() {
  std::vector<std::string> names;
  for (const Isa& isa : isas()) names.emplace_back(isa.name);
  return names;
}

std::string selected_isa() { return chosen_isa().name; }

Ranks rank(MatrixView queries, const Gallery& gallery, const Relevance& relevant,
           const Kernel& kernel) {
  require_comparable(queries, gallery);
  const std::vector<double> scores = relevant_scores(queries, gallery, relevant);
  Ranks out;
  out.candidates = static_cast<std::int64_t>(gallery.vectors.rows());
  out.above.resize(scores.size());
  out.ties.resize(scores.size());
  out.ties_before.resize(scores.size());
  std::vector<RankCounter> counters;
  counters.reserve(relevant.queries());
  for (std::size_t i = 0; i < relevant.queries(); ++i) {
    const auto first = static_cast<std::size_t>(relevant.offset(i));
    counters.emplace_back(std::span(scores).subspan(first, relevant.of(i).size()), relevant.of(i));
    out.offsets.push_back(relevant.offset(i) + static_cast<std::int64_t>(relevant.of(i).size()));
  }
  for_each_tile(queries, gallery, kernel, [&](const Tile& tile) {
    const auto first = relevant.offset(tile.query);
    counters[tile.query].count(tile, out.above.data() + first, out.ties.data() + first,
                               out.ties_before.data() + first);
  });
  for (std::size_t i = 0; i < counters.size(); ++i) {
    const auto first = relevant.offset(i);
    counters[i].finish(out.above.data() + first, out.ties.data() + first);
  }
  return out;
}

TopK top_k(MatrixView queries, const Gallery& gallery, std::size_t k, const Kernel& kernel) {
  require_comparable(queries, gallery);
  TopK out;
  out.k = std::min(k, gallery.vectors.rows());
  out.ids.resize(queries.rows() * out.k);
  out.scores.resize(queries.rows() * out.k);
  if (out.k == 0) return out;
  std::vector<std::size_t> held(queries.rows(), 0);
  for_each_tile(queries, gallery, kernel, [&](const Tile& tile) {
    std::int32_t* ids = out.ids.data() + tile.query * out.k;
    double* best = out.scores.data() + tile.query * out.k;
    std::size_t& count = held[tile.query];
    for (std::size_t j = 0; j < tile.scores.size(); ++j) {
      const double score = tile.scores[j];
      if (count == out.k && !(score > best[count - 1])) continue;
      // Candidates come in index order, so an equal score stays behind those already held.
      std::size_t at = count < out.k ? count++ : count - 1;
      for (; at > 0 && best[at - 1] < score; --at) {
        best[at] = best[at - 1];
        ids[at] = ids[at - 1];
      }
      best[at] = score;
      ids[at] = static_cast<std::int32_t>(tile.first_candidate + j);
    }
  });
  return out;
}

Decisions decide(MatrixView queries, const Gallery& gallery, const Relevance& relevant,
                 double threshold, const Kernel& kernel) {
  require_comparable(queries, gallery);
  Decisions out;
  out.predicted.resize(queries.rows());
  out.correct.resize(queries.rows());
  for_each_tile(queries, gallery, kernel, [&](const Tile& tile) {
    std::int64_t count = 0;
    for (const double score : tile.scores) count += score >= threshold;
    out.predicted[tile.query] += count;
  });
  const std::vector<double> scores = relevant_scores(queries, gallery, relevant);
  for (std::size_t i = 0; i < relevant.queries(); ++i) {
    out.relevant.push_back(static_cast<std::int64_t>(relevant.of(i).size()));
    for (std::size_t r = 0; r < relevant.of(i).size(); ++r) {
      out.correct[i] += scores[static_cast<std::size_t>(relevant.offset(i)) + r] >= threshold;
    }
  }
  return out;
}

ThresholdCurve threshold_curve(MatrixView queries, const Gallery& gallery,
                               const Relevance& relevant, const Kernel& kernel) {
  require_comparable(queries, gallery);
  std::vector<double> scores = relevant_scores(queries, gallery, relevant);
  std::ranges::sort(scores, std::greater<>());
  ThresholdCurve curve;
  curve.thresholds = scores;
  curve.thresholds.erase(std::unique(curve.thresholds.begin(), curve.thresholds.end()),
                         curve.thresholds.end());
  // A histogram a thread; counts add up to the same whoever counted.
  std::vector<std::vector<std::int64_t>> at_level(
      static_cast<std::size_t>(kernel.threads),
      std::vector<std::int64_t>(curve.thresholds.size() + 1, 0));
  for_each_tile(queries, gallery, kernel, [&](const Tile& tile) {
    if (relevant.of(tile.query).empty()) return;
    auto& counts = at_level[static_cast<std::size_t>(omp_get_thread_num())];
    for (const double score : tile.scores) {
      const auto level = std::ranges::lower_bound(curve.thresholds, score, std::greater<>());
      ++counts[static_cast<std::size_t>(level - curve.thresholds.begin())];
    }
  });
  std::int64_t all = 0;
  for (std::size_t l = 0; l < curve.thresholds.size(); ++l) {
    for (const auto& counts : at_level) all += counts[l];
    const auto correct =
        std::ranges::upper_bound(scores, curve.thresholds[l], std::greater<>()) - scores.begin();
    curve.correct.push_back(correct);
    curve.wrong.push_back(all - correct);
  }
  return curve;
}

}  // namespace alignlab
