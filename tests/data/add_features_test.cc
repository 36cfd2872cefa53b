#include <limits>

#include "data/dataset.h"
#include "data/dataset_writer.h"
#include "data/import.h"
#include "data/npy.h"
#include "data/store_features.h"
#include "tests/data/fixtures.h"

namespace alignlab {
namespace {

namespace fs = std::filesystem;
using tests::Listener;
using tests::message_of;
using tests::names_in;
using tests::ScratchFolder;
using tests::write_text;

class AddFeatures : public ::testing::Test {
 protected:
  AddFeatures() {
    DatasetWriter writer(dataset_, {"three", "a test", "none"}, WriterOptions{});
    writer.add_file(Modality::kImage, {"a.jpg", 0, Split::kTrain}, std::nullopt, "a.jpg");
    writer.add_file(Modality::kImage, {"b.jpg", 1, Split::kDev}, std::nullopt, "b.jpg");
    writer.add_file(Modality::kImage, {"c.jpg", 2, Split::kNone}, std::nullopt, "c.jpg");
    writer.add_text({"a.jpg#0", 0, Split::kTrain}, "A dog.");
    writer.commit();
    request_.dataset = dataset_;
    request_.modality = Modality::kImage;
    request_.name = "net";
    request_.matrix = folder_ / "x.npy";
  }

  void write_rows(const std::vector<float>& values) {
    Matrix matrix(values.size() / 2, 2);
    std::ranges::copy(values, matrix.values().begin());
    write_npy(request_.matrix, matrix);
  }
  void write_ids(std::string_view lines) {
    request_.ids = folder_ / "names.txt";
    write_text(*request_.ids, lines);
  }
  Matrix stored() { return Dataset::open(dataset_).features(Modality::kImage, request_.name); }

  /// The message of a refusal that must leave the data set as it was, and nothing beside it.
  template <typename Expected = DataError>
  std::string refusal() {
    const std::string before = read_file(dataset_);
    const std::string message = message_of<Expected>([&] { add_features(request_, listener_); });
    EXPECT_EQ(read_file(dataset_), before);
    EXPECT_EQ(names_in(folder_ / "data"), std::vector<std::string>{"d.h5"});
    return message;
  }

  ScratchFolder folder_;
  fs::path dataset_ = folder_.path() / "data" / "d.h5";
  AddFeaturesRequest request_{};
  Listener listener_;
};

TEST_F(AddFeatures, WithoutIdsTakesRowsInItemOrder) {
  write_rows({1, 2, 3, 4, 5, 6});
  add_features(request_, listener_);
  const Matrix matrix = stored();
  EXPECT_EQ(std::vector<float>(matrix.values().begin(), matrix.values().end()),
            (std::vector<float>{1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(names_in(folder_ / "data"), std::vector<std::string>{"d.h5"});
  EXPECT_TRUE(listener_.warnings.empty());
}

TEST_F(AddFeatures, FindsRowsByTheirIds) {
  write_rows({1, 2, 3, 4, 5, 6, 7, 8});
  write_ids("b.jpg\r\nother.jpg\nc.jpg\na.jpg");
  add_features(request_, listener_);
  const Matrix matrix = stored();
  EXPECT_EQ(std::vector<float>(matrix.values().begin(), matrix.values().end()),
            (std::vector<float>{7, 8, 1, 2, 5, 6}));
  EXPECT_EQ(listener_.warnings,
            std::vector<std::string>{"names.txt: ids of no item, whose rows are left out: 1"});
}

TEST_F(AddFeatures, FillsItemsOfNoSplitWithZeros) {
  write_rows({1, 2, 3, 4});
  write_ids("b.jpg\na.jpg\n");
  add_features(request_, listener_);
  const Matrix matrix = stored();
  EXPECT_EQ(std::vector<float>(matrix.values().begin(), matrix.values().end()),
            (std::vector<float>{3, 4, 1, 2, 0, 0}));
  EXPECT_EQ(
      listener_.warnings,
      std::vector<std::string>{"names.txt: items of no split without a row, filled with zeros: 1"});
}

TEST_F(AddFeatures, KeepsEverythingElseAndSaysWhereTheyAreFrom) {
  const std::string raw_before = Dataset::open(dataset_).hash_of_raw(Modality::kImage);
  const std::string hash_before = Dataset::open(dataset_).content_hash();
  write_rows({1, 2, 3, 4, 5, 6});
  add_features(request_, listener_);
  request_.name = "net.2";
  write_rows({6, 5, 4, 3, 2, 1});
  add_features(request_, listener_);
  const Dataset dataset = Dataset::open(dataset_);
  dataset.file().verify();
  EXPECT_EQ(dataset.name(), "three");
  EXPECT_EQ(dataset.file().text_attribute("/", "source"), "a test");
  EXPECT_EQ(dataset.file().text_attribute("/", "license"), "none");
  EXPECT_EQ(dataset.feature_names(Modality::kImage), (std::vector<std::string>{"net", "net.2"}));
  EXPECT_EQ(dataset.file().text_attribute("/features/image/net", "producer"), "add-features");
  EXPECT_EQ(dataset.file().text_attribute("/features/image/net", "source"), "x.npy");
  EXPECT_EQ(dataset.raw(Modality::kText)->content(0), "A dog.");
  EXPECT_EQ(dataset.hash_of_raw(Modality::kImage), raw_before);
  EXPECT_NE(dataset.content_hash(), hash_before);
  EXPECT_EQ(dataset.content_hash(), dataset.file().content_hash().hex());
  // A name that begins like another is another.
  EXPECT_NE(dataset.hash_of_feature(Modality::kImage, "net"),
            dataset.hash_of_feature(Modality::kImage, "net.2"));
}

TEST_F(AddFeatures, StoresBehindALinkWhereTheDataSetIs) {
  write_rows({1, 2, 3, 4, 5, 6});
  fs::create_symlink(dataset_, folder_ / "link.h5");
  request_.dataset = folder_ / "link.h5";
  add_features(request_, listener_);
  EXPECT_TRUE(fs::is_symlink(folder_ / "link.h5"));
  EXPECT_EQ(stored().rows(), 3U);
}

TEST_F(AddFeatures, DoesNotReplaceFeatures) {
  write_rows({1, 2, 3, 4, 5, 6});
  add_features(request_, listener_);
  EXPECT_EQ(refusal(),
            dataset_.string() + ": /features/image/net: already there; choose another name");
}

TEST_F(AddFeatures, RefusesADamagedDataSet) {
  const std::vector<float> marked{9.25F, 8.25F, 7.25F, 6.25F, 5.25F, 4.25F};
  write_rows(marked);
  add_features(request_, listener_);
  std::string bytes = read_file(dataset_);
  const std::size_t at = bytes.find(tests::bytes_of(marked));
  ASSERT_NE(at, std::string::npos);
  bytes[at] ^= 1;
  write_file_atomically(dataset_, bytes);
  request_.name = "other";
  EXPECT_EQ(refusal(), fs::canonical(dataset_).string() +
                           ": /features/image/net: cannot be read (truncated, or its checksum does "
                           "not hold)");
}

TEST_F(AddFeatures, NamesBothCountsWhenRowsAndItemsDiffer) {
  write_rows({1, 2, 3, 4});
  EXPECT_EQ(refusal(),
            request_.matrix.string() + ": expected 3 rows, one an item of modality image, found 2");
}

TEST_F(AddFeatures, NamesBothCountsWhenRowsAndIdsDiffer) {
  write_rows({1, 2, 3, 4, 5, 6});
  write_ids("a.jpg\nb.jpg\n");
  EXPECT_EQ(refusal(), request_.ids->string() + ": expected 3 ids, one a row of " +
                           request_.matrix.string() + ", found 2");
}

TEST_F(AddFeatures, NamesTheLineOfAnIdThatComesTwice) {
  write_rows({1, 2, 3, 4, 5, 6});
  write_ids("a.jpg\nb.jpg\na.jpg\n");
  EXPECT_EQ(refusal(), request_.ids->string() + ":3: 'a.jpg' is already on line 1");
}

TEST_F(AddFeatures, WantsARowForEveryItemOfASplit) {
  write_rows({1, 2});
  write_ids("c.jpg\n");
  EXPECT_EQ(refusal(), request_.ids->string() +
                           ": expected an id for every image item of a split, found none for "
                           "'a.jpg' (and 1 more)");
}

TEST_F(AddFeatures, NamesRowAndColumnOfAValueThatIsNotFinite) {
  write_rows({1, 2, 3, std::numeric_limits<float>::quiet_NaN(), 5, 6});
  EXPECT_EQ(refusal(),
            request_.matrix.string() + ": row 1, column 1: expected a finite value, found nan");
  write_rows({-std::numeric_limits<float>::infinity(), 2, 3, 4, 5, 6});
  write_ids("c.jpg\nb.jpg\na.jpg\n");
  EXPECT_EQ(refusal(),
            request_.matrix.string() + ": row 0, column 0: expected a finite value, found -inf");
}

TEST_F(AddFeatures, RefusesANameThatWouldBeAPath) {
  write_rows({1, 2, 3, 4, 5, 6});
  for (const std::string name : {"", "a/b", "..", ".", "a b", "ä"}) {
    request_.name = name;
    EXPECT_EQ(refusal<UsageError>(),
              "feature name: expected letters, digits, '_', '-' and '.', "
              "found '" +
                  name + "'");
  }
}

TEST_F(AddFeatures, NamesTheModalityThatIsNotThere) {
  write_rows({1, 2, 3, 4, 5, 6});
  request_.modality = Modality::kAudio;
  EXPECT_EQ(refusal(), dataset_.string() + ": has no audio items");
}

TEST_F(AddFeatures, RefusesAMatrixWithoutColumns) {
  write_npy(request_.matrix, Matrix(3, 0));
  EXPECT_EQ(refusal(),
            request_.matrix.string() + ": expected at least one column, found shape (3, 0)");
}

TEST_F(AddFeatures, NamesAFileThatIsNotThere) {
  EXPECT_EQ(refusal(), request_.matrix.string() + ": no such file");
  write_rows({1, 2, 3, 4, 5, 6});
  request_.ids = folder_ / "none.txt";
  EXPECT_EQ(refusal(), (folder_ / "none.txt").string() + ": no such file");
  request_.dataset = folder_ / "nowhere/none.h5";
  EXPECT_EQ(message_of<DataError>([&] { add_features(request_, listener_); }),
            (folder_ / "nowhere/none.h5").string() + ": no such file");
  EXPECT_FALSE(fs::exists(folder_ / "nowhere"));
}

TEST_F(AddFeatures, LeavesTheDataSetAloneWhenInterrupted) {
  write_rows({1, 2, 3, 4, 5, 6});
  const std::string before = read_file(dataset_);
  Listener cancelled(true);
  message_of<Interrupted>([&] { add_features(request_, cancelled); });
  EXPECT_EQ(read_file(dataset_), before);
  EXPECT_EQ(names_in(folder_ / "data"), std::vector<std::string>{"d.h5"});
}

TEST_F(AddFeatures, SurvivesDamagedIds) {
  write_rows({1, 2, 3, 4, 5, 6});
  request_.ids = folder_ / "names.txt";
  const std::string original = read_file(dataset_);
  EXPECT_GT(tests::refused_copies("a.jpg\nb.jpg\nc.jpg\n", *request_.ids, 200,
                                  [&] {
                                    write_text(dataset_, original);
                                    add_features(request_, listener_);
                                  }),
            50);
}

TEST_F(AddFeatures, StoresLargeMatricesInSlabs) {
  // 16,000,000 bytes: several slabs, with the rows in backward order.
  constexpr std::size_t kRows = 2000;
  constexpr std::size_t kCols = 2000;
  const fs::path large = folder_ / "large.h5";
  DatasetWriter writer(large, {"large", "", ""}, WriterOptions{});
  std::string ids;
  Matrix matrix(kRows, kCols);
  for (std::size_t i = 0; i < kRows; ++i) {
    const std::string id = std::to_string(i);
    writer.add_file(Modality::kImage, {id, static_cast<std::int32_t>(i), Split::kTrain},
                    std::nullopt, id);
    ids += std::to_string(kRows - 1 - i) + "\n";
    std::ranges::fill(matrix.row(i), static_cast<float>(kRows - 1 - i));
  }
  writer.commit();
  write_npy(request_.matrix, matrix);
  write_ids(ids);
  request_.dataset = large;
  add_features(request_, listener_);
  const Matrix back = Dataset::open(large).features(Modality::kImage, "net");
  for (std::size_t i = 0; i < kRows; ++i) {
    ASSERT_EQ(back.row(i)[0], static_cast<float>(i));
    ASSERT_EQ(back.row(i)[kCols - 1], static_cast<float>(i));
  }
}

}  // namespace
}  // namespace alignlab
