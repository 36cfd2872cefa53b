#include "search/certified_choice.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "core/error.h"
#include "search/bounded_pairs.h"
#include "search/score_levels.h"

namespace alignlab {
namespace {

// The sample, and how few pairs are not worth one.
constexpr std::size_t kSampleQueries = 32;
constexpr std::size_t kSampleItems = 1024;
constexpr std::size_t kFewPairs = std::size_t{1} << 18;
// Products a cycle of canonical scores in blocks; and of those of single rows, with the cycles that
// finding and fetching a row costs.
constexpr double kExactProducts = 3.0;
constexpr double kRowProducts = 3.0;
constexpr double kRowCycles = 200.0;

/// `most` of 0 .. size-1, evenly spread.
Selection spread(std::size_t size, std::size_t most) {
  Selection out;
  const std::size_t count = std::min(size, most);
  for (std::size_t i = 0; i < count; ++i) {
    out.push_back(static_cast<std::uint32_t>(i * size / count));
  }
  return out;
}

/// Of queries, so few that they cost little beside a search of all.
Selection sampled_rows(std::size_t queries) {
  return spread(queries, std::clamp<std::size_t>(queries / 64, 4, kSampleQueries));
}

Selection picked(const Selection& from, const Selection& which) {
  Selection out;
  for (const std::uint32_t i : which) out.push_back(from[i]);
  return out;
}

/// How many pairs of the sample codes leave in doubt.
using CountDoubtful = std::function<std::size_t(const BoundedPairs&)>;

/// Of a small gallery all, since the codes that are chosen will be needed.
BoundedPairs sampled_pairs(MatrixView queries, const Selection& sampled_queries,
                           CodedGallery& gallery, const kernels::DotsKernel& dots) {
  const std::size_t items = gallery.gallery().vectors.rows();
  if (items <= kSampleItems) return {queries, sampled_queries, gallery, dots, 1};
  return {queries, sampled_queries, gallery, spread(items, kSampleItems), dots, 1};
}

const kernels::DotsKernel* choose(MatrixView queries, CodedGallery& gallery,
                                  const Selection& sampled_queries, const Kernel& kernel,
                                  std::size_t pairs, const CountDoubtful& count_doubtful) {
  const Isa& isa = gallery.isa();
  if (queries.cols() == 0 || queries.cols() > kMostColumns) return nullptr;
  if (!kernel.codes.empty()) {
    for (const kernels::DotsKernel& dots : isa.dots) {
      if (kernel.codes == dots.name) return &dots;
    }
    throw UsageError(fmt::format("codes={}: instruction set {} has {}", kernel.codes, isa.name,
                                 fmt::join(available_codes(isa.name), ", ")));
  }
  if (pairs < kFewPairs) return &isa.dots.front();
  const auto columns = static_cast<double>(queries.cols());
  double least = columns / kExactProducts;
  const kernels::DotsKernel* best = nullptr;
  for (const kernels::DotsKernel& dots : isa.dots) {
    const double filter = columns / dots.products_a_cycle;
    if (filter >= least) continue;
    const BoundedPairs sample = sampled_pairs(queries, sampled_queries, gallery, dots);
    if (!sample.usable()) continue;
    const double doubtful = static_cast<double>(count_doubtful(sample)) /
                            static_cast<double>(sampled_queries.size() * sample.items().size());
    const double cost = filter + doubtful * (columns / kRowProducts + kRowCycles);
    if (cost >= least) continue;
    least = cost;
    best = &dots;
  }
  return best;
}

}  // namespace

const kernels::DotsKernel* choose_for_top_k(MatrixView queries, CodedGallery& gallery,
                                            std::size_t k, const Kernel& kernel) {
  const bool is_sampled =
      kernel.codes.empty() && queries.rows() * gallery.gallery().vectors.rows() >= kFewPairs;
  if (!is_sampled) return choose(queries, gallery, {}, kernel, 0, {});
  const kernels::DotsKernel*& known = gallery.choice_for(k);
  if (known != nullptr) return known;
  const Isa& isa = gallery.isa();
  const Matrix& vectors = gallery.gallery().vectors;
  const std::vector<double>& bias = gallery.gallery().bias;
  const Selection sampled = sampled_rows(queries.rows());
  const std::size_t items = vectors.rows();
  const CountDoubtful count_doubtful = [&](const BoundedPairs& pairs) {
    // The k-th best of all stands about where the same share of the sample does.
    const std::size_t size = pairs.items().size();
    const std::size_t rank = std::min(size - 1, k * size / items);
    std::vector<std::int32_t> ids;
    for (const std::uint32_t item : pairs.items()) ids.push_back(static_cast<std::int32_t>(item));
    std::vector<float> least;
    std::vector<double> scores;
    for (const std::uint32_t query : pairs.queries()) {
      canonical_scores(isa, queries.row(query), vectors, bias, ids, scores);
      std::ranges::nth_element(scores, scores.begin() + static_cast<std::ptrdiff_t>(rank),
                               std::greater<>());
      least.push_back(rounded_down(scores[rank] * pairs.unit()));
    }
    std::size_t doubtful = 0;
    std::vector<std::uint32_t> found(size + 64);
    std::vector<float> lower(size + 64), upper(size + 64);
    pairs.for_each_strip([&](const Strip& strip, int) {
      for (std::size_t q = 0; q < strip.queries; ++q) {
        const std::size_t query = strip.first_query + q;
        doubtful += isa.scan->above(strip.dots + q * strip.stride, strip.padded, strip.at,
                                    pairs.query(query), least[query], found.data(), lower.data(),
                                    upper.data());
      }
    });
    return doubtful;
  };
  known = choose(queries, gallery, sampled, kernel, queries.rows() * items, count_doubtful);
  return known;
}

const kernels::DotsKernel* choose_for_ranks(MatrixView queries, CodedGallery& gallery,
                                            const Relevance& relevant,
                                            std::span<const double> scores,
                                            const std::vector<std::uint32_t>& few,
                                            const Kernel& kernel) {
  const Isa& isa = gallery.isa();
  const Selection sampled = picked(few, sampled_rows(few.size()));
  const CountDoubtful count_doubtful = [&](const BoundedPairs& pairs) {
    std::size_t doubtful = 0;
    std::vector<std::uint32_t> found(pairs.items().size() + 64);
    pairs.for_each_strip([&](const Strip& strip, int) {
      for (std::size_t q = 0; q < strip.queries; ++q) {
        const std::size_t query = strip.first_query + q;
        kernels::ScanLevels levels =
            levels_of(relevant_of(pairs.queries()[query], relevant, scores), pairs.unit());
        doubtful += isa.scan->ranks(strip.dots + q * strip.stride, strip.padded, strip.at,
                                    pairs.query(query), levels, found.data());
      }
    });
    return doubtful;
  };
  return choose(queries, gallery, sampled, kernel, few.size() * gallery.gallery().vectors.rows(),
                count_doubtful);
}

const kernels::DotsKernel* choose_for_threshold(const BiasedQueries& queries, CodedGallery& gallery,
                                                double threshold, const Kernel& kernel) {
  const CountDoubtful count_doubtful = [&](const BoundedPairs& pairs) {
    std::size_t doubtful = 0;
    std::vector<std::uint32_t> found(pairs.items().size() + 64);
    pairs.for_each_strip([&](const Strip& strip, int) {
      for (std::size_t q = 0; q < strip.queries; ++q) {
        const std::size_t at = strip.first_query + q;
        kernels::ScanLevels level =
            level_of(threshold, queries.bias_of(pairs.queries()[at]), pairs.unit());
        doubtful += gallery.isa().scan->ranks(strip.dots + q * strip.stride, strip.padded, strip.at,
                                              pairs.query(at), level, found.data());
      }
    });
    return doubtful;
  };
  return choose(queries.rows, gallery, sampled_rows(queries.rows.rows()), kernel,
                queries.rows.rows() * gallery.gallery().vectors.rows(), count_doubtful);
}

const kernels::DotsKernel* choose_for_levels(const BiasedQueries& queries, CodedGallery& gallery,
                                             std::span<const double> ascending,
                                             const std::vector<std::uint32_t>& which,
                                             const Kernel& kernel) {
  const CountDoubtful count_doubtful = [&](const BoundedPairs& pairs) {
    std::size_t doubtful = 0;
    const ScoreLevels levels(ascending, pairs.unit());
    std::vector<std::uint32_t> found(pairs.items().size() + 64);
    std::vector<float> lower(found.size()), upper(found.size());
    pairs.for_each_strip([&](const Strip& strip, int) {
      for (std::size_t q = 0; q < strip.queries; ++q) {
        const std::size_t at = strip.first_query + q;
        const double bias = queries.bias_of(pairs.queries()[at]) * pairs.unit();
        const std::size_t count = gallery.isa().scan->above(
            strip.dots + q * strip.stride, strip.padded, strip.at, pairs.query(at),
            before_shift(levels.least(), bias), found.data(), lower.data(), upper.data());
        for (std::size_t f = 0; f < count; ++f) {
          const ShiftedInterval own = shifted(lower[f], upper[f], bias);
          doubtful += !levels.reached(own.lower, own.upper);
        }
      }
    });
    return doubtful;
  };
  return choose(queries.rows, gallery, picked(which, sampled_rows(which.size())), kernel,
                which.size() * gallery.gallery().vectors.rows(), count_doubtful);
}

// Room for rounding the bias, adding it in double, and the double sum of the score itself.
ShiftedInterval shifted(float lower, float upper, double bias) {
  if (bias == 0.0) return {lower, upper};
  const double room = std::abs(bias) * 0x1p-20;
  return {rounded_down(lower + bias - room - std::abs(lower) * 0x1p-20),
          rounded_up(upper + bias + room + std::abs(upper) * 0x1p-20)};
}

float before_shift(float least, double bias) {
  if (bias == 0.0) return least;
  return rounded_down(least - bias - 4.0 * (std::abs(bias) + std::abs(least)) * 0x1p-20);
}

kernels::ScanLevels level_of(double threshold, double bias, double unit) {
  kernels::ScanLevels out = levels_of(std::span(&threshold, 1), unit);
  if (bias == 0.0) return out;
  const double middle = (threshold - bias) * unit;
  const double room = (std::abs(threshold) + std::abs(bias)) * unit * 0x1p-40;
  out.low[0] = rounded_down(middle - room);
  out.high[0] = rounded_up(middle + room);
  return out;
}

std::span<const double> relevant_of(std::size_t query, const Relevance& relevant,
                                    std::span<const double> scores) {
  return scores.subspan(static_cast<std::size_t>(relevant.offset(query)),
                        relevant.of(query).size());
}

kernels::ScanLevels levels_of(std::span<const double> scores, double unit) {
  std::vector<double> ascending(scores.begin(), scores.end());
  std::ranges::sort(ascending);
  ascending.erase(std::unique(ascending.begin(), ascending.end()), ascending.end());
  kernels::ScanLevels out{};
  out.count = ascending.size();
  for (std::size_t l = 0; l < out.count; ++l) {
    out.low[l] = rounded_down(ascending[l] * unit);
    out.high[l] = rounded_up(ascending[l] * unit);
  }
  return out;
}

}  // namespace alignlab
