#include "geometry/paired_rows.h"

#include <gtest/gtest.h>

#include <limits>
#include <map>

#include "geometry/cca.h"
#include "geometry/cka.h"
#include "geometry/neighbours.h"
#include "geometry/procrustes_distance.h"
#include "geometry/rsa.h"
#include "geometry/spectrum.h"
#include "geometry/sphere.h"
#include "tests/geometry/fixtures.h"

namespace alignlab {
namespace {

using tests::message_of;
using tests::normals;

TEST(PairedRows, AreRefusedWhereOneIsMissing) {
  const Matrix three = normals(3, 2, 1), four = normals(4, 2, 2);
  const PairedRows pairs{{three, "images"}, {four, "texts"}};
  const std::string expected =
      "images and texts: expected as many rows on both sides, found 3 and 4";
  EXPECT_EQ(message_of<DataError>([&] { linear_cka(pairs); }), expected);
  EXPECT_EQ(message_of<DataError>([&] { CkaPairings{pairs}; }), expected);
  EXPECT_EQ(message_of<DataError>([&] { cca_similarity(pairs); }), expected);
  EXPECT_EQ(message_of<DataError>([&] { procrustes_distance(pairs); }), expected);
  EXPECT_EQ(message_of<DataError>([&] { neighbour_agreement(pairs, 1); }), expected);
  EXPECT_EQ(message_of<DataError>([&] { rsa(pairs); }), expected);
  EXPECT_EQ(message_of<DataError>([&] { alignment(pairs); }), expected);
}

TEST(PairedRows, AreRefusedWhereOneIsNotFinite) {
  const Matrix whole = normals(5, 3, 1);
  Matrix spoilt = whole;
  spoilt.row(3)[1] = std::numeric_limits<float>::quiet_NaN();
  const PairedRows pairs{{whole, "images"}, {spoilt, "texts"}};
  const std::string expected = "texts: row 3, column 1: expected a finite number, found nan";
  EXPECT_EQ(message_of<DataError>([&] { linear_cka(pairs); }), expected);
  EXPECT_EQ(message_of<DataError>([&] { CkaPairings{pairs}; }), expected);
  EXPECT_EQ(message_of<DataError>([&] { cca_similarity(pairs); }), expected);
  EXPECT_EQ(message_of<DataError>([&] { procrustes_distance(pairs); }), expected);
  EXPECT_EQ(message_of<DataError>([&] { neighbour_agreement(pairs, 1); }), expected);
  EXPECT_EQ(message_of<DataError>([&] { rsa(pairs); }), expected);
  EXPECT_EQ(message_of<DataError>([&] { alignment(pairs); }), expected);
  EXPECT_EQ(message_of<DataError>([&] { modality_gap(pairs.first, pairs.second); }), expected);
  EXPECT_EQ(message_of<DataError>([&] { uniformity(pairs.second); }), expected);
  EXPECT_EQ(message_of<DataError>([&] { effective_rank(pairs.second); }), expected);
  EXPECT_EQ(message_of<DataError>([&] { participation_ratio(pairs.second); }), expected);
}

TEST(SampleOfRows, HoldsEachSetEquallyOften) {
  std::map<std::vector<std::int32_t>, int> seen;
  for (std::uint64_t seed = 0; seed < 5000; ++seed) ++seen[sample_rows(5, 2, seed)];
  ASSERT_EQ(seen.size(), 10U);
  for (const auto& [set, count] : seen) {
    EXPECT_LT(set[0], set[1]);
    EXPECT_NEAR(count, 500, 110);  // five deviations
  }
}

TEST(SampleOfRows, IsAllOfThemWhereTheyAreFew) {
  EXPECT_EQ(sample_rows(3, 3, 1), (std::vector<std::int32_t>{0, 1, 2}));
  EXPECT_EQ(sample_rows(3, 9, 1), (std::vector<std::int32_t>{0, 1, 2}));
  EXPECT_TRUE(sample_rows(3, 0, 1).empty());
  EXPECT_TRUE(sample_rows(0, 3, 1).empty());
}

TEST(SampleOfRows, DependsOnTheSeedAlone) {
  EXPECT_EQ(sample_rows(1000, 20, 7), sample_rows(1000, 20, 7));
  EXPECT_NE(sample_rows(1000, 20, 7), sample_rows(1000, 20, 8));
}

TEST(RowsAt, ComeInTheOrderAskedFor) {
  const Matrix rows = tests::matrix_of(3, 2, {1, 2, 3, 4, 5, 6});
  const std::vector<std::int32_t> which{2, 0, 2};
  EXPECT_EQ(rows_at(rows, which), tests::matrix_of(3, 2, {5, 6, 1, 2, 5, 6}));
}

}  // namespace
}  // namespace alignlab
