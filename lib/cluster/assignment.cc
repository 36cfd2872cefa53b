#include "cluster/assignment.h"

#include <cassert>
#include <limits>

namespace alignlab {

std::vector<std::int32_t> best_assignment(std::span<const double> gains, std::size_t n) {
  assert(gains.size() == n * n);
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  // Column 0 is a place for the row being inserted; rows and columns count from 1.
  std::vector<double> row_price(n + 1, 0.0), column_price(n + 1, 0.0);
  std::vector<std::size_t> row_of(n + 1, 0);
  for (std::size_t row = 1; row <= n; ++row) {
    std::vector<double> slack(n + 1, kInfinity);
    std::vector<std::size_t> came_from(n + 1, 0);
    std::vector<bool> reached(n + 1, false);
    std::size_t column = 0;
    row_of[0] = row;
    do {
      reached[column] = true;
      const std::size_t from = row_of[column];
      double step = kInfinity;
      std::size_t next = 0;
      for (std::size_t j = 1; j <= n; ++j) {
        if (reached[j]) continue;
        const double cost = -gains[(from - 1) * n + j - 1] - row_price[from] - column_price[j];
        if (cost < slack[j]) {
          slack[j] = cost;
          came_from[j] = column;
        }
        if (slack[j] < step) {
          step = slack[j];
          next = j;
        }
      }
      for (std::size_t j = 0; j <= n; ++j) {
        if (reached[j]) {
          row_price[row_of[j]] += step;
          column_price[j] -= step;
        } else {
          slack[j] -= step;
        }
      }
      column = next;
    } while (row_of[column] != 0);
    while (column != 0) {
      row_of[column] = row_of[came_from[column]];
      column = came_from[column];
    }
  }
  std::vector<std::int32_t> columns(n);
  for (std::size_t j = 1; j <= n; ++j) columns[row_of[j] - 1] = static_cast<std::int32_t>(j - 1);
  return columns;
}

}  // namespace alignlab
