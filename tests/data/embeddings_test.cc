// embeddings: vectors of two modalities, row by row or by files of groups.

#include <cmath>

#include "tests/data/vector_import_fixture.h"

namespace alignlab {
namespace {

using tests::all;
using tests::bytes_of;
using tests::contains;
using tests::header;
using tests::import_options;
using tests::message_of;
using tests::npy;
using tests::values_of;
using tests::VectorImport;
using tests::write_text;
using Texts = std::vector<std::string>;

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
    EXPECT_EQ(all(items.ids), (Texts{"0", "1"}));
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
  EXPECT_EQ(all(dataset.items(Modality::kImage).ids), (Texts{"dog.jpg", "cat.jpg"}));
  EXPECT_EQ(all(dataset.items(Modality::kText).ids), (Texts{"d0", "c0", "d1", "d2"}));
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
  EXPECT_EQ(all(sounds.ids), (Texts{"0", "1", "2", "3"}));
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
  request_.options = import_options("embeddings");
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
  EXPECT_EQ(
      message_of<DataError>([&] { import(); }),
      path("second_groups.txt") + ": is there already and is no data set; choose another output");
  EXPECT_EQ(read_file(request_.out), "1\n0\n1\n1\n");
}

TEST_F(Embeddings, SurvivesDamagedGroups) {
  use_many();
  set_file("second_groups", "");
  EXPECT_GT(
      tests::refused_copies("1\n0\n1\n1\n", folder_ / "second_groups.txt", 150, [&] { import(); }),
      50);
}

}  // namespace
}  // namespace alignlab
