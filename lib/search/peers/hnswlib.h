#pragma once

// Hierarchical small worlds by hnswlib (Malkov and Yashunin, TPAMI 2020). Private to the peers.

#include <memory>

#include "search/search.h"

namespace alignlab::peers {

std::unique_ptr<SearchIndex> hnswlib_index(const Section& options, const Gallery& gallery,
                                           int threads);

}  // namespace alignlab::peers
