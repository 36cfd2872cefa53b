// wikipedia: vectors of two modalities with a category a pair.

#include <set>

#include "tests/core/real_data.h"
#include "tests/data/vector_import_fixture.h"

namespace alignlab {
namespace {

namespace fs = std::filesystem;
using tests::all;
using tests::bytes_of;
using tests::contains;
using tests::header;
using tests::message_of;
using tests::npy;
using tests::values_of;
using tests::VectorImport;
using tests::write_text;
using Texts = std::vector<std::string>;

class Wikipedia : public VectorImport {
 protected:
  Wikipedia() : VectorImport("wikipedia") {}

  void write_folder() {
    const auto doubles = [](const std::string& name, std::vector<std::size_t> dims,
                            const std::vector<double>& by_column) {
      return tests::MatVariable{name, MAT_C_DOUBLE, MAT_T_DOUBLE, std::move(dims),
                                bytes_of(by_column)};
    };
    fs::create_directory(folder_ / "w");
    tests::write_mat5(folder_ / "w/raw_features.mat",
                      {doubles("I_tr", {2, 3}, {1, 4, 2, 5, 3, 6}), doubles("T_tr", {2, 1}, {7, 8}),
                       doubles("I_te", {1, 3}, {9, 10, 11}), doubles("T_te", {1, 1}, {12})},
                      true);
    write_text(folder_ / "w/trainset_txt_img_cat.list", "t1\ti1\t2\nt2\ti2\t1\n");
    write_text(folder_ / "w/testset_txt_img_cat.list", "t3\ti3\t2\n");
    request_.sources = {folder_ / "w"};
  }
};

TEST_F(Wikipedia, ReadsTheFolderOfTheAuthors) {
  write_folder();
  write_text(folder_ / "w/categories.list", "art\nbiology\n");
  const Dataset dataset = imported();
  const Items& images = dataset.items(Modality::kImage);
  const Items& texts = dataset.items(Modality::kText);
  EXPECT_EQ(all(images.ids), (Texts{"i1", "i2", "i3"}));
  EXPECT_EQ(all(texts.ids), (Texts{"t1", "t2", "t3"}));
  EXPECT_EQ(images.splits, (std::vector{Split::kTrain, Split::kTrain, Split::kTest}));
  EXPECT_EQ(images.groups, texts.groups);
  EXPECT_EQ(images.labels, texts.labels);
  EXPECT_EQ(images.labels, (std::vector<std::int32_t>{0, 1, 0}));
  EXPECT_EQ(dataset.label_names()[0], "biology");
  EXPECT_EQ(dataset.label_names()[1], "art");
  EXPECT_EQ(values_of(dataset.features(Modality::kImage, "sift")),
            (std::vector<float>{1, 2, 3, 4, 5, 6, 9, 10, 11}));
  EXPECT_EQ(values_of(dataset.features(Modality::kText, "lda")), (std::vector<float>{7, 8, 12}));
}

TEST_F(Wikipedia, KnowsCategoriesByNumberWhereTheirNamesAreNotThere) {
  write_folder();
  EXPECT_EQ(imported().label_names()[0], "2");
}

TEST_F(Wikipedia, NamesTheLineOfAListThatIsMalformed) {
  write_folder();
  const std::string list = path("w/trainset_txt_img_cat.list");
  for (const std::string wrong :
       {"t2 i2 1", "t2\ti2", "t2\ti2\tx", "t2\ti2\t1 ", "\ti2\t1", "t2\t\t1", ""}) {
    write_text(list, "t1\ti1\t2\n" + wrong + "\n");
    EXPECT_TRUE(
        contains(refusal(), list + ":2: expected 'text id<TAB>image id<TAB>category', found '"));
  }
  write_text(list, "t1\ti1\t2\nt1\ti2\t1\n");
  EXPECT_EQ(refusal(), list + ":2: text 't1' is already on line 1");
  write_text(list, "t1\ti1\t2\nt2\ti1\t1\n");
  EXPECT_EQ(refusal(), list + ":2: image 'i1' is already on line 1");
  write_text(list, "t1\ti1\t2\nt3\ti2\t1\n");
  EXPECT_EQ(refusal(), path("w/testset_txt_img_cat.list") + ": 't3' is already in " + list);
  write_text(folder_ / "w/categories.list", "art\n");
  write_text(list, "t1\ti1\t1\nt2\ti2\t2\n");
  EXPECT_TRUE(contains(refusal(), list + ":2: expected a category from 1 to 1, found "));
}

TEST_F(Wikipedia, SaysHowOtherVectorsAreGivenWhereAFolderIsNotTheirs) {
  write_folder();
  std::filesystem::remove(folder_ / "w/raw_features.mat");
  EXPECT_EQ(refusal(),
            path("w") +
                ": expected raw_features.mat in it, as Rasiwasia et al. have it, found none; other "
                "vectors are given as IMAGES.npy TEXTS.npy --labels LABELS.npy");
}

TEST_F(Wikipedia, NamesBothCountsOfAListAndItsMatrix) {
  write_folder();
  write_text(folder_ / "w/trainset_txt_img_cat.list", "t1\ti1\t2\n");
  EXPECT_EQ(refusal(), path("w/trainset_txt_img_cat.list") + ": expected 2 labels, one a row of " +
                           path("w/raw_features.mat") + ", found 1");
}

TEST_F(Wikipedia, TakesMatricesWithAVectorOfLabels) {
  write_matrix("i.npy", 3, {1, 2, 3});
  write_matrix("t.npy", 3, {4, 5, 6});
  write_text(folder_ / "l.npy", npy(header("<i4", "(3,)"), bytes_of<std::int32_t>({5, 0, 5})));
  request_.sources = {{folder_ / "i.npy", Split::kTrain}, {folder_ / "t.npy", Split::kTrain}};
  request_.options.set("labels", Texts{path("l.npy")});
  const Dataset dataset = imported();
  EXPECT_EQ(dataset.items(Modality::kText).labels, (std::vector<std::int32_t>{0, 1, 0}));
  EXPECT_EQ(dataset.label_names()[0], "5");
  request_.sources = {folder_ / "i.npy", folder_ / "t.npy"};
  EXPECT_EQ(message_of<UsageError>([&] { import(); }),
            "wikipedia: expected train=FILE or test=FILE, or shares of --split, found '" +
                path("i.npy") + "'");
  request_.split = SplitPlan{1, 0, 0, 0};
  EXPECT_EQ(imported().items(Modality::kText).splits, (std::vector(3, Split::kTrain)));
  request_.options.set("labels", Texts{});
  EXPECT_EQ(message_of<UsageError>([&] { import(); }),
            "wikipedia: expected --labels, a file for each pair");
}

TEST_F(Wikipedia, ImportsTheRealVectors) {
  ALIGNLAB_NEEDS_REAL_DATA("wikipedia/wikipedia_label_tr.npy");
  const fs::path data = tests::real_data() / "wikipedia";
  request_.sources = {data / "wikipedia_image_sift128_tr.npy",
                      data / "wikipedia_text_lda10_tr.npy"};
  request_.options.set("labels", Texts{(data / "wikipedia_label_tr.npy").string()});
  request_.split = SplitPlan{0.8, 0.1, 0.1, 0};
  const Dataset dataset = imported();
  const Items& images = dataset.items(Modality::kImage);
  EXPECT_EQ(images.size(), 2173U);
  EXPECT_EQ(images.of_split(Split::kTrain).size(), 1738U);
  EXPECT_EQ(dataset.label_names().size(), 10U);
  std::set<std::string> names;
  for (std::size_t i = 0; i < 10; ++i) names.emplace(dataset.label_names()[i]);
  EXPECT_EQ(*names.begin(), "0");
  EXPECT_EQ(*names.rbegin(), "9");
  EXPECT_EQ(dataset.features(Modality::kImage, "sift").cols(), 128U);
  const Matrix topics = dataset.features(Modality::kText, "lda");
  ASSERT_EQ(topics.cols(), 10U);
  // Shares of topics sum to one.
  for (std::size_t i = 0; i < topics.rows(); ++i) {
    double sum = 0;
    for (const float share : topics.row(i)) sum += static_cast<double>(share);
    ASSERT_NEAR(sum, 1.0, 1e-3) << i;
  }
}

}  // namespace
}  // namespace alignlab
