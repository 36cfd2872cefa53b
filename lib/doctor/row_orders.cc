#include "doctor/row_orders.h"

#include <algorithm>
#include <numeric>
#include <tuple>
#include <unordered_map>

namespace alignlab::doctor {
namespace {

std::vector<std::size_t> numbers_to(std::size_t count) {
  std::vector<std::size_t> numbers(count);
  std::iota(numbers.begin(), numbers.end(), std::size_t{0});
  return numbers;
}

/// Where an item stands: which group in the order of first items, and which item of it.
struct Seat {
  std::size_t group = 0;
  std::size_t place = 0;
};

std::vector<Seat> seats_of(const Items& items) {
  std::unordered_map<std::int32_t, std::size_t> numbers;
  std::vector<std::size_t> taken;
  std::vector<Seat> seats;
  seats.reserve(items.size());
  for (const std::int32_t group : items.groups) {
    const std::size_t number = numbers.try_emplace(group, taken.size()).first->second;
    if (number == taken.size()) taken.push_back(0);
    seats.push_back({number, taken[number]++});
  }
  return seats;
}

template <typename Key>
std::vector<std::size_t> sorted_by(std::size_t count, const Key& key) {
  std::vector<std::size_t> order = numbers_to(count);
  std::ranges::stable_sort(order, {}, key);
  return order;
}

}  // namespace

RowOrder stored_order(const Items& items) {
  return {"stored", "in the order of the items", numbers_to(items.size())};
}

std::vector<RowOrder> likely_orders(const Items& items) {
  const std::size_t count = items.size();
  const std::vector<std::size_t> stored = numbers_to(count);
  const std::vector<Seat> seats = seats_of(items);
  std::vector<std::size_t> late = stored;
  std::vector<std::size_t> early = stored;
  if (count > 0) {
    std::ranges::rotate(late, late.end() - 1);
    std::ranges::rotate(early, early.begin() + 1);
  }
  std::vector<RowOrder> all;
  const auto add = [&](std::string_view name, std::string_view meaning,
                       std::vector<std::size_t> order) {
    const bool known =
        order == stored || std::ranges::count(all, order, &RowOrder::item_of_row) > 0;
    if (!known) all.push_back({name, meaning, std::move(order)});
  };
  add("tiled", "tiled, the first of every group before every second",
      sorted_by(count, [&](std::size_t i) { return std::tuple(seats[i].place, seats[i].group); }));
  add("interleaved", "group by group",
      sorted_by(count, [&](std::size_t i) { return std::tuple(seats[i].group, seats[i].place); }));
  add("reversed", "reversed", {stored.rbegin(), stored.rend()});
  add("sorted", "sorted by id", sorted_by(count, [&](std::size_t i) { return items.ids[i]; }));
  add("shifted", "one row late", std::move(late));
  add("shifted", "one row early", std::move(early));
  return all;
}

}  // namespace alignlab::doctor
