#pragma once

// The loop of every feature kind: contents are read in item order by the calling thread, a bounded
// number ahead, and worked on by up to `threads` threads. What is made must depend on the item
// alone, so that it does not depend on how many threads there are.

#include <cstddef>
#include <functional>
#include <string>

#include "core/progress.h"
#include "core/raw_items.h"

namespace alignlab::features {

/// Calls work(item, content) once for each item; different items at the same time. Advances
/// `progress` by one an item. Of several errors the one of the first item is thrown; Interrupted
/// when `progress` is cancelled.
void for_each_item(const RawItems& items, int threads, Progress& progress,
                   const std::function<void(std::size_t item, const std::string& content)>& work);

}  // namespace alignlab::features
