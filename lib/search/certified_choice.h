#pragma once

// Which codes a search takes: fewer bits are faster, but leave more scores in doubt. Measured on a
// sample of the pairs; it decides how long a search takes, never what it finds. Private to this
// module.

#include <cstdint>
#include <span>
#include <vector>

#include "search/certified.h"
#include "search/codes.h"

namespace alignlab {

/// Null where computing every score is expected to be as fast, or bounds say nothing. What a large
/// search has chosen serves later ones of the same gallery and k.
const kernels::DotsKernel* choose_for_top_k(MatrixView queries, CodedGallery& gallery,
                                            std::size_t k, const Kernel& kernel);

/// For the queries of `few`, whose relevant candidates score as `scores` says.
const kernels::DotsKernel* choose_for_ranks(MatrixView queries, CodedGallery& gallery,
                                            const Relevance& relevant,
                                            std::span<const double> scores,
                                            const std::vector<std::uint32_t>& few,
                                            const Kernel& kernel);

/// For all queries against one threshold.
const kernels::DotsKernel* choose_for_threshold(const BiasedQueries& queries, CodedGallery& gallery,
                                                double threshold, const Kernel& kernel);

/// For the queries of `which`, all against the same levels.
const kernels::DotsKernel* choose_for_levels(const BiasedQueries& queries, CodedGallery& gallery,
                                             std::span<const double> ascending,
                                             const std::vector<std::uint32_t>& which,
                                             const Kernel& kernel);

/// What an interval of a query's scores becomes with the number that it adds to all of them: wider
/// by what rounding may lose.
struct ShiftedInterval {
  float lower;
  float upper;
};
ShiftedInterval shifted(float lower, float upper, double bias);
/// What an upper end has to reach before the shift, so as to reach `least` after it.
float before_shift(float least, double bias);
/// Where a score has to lie for a query's scores with its bias to reach `threshold`, as one level.
kernels::ScanLevels level_of(double threshold, double bias, double unit);

/// A query's part of the flat scores.
std::span<const double> relevant_of(std::size_t query, const Relevance& relevant,
                                    std::span<const double> scores);

/// The distinct ones of at most kMostLevels scores, ascending, in units of intervals.
kernels::ScanLevels levels_of(std::span<const double> scores, double unit);

}  // namespace alignlab
