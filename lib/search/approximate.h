#pragma once

// Searches that find most of the nearest candidates, or find them by float32 alone: our own by
// binary codes (search/hamming.h), and those of other libraries, to compare with. What they find is
// a list, so only metrics of the first k can be told from it.

#include <memory>
#include <string>
#include <vector>

#include "core/relevance.h"
#include "search/search.h"

namespace alignlab {

/// "faiss-flat", "faiss-hnsw", "faiss-ivf", "hamming", "hnswlib", with what they can be told.
const std::vector<CatalogRow>& approximate_kernel_catalog();

/// The ranks that a list tells: a relevant candidate at place p has p above it; one that is not in
/// the list has all of them. Right for metrics of the first k up to the list's own.
Ranks ranks_of_lists(const TopK& lists, const Relevance& relevant, std::size_t candidates);

/// Of FAISS or hnswlib: inner products of float32, a bias as one more column. Built on `threads`,
/// which searches use too; the gallery need not outlive it. Linked by programs that do the work
/// (alignlab_search_peers); UsageError in a build without peers.
std::unique_ptr<SearchIndex> peer_index(const std::string& name, const Section& options,
                                        const Gallery& gallery, int threads);

}  // namespace alignlab
