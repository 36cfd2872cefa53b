#include "search/peers.h"

namespace alignlab {

const std::vector<CatalogRow>& peer_catalog() {
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
      {"hnswlib", "approximate: a graph of neighbours, by hnswlib", kGraph},
  };
  return kRows;
}

}  // namespace alignlab
