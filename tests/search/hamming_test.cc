#include "search/hamming.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "core/rng.h"
#include "search/isa.h"
#include "tests/search/oracle.h"
#include "tests/search/random_case.h"

namespace alignlab {

namespace kernels {  // of the emulation
void hamming_emulated(const std::uint64_t* query, const std::uint64_t* items, std::size_t count,
                      std::size_t words, std::uint16_t* distances);
}

namespace {

Matrix rows_of(const std::vector<std::vector<float>>& rows) {
  Matrix out(rows.size(), rows.front().size());
  for (std::size_t i = 0; i < rows.size(); ++i) std::ranges::copy(rows[i], out.row(i).begin());
  return out;
}

Section told(std::int64_t bits, std::int64_t rescored) {
  return Section({{"bits", bits}, {"rescored", rescored}});
}

TEST(Hamming, CountsDifferingBitsOnEveryInstructionSet) {
  Rng rng(1, "codes");
  std::vector<kernels::Hamming> all;
  for (const Isa& isa : all_isas()) {
    if (isa.is_available()) all.push_back(isa.hamming);
  }
#if defined(__x86_64__)
  all.push_back(kernels::hamming_emulated);
#endif
  for (std::size_t words = 1; words <= 20; ++words) {
    std::vector<std::uint64_t> query(words), items(words * 7);
    for (auto* codes : {&query, &items}) {
      for (std::uint64_t& word : *codes) {
        for (int b = 0; b < 64; ++b) word |= std::uint64_t{rng.chance(0.5)} << b;
      }
    }
    std::vector<std::uint16_t> expected(7);
    for (std::size_t j = 0; j < 7; ++j) {
      for (std::size_t bit = 0; bit < 64 * words; ++bit) {
        const std::uint64_t differ = query[bit / 64] ^ items[j * words + bit / 64];
        expected[j] = static_cast<std::uint16_t>(expected[j] + (differ >> (bit % 64) & 1U));
      }
    }
    for (const kernels::Hamming hamming : all) {
      std::vector<std::uint16_t> found(7, 9999);
      hamming(query.data(), items.data(), 7, words, found.data());
      ASSERT_EQ(found, expected) << words;
    }
  }
}

TEST(Hamming, SharesOfDifferingBitsEstimateAngles) {
  // Directions at 0, 45, 90, 135 and 180 degrees from the query.
  const Matrix items = rows_of({{2, 0, 0}, {1, 1, 0}, {0, 3, 0}, {-1, 1, 0}, {-1, 0, 0}});
  const Gallery gallery{items, {}, 0};
  const auto index = hamming_index(told(8192, 0), gallery, {});
  const TopK found = index->top_k(rows_of({{1, 0, 0}}), 5);
  EXPECT_EQ(found.ids, (std::vector<std::int32_t>{0, 1, 2, 3, 4}));
  for (std::size_t r = 0; r < 5; ++r) {
    EXPECT_NEAR(-found.scores[r] / 8192.0, 0.25 * static_cast<double>(r), 0.02);
  }
}

TEST(Hamming, ScoringEveryCandidateIsTheExactSearch) {
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    const tests::Case now = tests::random_case(seed);
    SCOPED_TRACE(now.name);
    const auto items = static_cast<std::int64_t>(now.gallery.vectors.rows());
    const TopK expected = top_k(now.queries, now.gallery, 5, {.name = "scalar"});
    for (const int threads : {1, 3}) {
      const auto index = hamming_index(told(70, items + 3), now.gallery, {.threads = threads});
      const TopK found = index->top_k(now.queries, 5);
      ASSERT_EQ(found.k, expected.k);
      ASSERT_EQ(found.ids, expected.ids);
      ASSERT_EQ(found.scores, expected.scores);
    }
  }
}

TEST(Hamming, FindsMostNeighboursOfClusteredRows) {
  Rng rng(2, "rows");
  Matrix rows(2000, 64);
  for (std::size_t i = 0; i < rows.rows(); ++i) {
    for (std::size_t e = 0; e < 64; ++e) {
      rows.row(i)[e] = static_cast<float>(rng.normal()) * 0.3F;
      if (i % 100 * 64 / 100 == e) rows.row(i)[e] += 2.0F;
    }
  }
  const Gallery gallery = prepare(rows, Similarity::kCosine, "rows");
  Matrix queries(50, 64);
  for (std::size_t i = 0; i < 50; ++i) {
    std::ranges::copy(std::as_const(gallery.vectors).row(i * 40), queries.row(i).begin());
  }
  const TopK exact = top_k(queries, gallery, 10, {});
  const auto index = hamming_index(told(512, 200), gallery, {});
  const TopK found = index->top_k(queries, 10);
  std::size_t shared = 0;
  for (std::size_t i = 0; i < 50; ++i) {
    for (std::size_t r = 0; r < 10; ++r) {
      shared += std::count(exact.ids.begin() + static_cast<std::ptrdiff_t>(10 * i),
                           exact.ids.begin() + static_cast<std::ptrdiff_t>(10 * i + 10),
                           found.ids[10 * i + r]);
    }
  }
  EXPECT_GT(shared, 450U);
}

TEST(Prepare, HammingTakesSignsAndScoresAgreementLessDifference) {
  const Gallery rows = prepare(rows_of({{0.5F, -2.0F, 0.0F, -0.0F}, {-1.0F, -1.0F, 3.0F, 1.0F}}),
                               Similarity::kHamming, "rows");
  EXPECT_EQ(rows.vectors, rows_of({{1, -1, 1, 1}, {-1, -1, 1, 1}}));
  EXPECT_EQ(canonical_dot(std::as_const(rows.vectors).row(0), std::as_const(rows.vectors).row(1)),
            2.0);
}

}  // namespace
}  // namespace alignlab
