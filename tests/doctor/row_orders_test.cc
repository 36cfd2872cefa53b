#include "doctor/row_orders.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

namespace alignlab::doctor {
namespace {

using Order = std::vector<std::size_t>;

Items items_of(const std::vector<std::int32_t>& groups, const std::vector<std::string>& ids) {
  Items items;
  items.groups = groups;
  items.splits.resize(groups.size());
  for (const std::string& id : ids) items.ids.push_back(id);
  return items;
}

/// By name; the two that are shifted under what they mean.
std::map<std::string, Order> orders_of(const Items& items) {
  std::map<std::string, Order> orders;
  for (const RowOrder& order : likely_orders(items)) {
    orders[std::string(order.name == "shifted" ? order.meaning : order.name)] = order.item_of_row;
  }
  return orders;
}

TEST(RowOrders, OfGroupedItemsAreTiledReversedSortedAndShifted) {
  const Items items = items_of({7, 7, 3, 3, 5}, {"b1", "b2", "a1", "a2", "c"});
  EXPECT_EQ(stored_order(items).item_of_row, (Order{0, 1, 2, 3, 4}));
  EXPECT_EQ(orders_of(items), (std::map<std::string, Order>{{"tiled", {0, 2, 4, 1, 3}},
                                                            {"reversed", {4, 3, 2, 1, 0}},
                                                            {"sorted", {2, 3, 0, 1, 4}},
                                                            {"one row late", {4, 0, 1, 2, 3}},
                                                            {"one row early", {1, 2, 3, 4, 0}}}));
}

TEST(RowOrders, OfTiledItemsAreInterleaved) {
  const Items items = items_of({7, 3, 5, 7, 3, 5}, {"a", "b", "c", "d", "e", "f"});
  const auto orders = orders_of(items);
  EXPECT_EQ(orders.at("interleaved"), (Order{0, 3, 1, 4, 2, 5}));
  EXPECT_FALSE(orders.contains("tiled"));
  EXPECT_FALSE(orders.contains("sorted"));
}

TEST(RowOrders, AreEachThereOnce) {
  // Of two items, every other order is the reversed one.
  EXPECT_EQ(orders_of(items_of({0, 1}, {"b", "a"})),
            (std::map<std::string, Order>{{"reversed", {1, 0}}}));
  EXPECT_TRUE(orders_of(items_of({0}, {"a"})).empty());
  EXPECT_TRUE(orders_of(items_of({}, {})).empty());
}

}  // namespace
}  // namespace alignlab::doctor
