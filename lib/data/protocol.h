#pragma once

// What is evaluated against what: named protocols, so that a number says which items it is over.

#include <string>
#include <vector>

#include "config/options.h"
#include "core/splits.h"
#include "data/dataset.h"

namespace alignlab {

/// Rows: "all-pairs", "flickr8k-1k" ...
const std::vector<CatalogRow>& protocol_catalog();

/// Items of two modalities are relevant to each other where their keys are equal: their groups, or
/// under "class-labels" their labels. An item without a label is relevant to none.
std::vector<std::int32_t> relevance_keys(const std::string& protocol, const Dataset& dataset,
                                         Modality modality, Split split);

/// Rows of two modalities that are searched among themselves.
struct ProtocolFold {
  std::vector<std::size_t> first;
  std::vector<std::size_t> second;
};

/// The folds of a protocol over items of these groups, in the order of a split. All but "coco-5k"
/// (the first five captions of an image) and "coco-1k-5fold" (the same, of consecutive thousands of
/// images) have one of all items. Where a protocol is of images and captions, images are the first.
/// DataError, beginning with `source`, where the items are not what the protocol is defined on.
std::vector<ProtocolFold> protocol_folds(const std::string& protocol,
                                         const std::vector<std::int32_t>& first_groups,
                                         const std::vector<std::int32_t>& second_groups,
                                         const std::string& source);
/// Of a split of a data set, which also has the class labels that a protocol asks for.
std::vector<ProtocolFold> protocol_folds(const std::string& protocol, const Dataset& dataset,
                                         Modality first, Modality second, Split split);

}  // namespace alignlab
