#pragma once

// What a kernel costs and how near it comes, beside how well the task goes: for quality-cost
// frontiers (eval.search_costs).

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "search/search.h"

namespace alignlab {

using MakeIndex = std::function<std::unique_ptr<SearchIndex>()>;

/// By the names of columns (eval/columns.h): "build_s", "index_mb", "queries_per_s" of all queries
/// at once, "latency_p50_ms", "..._p95_ms" and
/// "..._p99_ms" of queries one by one, and "neighbour_recall@10": of the ten nearest by the
/// reference's order, the share in percent that the first ten found hold.
std::map<std::string, double> search_costs(MatrixView queries, const Gallery& gallery,
                                           const MakeIndex& make, int threads);

}  // namespace alignlab
