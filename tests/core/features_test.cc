#include "core/features.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <type_traits>

#include "core/modality.h"
#include "core/splits.h"
#include "core/string_column.h"

namespace alignlab {
namespace {

Matrix matrix_of(std::size_t rows, std::size_t cols, std::vector<float> values) {
  Matrix out(rows, cols);
  std::ranges::copy(values, out.values().begin());
  return out;
}

// [0 2 0 -1]
// [0 0 0  0]
// [5 0 0  0]
SparseRows three_by_four() { return {4, {0, 2, 2, 3}, {1, 3, 0}, {2.0F, -1.0F, 5.0F}}; }

TEST(Matrix, StartsAsZerosOnAnAlignedAddress) {
  for (const std::size_t cols : {1UL, 3UL, 16UL, 67UL}) {
    const Matrix matrix(5, cols);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(matrix.data()) % 64, 0U);
    EXPECT_TRUE(std::ranges::all_of(matrix.values(), [](float v) { return v == 0.0F; }));
    EXPECT_EQ(matrix.values().size(), 5 * cols);
  }
}

TEST(Matrix, RowsLieOneAfterAnother) {
  Matrix matrix = matrix_of(2, 3, {1, 2, 3, 4, 5, 6});
  EXPECT_EQ(matrix.row(1)[0], 4.0F);
  matrix.row(1)[2] = 9.0F;
  const MatrixView view = matrix;
  EXPECT_EQ(view.rows(), 2U);
  EXPECT_EQ(view.cols(), 3U);
  EXPECT_EQ(view.row(1)[2], 9.0F);
  EXPECT_EQ(view.data(), matrix.data());
}

TEST(Matrix, OfOtherShapeIsNotEqualWhateverItsValues) {
  EXPECT_EQ(matrix_of(2, 3, {1, 2, 3, 4, 5, 6}), matrix_of(2, 3, {1, 2, 3, 4, 5, 6}));
  EXPECT_NE(matrix_of(2, 3, {1, 2, 3, 4, 5, 6}), matrix_of(3, 2, {1, 2, 3, 4, 5, 6}));
  EXPECT_NE(Matrix(0, 3), Matrix(0, 4));
}

TEST(SparseRows, GiveEachRowItsOwnEntries) {
  const SparseRows rows = three_by_four();
  EXPECT_EQ(rows.rows(), 3U);
  EXPECT_EQ(rows.row_columns(0).size(), 2U);
  EXPECT_EQ(rows.row_columns(0)[1], 3);
  EXPECT_EQ(rows.row_values(0)[1], -1.0F);
  EXPECT_TRUE(rows.row_columns(1).empty());
  EXPECT_EQ(rows.row_values(2)[0], 5.0F);
  EXPECT_EQ(SparseRows{}.rows(), 0U);
}

TEST(Features, KnowTheirFormAndShape) {
  const Features dense = matrix_of(1, 2, {1, 2});
  const Features sparse = three_by_four();
  EXPECT_EQ(dense.form(), FeatureForm::kDense);
  EXPECT_EQ(sparse.form(), FeatureForm::kSparse);
  EXPECT_STREQ(name_of(dense.form()), "dense");
  EXPECT_STREQ(name_of(sparse.form()), "sparse");
  EXPECT_EQ(dense.rows(), 1U);
  EXPECT_EQ(dense.cols(), 2U);
  EXPECT_EQ(sparse.rows(), 3U);
  EXPECT_EQ(sparse.cols(), 4U);
  EXPECT_EQ(Features().rows(), 0U);
}

TEST(Features, CopyASparseRowOverWhateverWasThere) {
  const Features sparse = three_by_four();
  std::vector<float> out{9, 9, 9, 9};
  sparse.copy_row(0, out);
  EXPECT_EQ(out, (std::vector<float>{0, 2, 0, -1}));
  sparse.copy_row(1, out);
  EXPECT_EQ(out, (std::vector<float>{0, 0, 0, 0}));
}

TEST(Features, CopyADenseRow) {
  const Features dense = matrix_of(2, 2, {1, 2, 3, 4});
  std::vector<float> out(2);
  dense.copy_row(1, out);
  EXPECT_EQ(out, (std::vector<float>{3, 4}));
}

TEST(Features, BecomeTheSameDenseMatrixFromEitherForm) {
  const Matrix expected = matrix_of(3, 4, {0, 2, 0, -1, 0, 0, 0, 0, 5, 0, 0, 0});
  EXPECT_EQ(Features(three_by_four()).to_dense(), expected);
  EXPECT_EQ(Features(expected).to_dense(), expected);
}

TEST(Features, OfTheOtherFormAreNotEqual) {
  EXPECT_NE(Features(three_by_four()), Features(Features(three_by_four()).to_dense()));
}

TEST(Features, GiveSomeRowsInTheOrderAsked) {
  const std::vector<std::int32_t> rows{2, 0, 2};
  EXPECT_EQ(Features(matrix_of(3, 2, {1, 2, 3, 4, 5, 6})).rows_at(rows),
            Features(matrix_of(3, 2, {5, 6, 1, 2, 5, 6})));
  EXPECT_EQ(Features(three_by_four()).rows_at(rows),
            Features(SparseRows{4, {0, 1, 3, 4}, {0, 1, 3, 0}, {5.0F, 2.0F, -1.0F, 5.0F}}));
  const TokenSequences tokens{
      6, {0, 3, 3, 5}, {5, 0, 5, 1, 2}, matrix_of(6, 1, {1, 2, 3, 4, 5, 6})};
  EXPECT_EQ(Features(tokens).rows_at(rows),
            Features(TokenSequences{6, {0, 2, 5, 7}, {1, 2, 5, 0, 5, 1, 2}, tokens.vectors}));
  EXPECT_EQ(Features(PixelRows{1, 2, 1, {10, 11, 20, 21, 30, 31}}).rows_at(rows),
            Features(PixelRows{1, 2, 1, {30, 31, 10, 11, 30, 31}}));
}

TEST(Features, OfNoRowsKeepTheirFormAndWidth) {
  const TokenSequences tokens{6, {0, 1}, {5}, Matrix(6, 3)};
  const PixelRows pixels{1, 2, 3, {1, 2, 3, 4, 5, 6}};
  for (const Features& features : {Features(matrix_of(1, 2, {1, 2})), Features(three_by_four()),
                                   Features(tokens), Features(pixels)}) {
    const Features none = features.rows_at({});
    EXPECT_EQ(none.form(), features.form());
    EXPECT_EQ(none.rows(), 0U);
    EXPECT_EQ(none.cols(), features.cols());
  }
}

TEST(StringColumn, KeepsEmptyStringsAndAnyBytes) {
  StringColumn column;
  const std::string bytes{"\0\xff\n", 3};
  column.push_back("a");
  column.push_back("");
  column.push_back(bytes);
  EXPECT_EQ(column.size(), 3U);
  EXPECT_EQ(column[0], "a");
  EXPECT_EQ(column[1], "");
  EXPECT_EQ(column[2], bytes);
  EXPECT_EQ(column.offsets(), (std::vector<std::int64_t>{0, 1, 1, 4}));
}

TEST(Names, OfModalitiesAndSplitsAreReadAsTheyAreWritten) {
  for (const Modality modality : kModalities) EXPECT_EQ(modality_from(name_of(modality)), modality);
  for (const Split split : kSplits) EXPECT_EQ(split_from(name_of(split)), split);
  EXPECT_EQ(modality_from("Image"), std::nullopt);
  EXPECT_EQ(split_from("validation"), std::nullopt);
  EXPECT_EQ(direction_key(Modality::kText, Modality::kImage), "text_to_image");
}

TEST(Splits, CannotStandInForOneAnother) {
  EXPECT_FALSE((std::is_convertible_v<TestSplit, TrainSplit>));
  EXPECT_FALSE((std::is_constructible_v<TrainSplit, TestSplit>));
  EXPECT_FALSE((std::is_convertible_v<SplitItems, TrainSplit>));
}

}  // namespace
}  // namespace alignlab
