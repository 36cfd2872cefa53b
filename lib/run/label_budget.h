#pragma once

// What a label budget leaves of the training split: so many groups that both modalities have items
// of, drawn from the stream "label budget" of the seed, with all of their items. A larger budget
// holds what a smaller one does. Features are fitted on all of train whatever the budget, for that
// takes no pairs.

#include <cstddef>
#include <cstdint>

#include "core/splits.h"

namespace alignlab {

/// Groups that both sides have items of.
std::size_t paired_groups(const std::vector<std::int32_t>& first,
                          const std::vector<std::int32_t>& second);

/// Items in their order. Precondition: 0 < `groups` <= paired_groups().
SplitItems within_budget(const SplitItems& items, std::size_t groups, std::uint64_t seed);

}  // namespace alignlab
