#include "run/measure_geometry.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "core/rng.h"

namespace alignlab {
namespace {

Matrix random_rows(std::size_t rows, std::size_t cols, const char* purpose) {
  Matrix out(rows, cols);
  Rng rng(3, purpose);
  for (float& value : out.values()) value = static_cast<float>(rng.normal());
  return out;
}

std::vector<std::int32_t> numbers(std::size_t count) {
  std::vector<std::int32_t> out;
  for (std::size_t i = 0; i < count; ++i) out.push_back(static_cast<std::int32_t>(i));
  return out;
}

GeometryRow row_of(const std::vector<GeometryRow>& rows, const std::string& name) {
  const auto found = std::ranges::find(rows, name, &GeometryRow::name);
  EXPECT_NE(found, rows.end()) << name;
  return found == rows.end() ? GeometryRow{} : *found;
}

GeometryRequest request_of(const Matrix& queries, const Matrix& candidates) {
  GeometryRequest out;
  out.queries = queries;
  out.candidates = candidates;
  out.query_keys = numbers(queries.rows());
  out.candidate_keys = numbers(candidates.rows());
  out.permutations = {50, 1};
  return out;
}

TEST(MeasureGeometry, FindsThatASideIsLikeItself) {
  const Matrix rows = random_rows(80, 6, "rows");
  const auto found = measure_geometry(request_of(rows, rows));
  for (const char* one :
       {"linear_CKA", "linear_CKA_unbiased", "mutual_kNN", "CKNNA", "SVCCA", "PWCCA", "RSA"}) {
    EXPECT_NEAR(row_of(found, one).value.value_or(-1.0), 1.0, 1e-9) << one;
  }
  for (const char* zero : {"procrustes", "modality_gap", "alignment"}) {
    EXPECT_NEAR(row_of(found, zero).value.value_or(-1.0), 0.0, 1e-9) << zero;
  }
  ASSERT_TRUE(row_of(found, "mutual_kNN").null.has_value());
  EXPECT_NEAR(row_of(found, "mutual_kNN").null->p, 1.0 / 51.0, 1e-12);
}

TEST(MeasureGeometry, FindsNothingInStrangers) {
  const auto found =
      measure_geometry(request_of(random_rows(120, 8, "some"), random_rows(120, 8, "others")));
  EXPECT_LT(row_of(found, "linear_CKA_unbiased").value.value_or(1.0), 0.1);
  EXPECT_GT(row_of(found, "linear_CKA_unbiased").null->p, 0.02);
}

TEST(MeasureGeometry, PairsAQueryWithItsFirstCandidate) {
  const Matrix queries = random_rows(60, 5, "queries");
  Matrix candidates = random_rows(121, 5, "noise");
  GeometryRequest asked = request_of(queries, candidates);
  for (std::size_t i = 0; i < 60; ++i) {
    std::ranges::copy(queries.row(i), candidates.row(2 * i).begin());
    asked.candidate_keys[2 * i] = asked.candidate_keys[2 * i + 1] = static_cast<std::int32_t>(i);
  }
  asked.candidate_keys[120] = 999;  // nobody's
  const auto found = measure_geometry(asked);
  EXPECT_NEAR(row_of(found, "procrustes").value.value_or(-1.0), 0.0, 1e-9);
  EXPECT_GT(row_of(found, "effective_rank_candidates").value.value_or(0.0), 4.0);
}

TEST(MeasureGeometry, LeavesOutWhatSidesOfTwoWidthsDoNotHave) {
  const auto found =
      measure_geometry(request_of(random_rows(70, 4, "narrow"), random_rows(70, 9, "wide")));
  EXPECT_TRUE(row_of(found, "linear_CKA").value.has_value());
  EXPECT_FALSE(row_of(found, "modality_gap").value.has_value());
  EXPECT_FALSE(row_of(found, "alignment").value.has_value());
  EXPECT_EQ(std::ranges::find(found, std::string("hub_skewness"), &GeometryRow::name), found.end());
}

TEST(MeasureGeometry, TellsAHubFromAntihubs) {
  // One candidate is the nearest of all queries, with one neighbour asked for.
  Matrix queries(12, 2), candidates(12, 2);
  for (std::size_t i = 0; i < 12; ++i) {
    queries.row(i)[0] = 1.0F;
    queries.row(i)[1] = 0.001F * static_cast<float>(i);
    candidates.row(i)[0] = i == 4 ? 1.0F : -1.0F;
    candidates.row(i)[1] = i == 4 ? 0.0F : static_cast<float>(i);
  }
  GeometryRequest asked = request_of(queries, candidates);
  asked.neighbours = 1;
  const auto found = measure_geometry(asked);
  EXPECT_NEAR(row_of(found, "antihub_share").value.value_or(-1.0), 11.0 / 12.0, 1e-12);
  EXPECT_GT(row_of(found, "hub_skewness").value.value_or(0.0), 2.0);
}

}  // namespace
}  // namespace alignlab
