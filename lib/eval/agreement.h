#pragma once

// How well labels of the same items agree: of two clusterings, of clusters with known classes, and
// of classes told by the nearest neighbours with true ones. Label i of either side is item i's, so
// both are of equal length. A label is any int32 and only a name: -1 is as good as any other. Rates
// are in percent; information is of 1. Nothing where there are no items.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace alignlab {

/// Mutual information over the arithmetic mean of both entropies; 1 where both sides put all items
/// into one cluster. Symmetric.
std::optional<double> normalised_mutual_information(std::span<const std::int32_t> first,
                                                    std::span<const std::int32_t> second);

/// (information - expected) / (mean entropy - expected), where the information expected of labels
/// in random order is exact, a sum over the hypergeometric distribution of each cell (Vinh, Epps
/// and Bailey, "Information Theoretic Measures for Clusterings Comparison", JMLR 11, 2010): 0 on
/// average for unrelated labels, so at times negative, and 1 for the same partition. 1 too where
/// every order gives the same partition: both sides one cluster, or each item its own. Symmetric.
/// Time is the product of the numbers of distinct cluster sizes, times the root of the items.
std::optional<double> adjusted_mutual_information(std::span<const std::int32_t> first,
                                                  std::span<const std::int32_t> second);

struct ClusteredClasses {
  std::span<const std::int32_t> clusters;
  std::span<const std::int32_t> classes;
};

/// Share of the items that are of the most frequent class of their cluster.
std::optional<double> purity(const ClusteredClasses& labels);

/// The class that most of each query's neighbours have; of classes with equally many, the one whose
/// nearest member is nearest. `neighbours` is row-major [queries, k], best first; each is an index
/// into `labels` or -1 for none, which has no vote. Nothing for a query without a neighbour.
std::vector<std::optional<std::int32_t>> classify_by_neighbours(
    std::span<const std::int32_t> neighbours, std::size_t k, std::span<const std::int32_t> labels);

/// Share of the items whose class was told right. One without a prediction is wrong.
std::optional<double> accuracy(std::span<const std::int32_t> classes,
                               std::span<const std::optional<std::int32_t>> predicted);

/// F1 of each class that occurs among true or predicted ones, mean: 0 for a class never told right.
/// An item without a prediction is missed by its own class and charged to no other.
std::optional<double> macro_f1(std::span<const std::int32_t> classes,
                               std::span<const std::optional<std::int32_t>> predicted);

}  // namespace alignlab
