#include "features/each_item.h"

#include <algorithm>
#include <exception>
#include <vector>

namespace alignlab::features {
namespace {

constexpr std::size_t kItemsAThread = 16;

}  // namespace

void for_each_item(const RawItems& items, int threads, Progress& progress,
                   const std::function<void(std::size_t, const std::string&)>& work) {
  threads =
      static_cast<int>(std::min(items.size(), static_cast<std::size_t>(std::max(threads, 1))));
  const std::size_t step = kItemsAThread * static_cast<std::size_t>(threads);
  std::vector<std::string> contents(step);
  std::vector<std::exception_ptr> errors(step);
  for (std::size_t first = 0; first < items.size(); first += step) {
    progress.check();
    const std::size_t count = std::min(step, items.size() - first);
    std::size_t readable = count;
    std::exception_ptr unreadable;
    for (std::size_t i = 0; i < count; ++i) {
      try {
        contents[i] = items.content(first + i);
      } catch (...) {
        // An item before it may have an error of its own, which comes first.
        unreadable = std::current_exception();
        readable = i;
        break;
      }
    }
#pragma omp parallel for num_threads(threads) schedule(dynamic) if (threads > 1)
    for (std::size_t i = 0; i < readable; ++i) {
      errors[i] = nullptr;
      try {
        work(first + i, contents[i]);
      } catch (...) {
        errors[i] = std::current_exception();
      }
    }
    for (std::size_t i = 0; i < readable; ++i) {
      if (errors[i]) std::rethrow_exception(errors[i]);
    }
    if (unreadable) std::rethrow_exception(unreadable);
    progress.advance(count);
  }
}

}  // namespace alignlab::features
