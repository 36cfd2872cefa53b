// Formats whose items are rows of matrices: embeddings, precomp, wikipedia, ann.

#include <cmath>
#include <map>
#include <set>

#include "data/dataset.h"
#include "data/import.h"
#include "data/matrix_file.h"
#include "data/npy.h"
#include "tests/data/matrix_fixtures.h"

namespace alignlab {
namespace {

namespace fs = std::filesystem;
using tests::bytes_of;
using tests::contains;
using tests::ForeignHdf5;
using tests::header;
using tests::Listener;
using tests::matrix_of;
using tests::message_of;
using tests::names_in;
using tests::npy;
using tests::ScratchFolder;
using tests::write_text;
using Texts = std::vector<std::string>;

Section defaults_of(const std::string& format) {
  for (const CatalogRow& row : format_catalog()) {
    if (row.name == format) return resolve_arguments({}, row.options, format);
  }
  return {};
}

std::vector<float> values_of(const Matrix& matrix) {
  return {matrix.values().begin(), matrix.values().end()};
}

std::vector<std::string> ids_of(const Items& items) {
  std::vector<std::string> ids;
  for (std::size_t i = 0; i < items.size(); ++i) ids.emplace_back(items.ids[i]);
  return ids;
}

class VectorImport : public ::testing::Test {
 protected:
  explicit VectorImport(std::string format) : format_(std::move(format)) {
    fs::create_directory(folder_ / "out");
    request_.out = out_;
    request_.options = defaults_of(format_);
  }

  ImportSummary import() { return import_dataset(format_, request_, listener_); }
  Dataset imported() {
    import();
    Dataset dataset = Dataset::open(out_);
    dataset.file().verify();
    return dataset;
  }
  /// The message of a refusal that must leave nothing behind.
  template <typename Expected = DataError>
  std::string refusal() {
    const std::string message = message_of<Expected>([&] { import(); });
    EXPECT_EQ(names_in(folder_ / "out"), std::vector<std::string>{});
    return message;
  }
  void write_matrix(const std::string& name, std::size_t rows, const std::vector<float>& values) {
    fs::create_directories((folder_ / name).parent_path());
    write_npy(folder_ / name, matrix_of(rows, values));
  }
  std::string path(const std::string& name) const { return (folder_ / name).string(); }

  ScratchFolder folder_;
  std::string format_;
  fs::path out_ = folder_.path() / "out" / "d.h5";
  ImportRequest request_;
  Listener listener_;
};

class Embeddings : public VectorImport {
 protected:
  Embeddings() : VectorImport("embeddings") {
    write_matrix("a.npy", 2, {1, 2, 3, 4});
    write_matrix("b.npy", 2, {5, 6, 7, 8, 9, 10});
    write_matrix("many.npy", 4, {1, 2, 3, 4});
    request_.sources = {folder_ / "a.npy", folder_ / "b.npy"};
  }
  void use_many() { request_.sources = {folder_ / "a.npy", folder_ / "many.npy"}; }
  void set_file(const std::string& option, const std::string& lines) {
    write_text(folder_ / (option + ".txt"), lines);
    request_.options.set(option, Texts{path(option + ".txt")});
  }
};

TEST_F(Embeddings, PairsRowIWithRowI) {
  const Dataset dataset = imported();
  EXPECT_EQ(dataset.modalities(), (std::vector{Modality::kImage, Modality::kText}));
  for (const Modality modality : {Modality::kImage, Modality::kText}) {
    const Items& items = dataset.items(modality);
    EXPECT_EQ(ids_of(items), (Texts{"0", "1"}));
    EXPECT_EQ(items.groups, (std::vector<std::int32_t>{0, 1}));
    EXPECT_EQ(items.splits, (std::vector{Split::kTest, Split::kTest}));
    EXPECT_FALSE(dataset.has_content(modality));
    EXPECT_EQ(dataset.feature_names(modality), Texts{"embeddings"});
  }
  EXPECT_EQ(values_of(dataset.features(Modality::kImage, "embeddings")),
            (std::vector<float>{1, 2, 3, 4}));
  EXPECT_EQ(values_of(dataset.features(Modality::kText, "embeddings")),
            (std::vector<float>{5, 6, 7, 8, 9, 10}));
  EXPECT_EQ(dataset.file().text_attribute("/", "source"), "embeddings: a.npy, b.npy");
  EXPECT_EQ(dataset.file().text_attribute("/features/image/embeddings", "source"), "a.npy");
}

TEST_F(Embeddings, GroupsTheSecondByRowsOfTheFirst) {
  use_many();
  set_file("second_groups", "1\n0\n1\n1\n");
  const Dataset dataset = imported();
  EXPECT_EQ(dataset.items(Modality::kImage).groups, (std::vector<std::int32_t>{0, 1}));
  EXPECT_EQ(dataset.items(Modality::kText).groups, (std::vector<std::int32_t>{1, 0, 1, 1}));
  EXPECT_TRUE(listener_.warnings.empty());
}

TEST_F(Embeddings, GroupsTheFirstByRowsOfTheSecond) {
  request_.sources = {folder_ / "many.npy", folder_ / "a.npy"};
  set_file("first_groups", "1\n0\n1\n1\n");
  const Dataset dataset = imported();
  EXPECT_EQ(dataset.items(Modality::kImage).groups, (std::vector<std::int32_t>{1, 0, 1, 1}));
  EXPECT_EQ(dataset.items(Modality::kText).groups, (std::vector<std::int32_t>{0, 1}));
}

TEST_F(Embeddings, GroupsByIdWhereThereAreIds) {
  use_many();
  set_file("first_ids", "dog.jpg\ncat.jpg\n");
  set_file("second_ids", "d0\nc0\nd1\nd2\n");
  set_file("second_groups", "dog.jpg\ncat.jpg\ndog.jpg\ndog.jpg\n");
  const Dataset dataset = imported();
  EXPECT_EQ(ids_of(dataset.items(Modality::kImage)), (Texts{"dog.jpg", "cat.jpg"}));
  EXPECT_EQ(ids_of(dataset.items(Modality::kText)), (Texts{"d0", "c0", "d1", "d2"}));
  EXPECT_EQ(dataset.items(Modality::kText).groups, (std::vector<std::int32_t>{0, 1, 0, 0}));
}

TEST_F(Embeddings, GroupsBothByName) {
  use_many();
  set_file("first_groups", "dogs\ncats\n");
  set_file("second_groups", "cats\ncats\ndogs\nbirds\n");
  const Dataset dataset = imported();
  EXPECT_EQ(dataset.items(Modality::kImage).groups, (std::vector<std::int32_t>{0, 1}));
  EXPECT_EQ(dataset.items(Modality::kText).groups, (std::vector<std::int32_t>{1, 1, 0, 2}));
}

TEST_F(Embeddings, TakesSplitsModalitiesKeysAndAName) {
  tests::write_zip(folder_ / "both.npz",
                   {{"sound.npy", npy(header("<f4", "(2, 1)"), bytes_of<float>({1, 2}))},
                    {"text.npy", npy(header("<f8", "(2, 2)"), bytes_of<double>({3, 4, 5, 6}))}},
                   true);
  request_.sources = {{folder_ / "both.npz", Split::kTrain},
                      {folder_ / "both.npz", Split::kTrain},
                      {folder_ / "both.npz", Split::kDev},
                      {folder_ / "both.npz", Split::kDev}};
  request_.options.set("modalities", Texts{"audio", "text"});
  request_.options.set("keys", Texts{"sound", "text"});
  request_.options.set("feature", std::string("clap"));
  const Dataset dataset = imported();
  const Items& sounds = dataset.items(Modality::kAudio);
  EXPECT_EQ(sounds.splits, (std::vector{Split::kTrain, Split::kTrain, Split::kDev, Split::kDev}));
  EXPECT_EQ(sounds.groups, (std::vector<std::int32_t>{0, 1, 2, 3}));
  EXPECT_EQ(ids_of(sounds), (Texts{"0", "1", "2", "3"}));
  EXPECT_EQ(values_of(dataset.features(Modality::kAudio, "clap")),
            (std::vector<float>{1, 2, 1, 2}));
  EXPECT_EQ(values_of(dataset.features(Modality::kText, "clap")),
            (std::vector<float>{3, 4, 5, 6, 3, 4, 5, 6}));
}

TEST_F(Embeddings, DrawsSplitsByGroupWhereAsked) {
  use_many();
  set_file("second_groups", "1\n0\n1\n1\n");
  request_.split = SplitPlan{0.5, 0.5, 0, 7};
  const Dataset dataset = imported();
  const Items& images = dataset.items(Modality::kImage);
  const Items& texts = dataset.items(Modality::kText);
  EXPECT_NE(images.splits[0], images.splits[1]);
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(texts.splits[i], images.splits[static_cast<std::size_t>(texts.groups[i])]);
  }
}

TEST_F(Embeddings, SaysHowToWriteGroupsRatherThanAssumingThem) {
  use_many();
  EXPECT_EQ(refusal(), path("many.npy") + ": expected 2 rows, as many as " + path("a.npy") +
                           ", or --second-groups FILE with a line for each row that names the row "
                           "of the other it belongs to; found 4 (where 2 rows in turn belong "
                           "together: seq 0 3 | awk '{print int($1/2)}' > FILE)");
  write_matrix("many.npy", 3, {1, 2, 3});
  const std::string message = refusal();
  EXPECT_TRUE(message.ends_with("; found 3")) << message;
}

TEST_F(Embeddings, WarnsOfRowsThatNoLineNames) {
  use_many();
  set_file("second_groups", "1\n1\n1\n1\n");
  import();
  EXPECT_EQ(listener_.warnings, Texts{"a.npy: rows that no line of second_groups.txt names: 1"});
}

TEST_F(Embeddings, NamesTheLineOfAGroupThatIsNone) {
  use_many();
  for (const std::string wrong : {"2", "-1", "x", "", "1 ", "99999999999"}) {
    set_file("second_groups", "0\n" + wrong + "\n1\n1\n");
    EXPECT_EQ(refusal(), path("second_groups.txt") + ":2: expected a row of " + path("a.npy") +
                             ", 0 to 1, found '" + wrong + "'");
  }
  set_file("first_ids", "dog\ncat\n");
  set_file("second_groups", "dog\ncat\nrat\ncat\n");
  EXPECT_EQ(refusal(), path("second_groups.txt") + ":3: expected an id of " +
                           path("first_ids.txt") + ", found 'rat'");
}

TEST_F(Embeddings, NamesBothCounts) {
  use_many();
  set_file("second_groups", "0\n1\n");
  EXPECT_EQ(refusal(), path("second_groups.txt") + ": expected 4 lines, one a row of " +
                           path("many.npy") + ", found 2");
  set_file("first_ids", "dog\n");
  EXPECT_EQ(refusal(), path("first_ids.txt") + ": expected 2 ids, one a row of " + path("a.npy") +
                           ", found 1");
  set_file("first_ids", "dog\ndog\n");
  EXPECT_EQ(refusal(), path("first_ids.txt") + ":2: 'dog' is already on line 1");
}

TEST_F(Embeddings, RefusesWidthsThatDifferBetweenParts) {
  request_.sources = {folder_ / "a.npy", folder_ / "b.npy", folder_ / "b.npy", folder_ / "a.npy"};
  EXPECT_EQ(refusal(),
            path("b.npy") + ": expected 2 columns, as " + path("a.npy") + " has, found 3");
}

TEST_F(Embeddings, RefusesAnIdInTwoParts) {
  request_.sources = {folder_ / "a.npy", folder_ / "b.npy", folder_ / "a.npy", folder_ / "b.npy"};
  write_text(folder_ / "one.txt", "x\ny\n");
  write_text(folder_ / "two.txt", "z\ny\n");
  request_.options.set("first_ids", Texts{path("one.txt"), path("two.txt")});
  EXPECT_EQ(refusal(), path("two.txt") + ":2: 'y' is already in " + path("one.txt"));
}

TEST_F(Embeddings, NamesRowAndColumnOfAValueThatIsNotFinite) {
  write_matrix("b.npy", 2, {5, 6, 7, NAN});
  EXPECT_EQ(refusal(), path("b.npy") + ": row 1, column 1: expected a finite value, found nan");
}

TEST_F(Embeddings, RefusesWhatItCannotUse) {
  request_.options.set("modalities", Texts{"image", "image"});
  EXPECT_EQ(refusal<UsageError>(),
            "embeddings: --modalities: expected two different ones such as image,text");
  request_.options.set("modalities", Texts{"image", "txt"});
  EXPECT_TRUE(contains(refusal<UsageError>(), "unknown modality 'txt' (did you mean 'text'?)"));
  request_.options = defaults_of("embeddings");
  request_.options.set("first_groups", Texts{"a", "b"});
  EXPECT_EQ(refusal<UsageError>(),
            "embeddings: --first-groups: expected a file for each of 1 pairs, found 2");
  request_.sources = {folder_ / "a.npy"};
  EXPECT_EQ(refusal<UsageError>(),
            "embeddings: expected sources in pairs of two matrices, found 1");
  request_.sources = {{folder_ / "a.npy", Split::kTrain}, folder_ / "b.npy"};
  EXPECT_EQ(refusal<UsageError>(), "embeddings: expected '" + path("a.npy") + "' and '" +
                                       path("b.npy") + "' to be of one split");
}

TEST_F(Embeddings, DoesNotWriteOverItsFilesOfGroups) {
  use_many();
  set_file("second_groups", "1\n0\n1\n1\n");
  request_.out = folder_ / "second_groups.txt";
  EXPECT_EQ(message_of<DataError>([&] { import(); }),
            path("second_groups.txt") + ": is read by the import; choose another output");
  EXPECT_EQ(read_file(request_.out), "1\n0\n1\n1\n");
}

TEST_F(Embeddings, SurvivesDamagedGroups) {
  use_many();
  set_file("second_groups", "");
  EXPECT_GT(
      tests::refused_copies("1\n0\n1\n1\n", folder_ / "second_groups.txt", 150, [&] { import(); }),
      50);
}

class Precomp : public VectorImport {
 protected:
  Precomp() : VectorImport("precomp") {
    request_.sources = {folder_ / "p"};
    fs::create_directory(folder_ / "p");
  }
  void write_captions(const std::string& split, int count) {
    std::string lines;
    for (int i = 0; i < count; ++i) lines += split + " caption " + std::to_string(i) + "\n";
    write_text(folder_ / ("p/" + split + "_caps.txt"), lines);
  }
};

TEST_F(Precomp, TakesARowAnImage) {
  write_matrix("p/train_ims.npy", 2, {1, 2, 3, 4});
  write_captions("train", 6);
  write_matrix("p/dev_ims.npy", 1, {5, 6});
  write_captions("dev", 2);
  const Dataset dataset = imported();
  const Items& images = dataset.items(Modality::kImage);
  EXPECT_EQ(ids_of(images), (Texts{"train-0", "train-1", "dev-0"}));
  EXPECT_EQ(images.splits, (std::vector{Split::kTrain, Split::kTrain, Split::kDev}));
  EXPECT_EQ(dataset.items(Modality::kText).groups,
            (std::vector<std::int32_t>{0, 0, 0, 1, 1, 1, 2, 2}));
  EXPECT_EQ(dataset.items(Modality::kText).ids[4], "train-1#1");
  EXPECT_EQ(dataset.raw(Modality::kText)->content(7), "dev caption 1");
  EXPECT_FALSE(dataset.has_content(Modality::kImage));
  EXPECT_EQ(values_of(dataset.features(Modality::kImage, "precomp")),
            (std::vector<float>{1, 2, 3, 4, 5, 6}));
}

TEST_F(Precomp, TakesEqualRowsInTurnForOneImageHoweverMany) {
  // Three, one and two captions; the last image has the vector of the first, and is another.
  write_matrix("p/test_ims.npy", 6, {1, 2, 1, 2, 1, 2, 3, 4, 1, 2, 1, 2});
  write_captions("test", 6);
  const Dataset dataset = imported();
  EXPECT_EQ(dataset.items(Modality::kText).groups, (std::vector<std::int32_t>{0, 0, 0, 1, 2, 2}));
  EXPECT_EQ(values_of(dataset.features(Modality::kImage, "precomp")),
            (std::vector<float>{1, 2, 3, 4, 1, 2}));
  EXPECT_EQ(listener_.warnings,
            Texts{"test_ims.npy: images, told apart by their rows, have 1 to 3 captions"});
}

TEST_F(Precomp, ComparesRowsBitForBit) {
  write_matrix("p/test_ims.npy", 4, {0.0F, -0.0F, 1.0F, std::nextafter(1.0F, 2.0F)});
  write_captions("test", 4);
  EXPECT_EQ(imported().items(Modality::kImage).size(), 4U);
}

TEST_F(Precomp, ComparesRowsAcrossBlocks) {
  std::vector<float> rows;
  for (int image = 0; image < 400; ++image) rows.insert(rows.end(), 3, static_cast<float>(image));
  write_matrix("p/train_ims.npy", 1200, rows);
  write_captions("train", 1200);
  const Dataset dataset = imported();
  EXPECT_EQ(dataset.items(Modality::kImage).size(), 400U);
  EXPECT_EQ(dataset.features(Modality::kImage, "precomp").row(399)[0], 399.0F);
  EXPECT_TRUE(listener_.warnings.empty());
}

TEST_F(Precomp, GroupsCaptionsByIdsThatNameImages) {
  write_text(folder_ / "p/train_ids.txt", "77\n77\n8\n77\n8\n");
  write_captions("train", 5);
  // A row a caption.
  write_matrix("p/train_ims.npy", 5, {1, 1, 2, 1, 2});
  const Dataset dataset = imported();
  EXPECT_EQ(ids_of(dataset.items(Modality::kImage)), (Texts{"77", "8"}));
  EXPECT_EQ(dataset.items(Modality::kText).groups, (std::vector<std::int32_t>{0, 0, 1, 0, 1}));
  EXPECT_EQ(ids_of(dataset.items(Modality::kText)), (Texts{"77#0", "77#1", "8#0", "77#2", "8#1"}));
  EXPECT_EQ(values_of(dataset.features(Modality::kImage, "precomp")), (std::vector<float>{1, 2}));
  // A row an image, in the order of their first captions.
  write_matrix("p/train_ims.npy", 2, {1, 2});
  const Dataset other = imported();
  EXPECT_EQ(other.items(Modality::kText).groups, (std::vector<std::int32_t>{0, 0, 1, 0, 1}));
  EXPECT_EQ(values_of(other.features(Modality::kImage, "precomp")), (std::vector<float>{1, 2}));
}

TEST_F(Precomp, TakesIdsThatDifferForThoseOfCaptions) {
  write_text(folder_ / "p/train_ids.txt", "c1\nc2\nc3\nc4\n");
  write_captions("train", 4);
  write_matrix("p/train_ims.npy", 4, {1, 1, 2, 2});
  const Dataset dataset = imported();
  EXPECT_EQ(dataset.items(Modality::kText).groups, (std::vector<std::int32_t>{0, 0, 1, 1}));
  EXPECT_EQ(ids_of(dataset.items(Modality::kText)), (Texts{"c1", "c2", "c3", "c4"}));
  EXPECT_EQ(ids_of(dataset.items(Modality::kImage)), (Texts{"train-0", "train-1"}));
  write_matrix("p/train_ims.npy", 2, {1, 2});
  const Dataset other = imported();
  EXPECT_EQ(other.items(Modality::kText).groups, (std::vector<std::int32_t>{0, 0, 1, 1}));
  EXPECT_EQ(ids_of(other.items(Modality::kText)), (Texts{"c1", "c2", "c3", "c4"}));
}

TEST_F(Precomp, TakesAnIdARow) {
  write_text(folder_ / "p/train_ids.txt", "x\ny\n");
  write_captions("train", 4);
  write_matrix("p/train_ims.npy", 2, {1, 2});
  const Dataset dataset = imported();
  EXPECT_EQ(ids_of(dataset.items(Modality::kImage)), (Texts{"x", "y"}));
  EXPECT_EQ(ids_of(dataset.items(Modality::kText)), (Texts{"x#0", "x#1", "y#0", "y#1"}));
}

TEST_F(Precomp, NamesFilesAndCountsThatDoNotFit) {
  const std::string caps = path("p/train_caps.txt");
  const std::string rows = path("p/train_ims.npy");
  const std::string ids = path("p/train_ids.txt");
  write_matrix("p/train_ims.npy", 2, {1, 2});
  write_captions("train", 5);
  EXPECT_EQ(refusal(), caps + ": expected as many captions as rows of " + rows +
                           ", or a multiple; found 5 captions and 2 rows");
  write_captions("train", 1);
  EXPECT_EQ(refusal(), caps + ": expected as many captions as rows of " + rows +
                           ", or a multiple; found 1 captions and 2 rows");
  write_captions("train", 4);
  write_text(ids, "1\n2\n3\n");
  EXPECT_EQ(refusal(), ids + ": expected an id for each of 4 captions of " + caps +
                           " or 2 rows of " + rows + ", found 3");
  write_text(ids, "1\n2\n3\n3\n");
  EXPECT_EQ(refusal(), ids + ": expected 2 different ids, one a row of " + rows + ", found 3");
  write_matrix("p/train_ims.npy", 4, {1, 2, 3, 4});
  EXPECT_EQ(refusal(), ids + ":4: '3' is also on line 3, but their rows of " + rows + " differ");
}

TEST_F(Precomp, RefusesAnImageInTwoSplits) {
  for (const std::string split : {"train", "test"}) {
    write_matrix("p/" + split + "_ims.npy", 1, {1, 2});
    write_captions(split, 2);
    write_text(folder_ / ("p/" + split + "_ids.txt"), "9\n9\n");
  }
  EXPECT_EQ(refusal(), path("p/test_ids.txt") +
                           ": '9' is already in train_ids.txt; where each split numbers its own, "
                           "leave the ids files out");
}

TEST_F(Precomp, WantsRowsAndCaptionsOfASplit) {
  EXPECT_EQ(refusal(), path("p") + ": expected {train,dev,test}_ims.npy and _caps.txt, found none");
  write_captions("dev", 2);
  EXPECT_EQ(refusal(), path("p/dev_ims.npy") + ": expected it beside " + path("p/dev_caps.txt") +
                           ", found none");
  request_.sources = {folder_ / "p/dev_caps.txt"};
  EXPECT_EQ(refusal(), path("p/dev_caps.txt") + ": expected a folder, found something else");
}

TEST_F(Precomp, RefusesVectorsOfRegions) {
  write_text(folder_ / "p/test_ims.npy",
             npy(header("<f4", "(1, 2, 2)"), bytes_of<float>({1, 2, 3, 4})));
  write_captions("test", 1);
  EXPECT_EQ(refusal(), path("p/test_ims.npy") + ": expected 2 dimensions, found 3");
}

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
  EXPECT_EQ(ids_of(images), (Texts{"i1", "i2", "i3"}));
  EXPECT_EQ(ids_of(texts), (Texts{"t1", "t2", "t3"}));
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
  const fs::path data = tests::real_data() / "wikipedia";
  if (!fs::exists(data / "wikipedia_label_tr.npy")) {
    GTEST_SKIP() << "no real data in " << data << "; set ALIGNLAB_DATA to its folder";
  }
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

class Ann : public VectorImport {
 protected:
  Ann() : VectorImport("ann") {
    request_.sources = {folder_ / "x.hdf5"};
    request_.options.set("neighbours", std::int64_t{2});
  }
  struct Content {
    std::vector<hsize_t> train{4, 2};
    std::vector<hsize_t> test{3, 2};
    std::vector<std::int64_t> neighbours{3, 1, 0, 0, 2, 1, 3, 2, 0};
    std::vector<hsize_t> neighbour_extents{3, 3};
    bool variable_text = true;
  };
  void write(const Content& content) {
    std::vector<float> values(16);
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i);
    const ForeignHdf5 file(folder_ / "x.hdf5");
    file.add("train", content.train, values);
    file.add("test", content.test, values);
    file.add("neighbors", content.neighbour_extents, H5T_NATIVE_INT64, content.neighbours.data(),
             {H5T_STD_I32LE, {}});
    const hid_t type = H5Tcopy(H5T_C_S1);
    H5Tset_size(type, content.variable_text ? H5T_VARIABLE : 9);
    const hid_t space = H5Screate(H5S_SCALAR);
    const hid_t attribute =
        H5Acreate2(file.id(), "distance", type, space, H5P_DEFAULT, H5P_DEFAULT);
    const char* text = "euclidean";
    H5Awrite(attribute, type, content.variable_text ? static_cast<const void*>(&text) : text);
    H5Aclose(attribute);
    H5Sclose(space);
    H5Tclose(type);
  }
};

TEST_F(Ann, MakesQueriesAndCandidatesTwoModalities) {
  write({});
  const Dataset dataset = imported();
  const Items& queries = dataset.items(Modality::kText);
  const Items& candidates = dataset.items(Modality::kImage);
  EXPECT_EQ(candidates.groups, (std::vector<std::int32_t>{0, 1, 2, 3}));
  EXPECT_EQ(queries.groups, (std::vector<std::int32_t>{3, 0, 3}));
  EXPECT_EQ(candidates.splits, std::vector(4, Split::kTest));
  EXPECT_EQ(values_of(dataset.features(Modality::kImage, "vectors")),
            (std::vector<float>{0, 1, 2, 3, 4, 5, 6, 7}));
  EXPECT_EQ(values_of(dataset.features(Modality::kText, "vectors")),
            (std::vector<float>{0, 1, 2, 3, 4, 5}));
  const auto judgements = dataset.judgements();
  ASSERT_TRUE(judgements.has_value());
  EXPECT_EQ(judgements->query_modality, Modality::kText);
  EXPECT_EQ(judgements->candidate_modality, Modality::kImage);
  EXPECT_EQ(judgements->queries, (std::vector<std::int64_t>{0, 0, 1, 1, 2, 2}));
  EXPECT_EQ(judgements->candidates, (std::vector<std::int64_t>{3, 1, 0, 2, 3, 2}));
  EXPECT_EQ(judgements->grades, std::vector<float>(6, 1.0F));
  EXPECT_EQ(dataset.file().text_attribute("/", "source"), "ann: x.hdf5, distance euclidean");
  EXPECT_EQ(dataset.file().text_attribute("/features/text/vectors", "distance"), "euclidean");
}

TEST_F(Ann, ReadsADistanceOfFixedLengthAndOtherModalities) {
  Content content;
  content.variable_text = false;
  write(content);
  request_.options.set("modalities", Texts{"image", "audio"});
  const Dataset dataset = imported();
  EXPECT_EQ(dataset.items(Modality::kImage).size(), 3U);
  EXPECT_EQ(dataset.items(Modality::kAudio).size(), 4U);
  EXPECT_EQ(dataset.file().text_attribute("/", "source"), "ann: x.hdf5, distance euclidean");
}

TEST_F(Ann, NamesShapesThatDoNotFit) {
  Content content;
  content.test = {3, 3};
  write(content);
  EXPECT_EQ(refusal(), path("x.hdf5") + ": expected 'test' as wide as 'train', 2 columns, found 3");
  content = {};
  content.test = {4, 2};
  write(content);
  EXPECT_EQ(refusal(),
            path("x.hdf5") + ": expected a row of 'neighbors' for each of 4 of 'test', found 3");
  write({});
  request_.options.set("neighbours", std::int64_t{4});
  EXPECT_EQ(refusal(), path("x.hdf5") +
                           ": expected at least 4 columns of 'neighbors' (--neighbours), found 3");
}

TEST_F(Ann, NamesTheNeighbourThatIsNone) {
  Content content;
  for (const std::int64_t wrong : {4, -1}) {
    content.neighbours[4] = wrong;
    write(content);
    EXPECT_EQ(refusal(), path("x.hdf5") +
                             ": 'neighbors': row 1, column 1: expected a row of 'train', 0 to 3, "
                             "found " +
                             std::to_string(wrong));
  }
  content.neighbours[4] = 0;
  write(content);
  EXPECT_EQ(refusal(), path("x.hdf5") + ": 'neighbors': row 1, column 1: 0 comes twice");
}

TEST_F(Ann, SaysWhichArrayIsMissing) {
  {
    const ForeignHdf5 file(folder_ / "x.hdf5");
    file.add("train", {1, 2}, {1, 2});
  }
  EXPECT_TRUE(contains(refusal(), "x.hdf5: no array 'test' in it"));
}

TEST_F(Ann, SurvivesDamage) {
  write({});
  const std::string bytes = read_file(folder_ / "x.hdf5");
  EXPECT_GT(tests::refused_copies(bytes, folder_ / "x.hdf5", 60, [&] { import(); }), 5);
}

}  // namespace
}  // namespace alignlab
