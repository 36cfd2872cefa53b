#include "search/approximate.h"

#include <algorithm>

#include "search/hamming.h"

namespace alignlab {

const std::vector<CatalogRow>& approximate_kernel_catalog() {
  static const Options kGraph{{.name = "links",
                               .summary = "of an item with others",
                               .fallback = std::int64_t{32},
                               .least = 2,
                               .most = 1024},
                              {.name = "build_width",
                               .summary = "candidates held while an item is linked",
                               .fallback = std::int64_t{200},
                               .least = 1},
                              {.name = "search_width",
                               .summary = "candidates held while a query is answered",
                               .fallback = std::int64_t{64},
                               .least = 1}};
  static const std::vector<CatalogRow> kRows{
      {"faiss-flat", "every product, by FAISS in float32: ties and near-ties as they fall", {}},
      {"faiss-hnsw", "approximate: a graph of neighbours, by FAISS", kGraph},
      {"faiss-ivf",
       "approximate: the lists of the nearest centroids, by FAISS",
       {{.name = "lists",
         .summary = "centroids; 0: four times the root of the number of items",
         .fallback = std::int64_t{0},
         .least = 0},
        {.name = "probes",
         .summary = "lists that a query is compared with",
         .fallback = std::int64_t{8},
         .least = 1}}},
      hamming_row(),
      {"hnswlib", "approximate: a graph of neighbours, by hnswlib", kGraph},
  };
  return kRows;
}

Ranks ranks_of_lists(const TopK& lists, const Relevance& relevant, std::size_t candidates) {
  Ranks out;
  out.candidates = static_cast<std::int64_t>(candidates);
  out.grades = relevant.grades();
  for (std::size_t i = 0; i < relevant.queries(); ++i) {
    const auto first = lists.ids.begin() + static_cast<std::ptrdiff_t>(i * lists.k);
    const auto last = first + static_cast<std::ptrdiff_t>(lists.k);
    for (const std::int32_t candidate : relevant.of(i)) {
      const auto place = std::find(first, last, candidate);
      // Behind any k, also one beyond the gallery.
      out.above.push_back(place == last ? Ranks::kUnlisted : place - first);
    }
    out.offsets.push_back(std::ssize(out.above));
  }
  out.ties.resize(out.above.size());
  out.ties_before.resize(out.above.size());
  return out;
}

}  // namespace alignlab
