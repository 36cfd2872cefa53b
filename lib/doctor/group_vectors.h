#pragma once

// What belongs to a sample of groups, as one short vector a group: the mean of its items' stored
// features or of its texts' hashed words. Wide vectors are reduced by signed hashing (Weinberger et
// al., "Feature Hashing for Large Scale Multitask Learning", ICML 2009), which keeps dot products
// on average and needs nothing fitted. Items outside train are left out.

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/matrix.h"
#include "core/progress.h"
#include "data/dataset.h"
#include "doctor/row_orders.h"

namespace alignlab::doctor {

/// Group number -> row of the group's vector.
using GroupSample = std::unordered_map<std::int32_t, std::size_t>;

struct GroupVectors {
  Matrix means;             // a row a group of the sample
  std::vector<int> counts;  // items behind each; where 0, the row is zeros
};

/// Where rows come from, one an item.
class RowSource {
 public:
  using Visit = std::function<void(std::size_t row, std::span<const float> values)>;

  virtual ~RowSource() = default;
  virtual Modality modality() const = 0;
  /// "image/net", "captions".
  virtual std::string name() const = 0;
  virtual std::size_t width() const = 0;
  /// In order, at least the rows that are wanted and have a vector that is finite.
  virtual void visit(const std::vector<bool>& wanted, Progress& progress,
                     const Visit& visit) const = 0;
};

/// Stored features. The Dataset must outlive it, as with the other.
std::unique_ptr<RowSource> feature_source(const Dataset& dataset, Modality modality,
                                          const std::string& name);
/// The words of the texts.
std::unique_ptr<RowSource> caption_source(const Dataset& dataset);

/// For each order of the rows what the groups would have, in one pass.
std::vector<GroupVectors> group_vectors(const Dataset& dataset, const RowSource& source,
                                        const GroupSample& sample,
                                        const std::vector<RowOrder>& orders, Progress& progress);

}  // namespace alignlab::doctor
