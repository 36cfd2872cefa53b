#include "geometry/hubs.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "core/rng.h"

namespace alignlab {
namespace {

TEST(Hubness, OfHandWorkedLists) {
  // Of four candidates, N_2 = 3, 1, 2, 0: mean 3/2, symmetric.
  const TopK symmetric{2, {0, 1, 2, 0, 0, 2}, {}};
  const Hubness found = *hubness(symmetric, 4);
  EXPECT_NEAR(*found.skewness, 0.0, 1e-15);
  EXPECT_DOUBLE_EQ(found.antihub_share, 0.25);
  EXPECT_EQ(found.largest, 3);
  // N_1 = 3, 0, 0: differences 2, -1, -1; 6/3 over 2^1.5.
  const Hubness hub = *hubness({1, {0, 0, 0}, {}}, 3);
  EXPECT_NEAR(*hub.skewness, 2.0 / std::pow(2.0, 1.5), 1e-15);
  EXPECT_DOUBLE_EQ(hub.antihub_share, 2.0 / 3.0);
  EXPECT_EQ(hub.largest, 3);
}

TEST(Hubness, IsUndefinedWithoutLists) {
  EXPECT_FALSE(hubness({}, 3).has_value());
  EXPECT_FALSE(hubness({}, 0).has_value());
}

TEST(Hubness, HasNoSkewnessWhereAllAreAsPopular) {
  const Hubness found = *hubness({1, {2, 0, 1}, {}}, 3);
  EXPECT_EQ(found.skewness, std::nullopt);
  EXPECT_EQ(found.antihub_share, 0.0);
  EXPECT_EQ(found.largest, 1);
}

TEST(Hubness, SkipsPlacesThatASearchLeftEmpty) {
  const Hubness found = *hubness({2, {1, -1, -1, -1}, {}}, 2);
  EXPECT_EQ(found.largest, 1);
  EXPECT_DOUBLE_EQ(found.antihub_share, 0.5);
}

TEST(Hubness, AgreesWithMomentsOfCounts) {
  Rng rng(1, "lists");
  for (int round = 0; round < 200; ++round) {
    const std::size_t candidates = 1 + rng.below(20);
    TopK found{1, {}, {}};
    std::map<std::size_t, double> counts;
    for (std::size_t g = 0; g < candidates; ++g) counts[g] = 0.0;
    for (std::size_t q = rng.below(40) + 1; q > 0; --q) {
      const std::size_t id = rng.below(1 + rng.below(candidates));  // low ones more often
      found.ids.push_back(static_cast<std::int32_t>(id));
      counts[id] += 1.0;
    }
    double mean = 0.0, second = 0.0, third = 0.0, empty = 0.0, largest = 0.0;
    const auto size = static_cast<double>(candidates);
    for (const auto& [id, count] : counts) mean += count / size;
    for (const auto& [id, count] : counts) {
      second += std::pow(count - mean, 2) / size;
      third += std::pow(count - mean, 3) / size;
      empty += count == 0.0 ? 1.0 : 0.0;
      largest = std::max(largest, count);
    }
    const Hubness hubs = *hubness(found, candidates);
    EXPECT_DOUBLE_EQ(hubs.antihub_share, empty / size);
    EXPECT_EQ(static_cast<double>(hubs.largest), largest);
    ASSERT_EQ(hubs.skewness.has_value(), second > 1e-9);
    if (hubs.skewness) {
      EXPECT_NEAR(*hubs.skewness, third / std::pow(std::sqrt(second), 3), 1e-10);
    }
  }
}

TEST(Hubness, GrowsWithTheDimension) {
  const auto skewness = [](std::size_t width) {
    Rng rng(2, "points");
    Matrix rows(400, width);
    for (float& value : rows.values()) value = static_cast<float>(rng.normal());
    const Gallery gallery = prepare(rows, Similarity::kEuclidean, "rows");
    return *hubness(top_k(rows, gallery, 10, {}), 400)->skewness;
  };
  EXPECT_GT(skewness(200), skewness(2) + 1.0);
}

}  // namespace
}  // namespace alignlab
