// Inputs made to hurt: where everything ties, where rounding says nothing, where codes are as large
// as they get. Answers stay those of the reference, and memory stays bounded.

#include <gtest/gtest.h>
#include <stdlib.h>

#include <cmath>
#include <fstream>
#include <functional>
#include <limits>
#include <sstream>

#include "core/rng.h"
#include "search/certified.h"
#include "search/search.h"
#include "tests/search/every_isa.h"
#include "tests/search/oracle.h"

namespace alignlab {
namespace {

/// The automatic choice, and everything that can be forced.
std::vector<Kernel> filtering_kernels() {
  std::vector<Kernel> out{{.threads = 2}, {.name = "blas", .threads = 2}};
  for (const std::string& isa : available_isas()) {
    for (const std::string& codes : available_codes(isa)) {
      out.push_back({.threads = 2, .isa = isa, .codes = codes});
    }
  }
  return out;
}

std::string name_of(const Kernel& kernel) {
  return kernel.name + " " + kernel.isa + " " + kernel.codes;
}

Matrix rows_by(std::size_t rows, std::size_t cols,
               const std::function<float(std::size_t, std::size_t)>& value) {
  Matrix out(rows, cols);
  for (std::size_t i = 0; i < rows; ++i) {
    for (std::size_t e = 0; e < cols; ++e) out.row(i)[e] = value(i, e);
  }
  return out;
}

/// One relevant candidate a query, and of two in three a second one.
Relevance spread_relevance(std::size_t queries, std::size_t items) {
  std::vector<std::vector<std::int32_t>> rows(queries);
  for (std::size_t i = 0; i < queries; ++i) {
    rows[i].push_back(static_cast<std::int32_t>(i * 7 % items));
    if (i % 3 > 0 && items > 1) {
      rows[i].push_back(static_cast<std::int32_t>((i * 7 + items / 2) % items));
    }
  }
  return Relevance(std::move(rows));
}

void expect_as_reference(const Matrix& queries, const Gallery& gallery,
                         const std::vector<std::size_t>& ks) {
  const Kernel reference{.name = "scalar", .threads = 2};
  const Relevance relevant = spread_relevance(queries.rows(), gallery.vectors.rows());
  const Ranks ranks = rank(queries, gallery, relevant, reference);
  for (const Kernel& kernel : filtering_kernels()) {
    SCOPED_TRACE(name_of(kernel));
    ASSERT_EQ(rank(queries, gallery, relevant, kernel), ranks);
  }
  for (const std::size_t k : ks) {
    const TopK expected = top_k(queries, gallery, k, reference);
    for (const Kernel& kernel : filtering_kernels()) {
      SCOPED_TRACE(name_of(kernel) + ", k " + std::to_string(k));
      const TopK found = top_k(queries, gallery, k, kernel);
      ASSERT_EQ(found.ids, expected.ids);
      ASSERT_EQ(found.scores, expected.scores);
    }
  }
}

TEST(Adversarial, IdenticalVectorsAllTie) {
  const Matrix queries = rows_by(30, 40, [](std::size_t, std::size_t e) { return 0.1F * e; });
  const Gallery gallery{
      rows_by(3000, 40, [](std::size_t, std::size_t e) { return 0.3F - e; }), {}, 0};
  expect_as_reference(queries, gallery, {1, 10, 3000, 4000});
  const TopK found = top_k(queries, gallery, 3, {});
  EXPECT_EQ(std::vector<std::int32_t>(found.ids.begin(), found.ids.begin() + 3),
            (std::vector<std::int32_t>{0, 1, 2}));
}

TEST(Adversarial, DifferencesBelowAnyRoundingAreStillTold) {
  // All but one part in ten million alike.
  Rng rng(1, "alike");
  std::vector<float> common(96);
  for (float& value : common) value = static_cast<float>(rng.normal());
  const auto nearly = [&](std::size_t, std::size_t e) {
    return common[e] * (1.0F + 1.2e-7F * static_cast<float>(rng.between(-2, 2)));
  };
  const Matrix queries = rows_by(40, 96, nearly);
  const Gallery gallery{rows_by(2500, 96, nearly), {}, 0};
  expect_as_reference(queries, gallery, {1, 10, 100});
}

TEST(Adversarial, CodesAsLargeAsTheyGetOverflowNothing) {
  // Every value of a row at the largest magnitude: sums of products are as far out as they can be.
  for (const std::size_t cols : {1UL, 16UL, 67UL, 512UL, 2048UL}) {
    SCOPED_TRACE(cols);
    const auto sign = [](std::size_t i, std::size_t e) {
      return (i % 3 == 0 || (i * 31 + e * 17) % 5 < i % 5) ? 1.0F : -1.0F;
    };
    const Matrix queries = rows_by(25, cols, sign);
    const Gallery gallery{rows_by(90, cols, sign), {}, 0};
    expect_as_reference(queries, gallery, {10});
    const TopK expected = top_k(queries, gallery, 10, {.name = "scalar"});
    for (const Isa& isa : tests::every_isa()) {
      for (const kernels::DotsKernel& dots : isa.dots) {
        CodedGallery coded(gallery, isa, 1);
        TopK found{10, std::vector<std::int32_t>(250), std::vector<double>(250)};
        ASSERT_TRUE(certified_top_k(queries, coded, {.codes = dots.name}, found));
        ASSERT_EQ(found.ids, expected.ids) << dots.name << " on " << isa.name;
      }
    }
  }
}

TEST(Adversarial, LonelyLargeValuesHideTheRest) {
  // One value a million times the others: 8 bits see nothing else.
  Rng rng(2, "values");
  const auto value = [&](std::size_t i, std::size_t e) {
    return e == i % 7 ? (i % 2 == 0 ? 1e6F : -1e6F) : static_cast<float>(rng.normal());
  };
  expect_as_reference(rows_by(40, 130, value), {rows_by(1500, 130, value), {}, 0}, {10});
}

TEST(Adversarial, RowsOfAllLengthsStandSideBySide) {
  Rng rng(3, "values");
  const auto value = [&](std::size_t i, std::size_t) {
    return std::ldexp(static_cast<float>(rng.normal()), static_cast<int>(i * 37 % 250) - 140);
  };
  expect_as_reference(rows_by(40, 33, value), {rows_by(700, 33, value), {}, 0}, {10});
}

TEST(Adversarial, DuplicatesAcrossTheLastPlaceComeByLowerId) {
  Rng rng(4, "values");
  Matrix items =
      rows_by(2000, 50, [&](std::size_t, std::size_t) { return static_cast<float>(rng.normal()); });
  for (std::size_t i = 0; i < 2000; ++i) {
    if (i % 20 != 0) {
      std::ranges::copy(std::as_const(items).row(i / 20 * 20), items.row(i).begin());
    }
  }
  // Queries are the gallery: each is nearest to its twenty copies, of which ten come in.
  const Gallery gallery = prepare(items, Similarity::kCosine, "items");
  const Matrix queries = rows_by(100, 50, [&](std::size_t i, std::size_t e) {
    return std::as_const(gallery.vectors).row(i * 20)[e];
  });
  expect_as_reference(queries, gallery, {1, 10, 19, 21});
}

TEST(Adversarial, ABiasFarBeyondTheScoresDecidesAlone) {
  Rng rng(5, "values");
  const auto normal = [&](std::size_t, std::size_t) { return static_cast<float>(rng.normal()); };
  for (const double size : {1e6, 1e30, 1e60, 1e300}) {
    SCOPED_TRACE(size);
    Gallery gallery{rows_by(600, 40, normal), {}, 0};
    for (std::size_t j = 0; j < 600; ++j) {
      gallery.bias.push_back(j % 4 == 0 ? rng.normal() : size * rng.between(-1, 1));
    }
    expect_as_reference(rows_by(30, 40, normal), gallery, {10});
  }
}

TEST(Adversarial, ABiasBeyondFloatsReachesNoColumnWithoutARelevantRow) {
  Rng rng(9, "values");
  const auto normal = [&](std::size_t, std::size_t) { return static_cast<float>(rng.normal()); };
  Gallery rows{rows_by(20, 16, normal), std::vector<double>(20, 0.0), 0};
  const Gallery columns{rows_by(40, 16, normal), {}, 0};
  std::vector<std::vector<std::int32_t>> of_columns(40);
  for (std::size_t j = 0; j < 20; ++j) of_columns[j].push_back(static_cast<std::int32_t>(j));
  const Relevance relevant(std::move(of_columns)), of_rows = spread_relevance(20, 40);
  for (const double size : {1e30, 1e60, 1e300}) {
    rows.bias[3] = size;
    const Ranks expected = rank(columns.vectors, rows, relevant, {.name = "scalar"});
    for (const Kernel& kernel : filtering_kernels()) {
      SCOPED_TRACE(name_of(kernel));
      ASSERT_EQ(rank_both(rows, columns, of_rows, relevant, kernel).of_second, expected);
    }
  }
}

/// Of this process, in megabytes, since the last call of `forget_peak`.
double peak_megabytes() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmHWM:")) return std::stod(line.substr(6)) / 1000.0;
  }
  return -1.0;
}
void forget_peak() { std::ofstream("/proc/self/clear_refs") << "5"; }

TEST(Adversarial, WhereEverythingIsInDoubtMemoryStaysBounded) {
  const Matrix queries = rows_by(600, 16, [](std::size_t, std::size_t) { return 1.0F; });
  Rng rng(6, "values");
  const Gallery gallery{rows_by(30000, 16,
                                [&](std::size_t, std::size_t) {
                                  return 1.0F + 1e-6F * static_cast<float>(rng.uniform());
                                }),
                        {},
                        0};
  const TopK expected = top_k(queries, gallery, 10, {.name = "scalar", .threads = 2});
  const Relevance relevant = spread_relevance(600, 30000);
  for (const Kernel& kernel : filtering_kernels()) {
    if (kernel.isa == "portable") continue;  // slow, and the same code beyond the products
    SCOPED_TRACE(name_of(kernel));
    forget_peak();
    [[maybe_unused]] const double before = peak_megabytes();
    const TopK found = top_k(queries, gallery, 10, kernel);
    rank(queries, gallery, relevant, kernel);
#ifndef __SANITIZE_ADDRESS__  // it keeps what is freed
    // All pairs would be 18 million, in 8 bytes each or more.
    EXPECT_LT(peak_megabytes() - before, 60.0);
#endif
    ASSERT_EQ(found.ids, expected.ids);
  }
}

TEST(Adversarial, BlocksAndThreadsLeaveNoTrace) {
  Rng rng(7, "values");
  const auto normal = [&](std::size_t, std::size_t) { return static_cast<float>(rng.normal()); };
  // Enough for many blocks of queries and of items.
  const Matrix queries = rows_by(700, 300, normal);
  const Gallery gallery{rows_by(2600, 300, normal), {}, 0};
  const Relevance relevant = spread_relevance(700, 2600);
  const TopK top = top_k(queries, gallery, 10, {.name = "scalar", .threads = 2});
  const Ranks ranks = rank(queries, gallery, relevant, {.name = "scalar", .threads = 2});
  for (Kernel kernel : filtering_kernels()) {
    for (const int threads : {1, 2, 3, 7}) {
      kernel.threads = threads;
      SCOPED_TRACE(name_of(kernel) + " on " + std::to_string(threads));
      ASSERT_EQ(top_k(queries, gallery, 10, kernel).ids, top.ids);
      ASSERT_EQ(rank(queries, gallery, relevant, kernel), ranks);
    }
  }
}

TEST(ForcedIsa, IsThePathThatRan) {
  Rng rng(8, "values");
  const auto normal = [&](std::size_t, std::size_t) { return static_cast<float>(rng.normal()); };
  const Matrix queries = rows_by(50, 64, normal);
  const Gallery gallery{rows_by(500, 64, normal), {}, 0};
  const Relevance relevant = spread_relevance(50, 500);
  const char* before = ::getenv("ALIGNLAB_ISA");
  const std::string kept = before == nullptr ? "" : before;
  for (const std::string& isa : available_isas()) {
    ::setenv("ALIGNLAB_ISA", isa.c_str(), 1);
    // The kernels say by their own word which they are.
    SearchWork work;
    top_k(queries, gallery, 10, {.work = &work});
    EXPECT_EQ(work.isa, isa);
    work = {};
    rank(queries, gallery, relevant, {.work = &work});
    EXPECT_EQ(work.isa, isa);
    work = {};
    ::setenv("ALIGNLAB_ISA", available_isas().front().c_str(), 1);
    top_k(queries, gallery, 10, {.isa = isa, .work = &work});
    EXPECT_EQ(work.isa, isa);
  }
  ::setenv("ALIGNLAB_ISA", kept.c_str(), 1);
}

TEST(ForcedCodes, ThatTheInstructionSetHasNotAreAUsageError) {
  const Gallery gallery{Matrix(3, 4), {}, 0};
  try {
    top_k(Matrix(1, 4), gallery, 1, {.isa = "portable", .codes = "bfloat16"});
    FAIL();
  } catch (const std::exception& error) {
    EXPECT_STREQ(error.what(), "codes=bfloat16: instruction set portable has int16, int8");
  }
}

}  // namespace
}  // namespace alignlab
