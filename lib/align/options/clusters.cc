#include "align/options/options.h"

namespace alignlab::align {

Options cluster_matching_options() {
  return {{.name = "clusters",
           .summary = "on each side",
           .fallback = std::int64_t{64},
           .least = 1,
           .most = 65536},
          {.name = "method",
           .summary = "that finds them; hierarchical and dbscan go by representatives",
           .fallback = std::string("k-means"),
           .choices = {"k-means", "hierarchical", "dbscan"}},
          {.name = "linkage",
           .summary = "hierarchical: what of two clusters says how close they are",
           .fallback = std::string("ward"),
           .choices = {"ward", "average"}},
          {.name = "granularities",
           .summary = "clusterings that vote, as multiples of clusters; for dbscan, reach is "
                      "divided by them",
           .fallback = std::vector<double>{1.0},
           .least = 0.001,
           .most = 1000.0},
          {.name = "starts",
           .summary = "clusterings of each granularity that vote",
           .fallback = std::int64_t{1},
           .least = 1,
           .most = 1000},
          {.name = "matching",
           .summary = "what the assignment maximises: pairs in matched clusters, or their "
                      "positive pointwise mutual information",
           .fallback = std::string("co-occurrence"),
           .choices = {"co-occurrence", "pmi"}},
          {.name = "representatives",
           .summary = "hierarchical, dbscan: centroids of k-means that stand for the items, at "
                      "most a fourth of these",
           .fallback = std::int64_t{1024},
           .least = 2,
           .most = 16384},
          {.name = "reach",
           .summary = "dbscan: radius of neighbourhoods, in median distances of representatives "
                      "to their nearest",
           .fallback = 1.0,
           .least = 0.001,
           .most = 1000.0},
          {.name = "core_items",
           .summary = "dbscan: items within reach of a core",
           .fallback = 50.0,
           .least = 1.0},
          {.name = "seeding",
           .summary = "of k-means",
           .fallback = std::string("k-means++"),
           .choices = {"k-means++", "k-means||"}},
          {.name = "batch",
           .summary = "items that k-means draws an iteration, for very many of them; 0: all",
           .fallback = std::int64_t{0},
           .least = 0},
          {.name = "iterations",
           .summary = "of Lloyd's algorithm, at most",
           .fallback = std::int64_t{50},
           .least = 1},
          {.name = "reduce",
           .summary = "sparse features are first projected onto so many leading "
                      "singular directions of train",
           .fallback = std::int64_t{128},
           .least = 1,
           .most = 4096},
          {.name = "softness",
           .summary = "widths of the soft assignment to choose from on dev, in "
                      "units of the mean squared distance to the own centroid",
           .fallback = std::vector<double>{0.1, 0.2, 0.4, 0.8, 1.6},
           .least = 1e-6}};
}

}  // namespace alignlab::align
