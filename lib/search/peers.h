#pragma once

// Searches by other libraries, to compare ours with: the inner product of float32, approximate but
// for faiss-flat. A bias becomes one more column. Built where ALIGNLAB_PEERS is on; the front lists
// them without linking any.

#include <memory>
#include <string>
#include <vector>

#include "search/search.h"

namespace alignlab {

/// "faiss-flat", "faiss-ivf", "faiss-hnsw", "hnswlib", with what they can be told.
const std::vector<CatalogRow>& peer_catalog();

/// Built on `threads`, which searches use too. Errors: UsageError in a build without peers.
std::unique_ptr<SearchIndex> peer_index(const std::string& name, const Section& options,
                                        const Gallery& gallery, int threads);

}  // namespace alignlab
