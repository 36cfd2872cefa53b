#include "geometry/permutation_null.h"

#include <gtest/gtest.h>

#include <map>
#include <numeric>

#include "geometry/cka.h"
#include "geometry/neighbours.h"
#include "geometry/procrustes_distance.h"
#include "tests/geometry/fixtures.h"

namespace alignlab {
namespace {

using tests::normals;

TEST(PermutationNull, DrawsEveryPairingEquallyOften) {
  std::map<std::vector<std::int32_t>, int> seen;
  const auto found = permutation_null(
      [&](Pairing pairing) {
        ++seen[{pairing.begin(), pairing.end()}];
        return std::optional(pairing[0] == 0 ? 1.0 : 0.0);
      },
      3, {.permutations = 6000, .seed = 4});
  ASSERT_EQ(seen.size(), 6U);
  for (const auto& [pairing, count] : seen) EXPECT_NEAR(count, 1000, 150);  // five deviations
  EXPECT_EQ(found->observed, 1.0);
  EXPECT_NEAR(found->mean, 1.0 / 3.0, 0.031);
  EXPECT_NEAR(found->p, 1.0 / 3.0, 0.031);
}

TEST(PermutationNull, IsMadeOfWhatTheMeasureSaid) {
  std::vector<double> said;
  Rng rng(1, "values");
  const auto found = permutation_null(
      [&](Pairing) {
        said.push_back(static_cast<double>(rng.between(0, 5)));
        return std::optional(said.back());
      },
      10, {.permutations = 200, .seed = 1});
  const std::vector<double> drawn(said.begin() + 1, said.end());
  ASSERT_EQ(drawn.size(), 200U);
  const double mean = std::accumulate(drawn.begin(), drawn.end(), 0.0) / 200.0;
  double squares = 0.0, reached = 0.0;
  for (const double value : drawn) {
    squares += (value - mean) * (value - mean);
    reached += value >= said[0] ? 1.0 : 0.0;
  }
  EXPECT_NEAR(found->mean, mean, 1e-12);
  EXPECT_NEAR(found->deviation, std::sqrt(squares / 199.0), 1e-12);
  EXPECT_NEAR(*found->z, (said[0] - mean) / std::sqrt(squares / 199.0), 1e-12);
  EXPECT_DOUBLE_EQ(found->p, (1.0 + reached) / 201.0);
}

TEST(PermutationNull, TellsNothingWhereEveryPairingIsAsGood) {
  const auto found = permutation_null([](Pairing) { return std::optional(0.3); }, 5,
                                      {.permutations = 9, .seed = 0});
  EXPECT_EQ(found->z, std::nullopt);
  EXPECT_EQ(found->p, 1.0);
}

TEST(PermutationNull, CountsRoundingAsEqual) {
  bool first = true;
  const auto found = permutation_null(
      [&](Pairing) { return std::optional(std::exchange(first, false) ? 0.3 + 1e-16 : 0.3); }, 5,
      {.permutations = 9, .seed = 0});
  EXPECT_EQ(found->p, 1.0);
}

TEST(PermutationNull, IsUndefinedWithTheMeasure) {
  EXPECT_EQ(permutation_null([](Pairing) { return std::optional<double>(); }, 5, {}), std::nullopt);
  int asked = 0;
  EXPECT_EQ(permutation_null(
                [&](Pairing) { return ++asked < 3 ? std::optional(1.0) : std::nullopt; }, 5, {}),
            std::nullopt);
}

TEST(PermutationNull, DependsOnTheSeedAlone) {
  const Matrix x = normals(20, 3, 1), y = normals(20, 4, 2);
  const CkaPairings cka({{x, "x"}, {y, "y"}});
  const auto null_of = [&](std::uint64_t seed) {
    return permutation_null([&](Pairing pairing) { return cka(pairing).biased; }, 20,
                            {.permutations = 20, .seed = seed});
  };
  EXPECT_EQ(null_of(1)->mean, null_of(1)->mean);
  EXPECT_NE(null_of(1)->mean, null_of(2)->mean);
}

TEST(PermutationNull, FindsSidesThatBelongTogether) {
  const Matrix x = normals(40, 4, 1);
  Matrix y = normals(40, 4, 2);
  for (std::size_t i = 0; i < y.values().size(); ++i) y.values()[i] += x.values()[i];
  const PairedRows pairs{{x, "x"}, {y, "y"}};
  const CkaPairings cka(pairs);
  const NeighbourPairings neighbours(pairs, 5);
  const std::map<std::string, PairedMeasure> measures{
      {"cka", [&](Pairing pairing) { return cka(pairing).unbiased; }},
      {"mutual knn", [&](Pairing pairing) { return neighbours(pairing).mutual_knn; }},
      {"procrustes", [&](Pairing pairing) -> std::optional<double> {
         const Matrix anew = rows_at(y, pairing);
         return -procrustes_distance({{x, "x"}, {anew, "y"}}).value();
       }}};
  for (const auto& [name, measure] : measures) {
    const auto found = permutation_null(measure, 40, {.permutations = 99, .seed = 3});
    EXPECT_DOUBLE_EQ(found->p, 0.01) << name;
    EXPECT_GT(*found->z, 3.0) << name;
  }
}

TEST(PermutationNull, GivesUniformPWhereSidesAreIndependent) {
  std::vector<double> ps;
  for (std::uint64_t seed = 0; seed < 400; ++seed) {
    const Matrix x = normals(12, 2, 2 * seed), y = normals(12, 3, 2 * seed + 1);
    const CkaPairings cka({{x, "x"}, {y, "y"}});
    ps.push_back(permutation_null([&](Pairing pairing) { return cka(pairing).biased; }, 12,
                                  {.permutations = 49, .seed = seed})
                     ->p);
  }
  for (const double level : {0.1, 0.3, 0.5, 0.7, 0.9}) {
    const auto below = std::ranges::count_if(ps, [&](double p) { return p <= level + 1e-9; });
    const double deviation = std::sqrt(400.0 * level * (1.0 - level));
    EXPECT_NEAR(static_cast<double>(below), 400.0 * level, 4.5 * deviation) << level;
  }
}

}  // namespace
}  // namespace alignlab
