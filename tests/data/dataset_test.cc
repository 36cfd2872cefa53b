#include "data/dataset.h"

#include <functional>

#include "data/dataset_writer.h"
#include "tests/data/fixtures.h"

namespace alignlab {
namespace {

namespace fs = std::filesystem;
using tests::after;
using tests::contains;
using tests::message_of;
using tests::names_in;
using tests::ScratchFolder;
using tests::write_text;

/// Two images in two splits, three texts, judgements and labels, all by the writer.
std::string write_small(const fs::path& path, const std::optional<fs::path>& images,
                        ContentKind kind = ContentKind::kPaths) {
  DatasetWriter writer(path, {"small", "a test", "CC0"}, {.contents = kind});
  writer.add_file(Modality::kImage, {"a", 0, Split::kTrain}, images, "a.jpg");
  writer.add_text({"a#0", 0, Split::kTrain}, "Ein Hund – 犬");
  writer.add_text({"a#1", 0, Split::kTrain}, "");
  writer.add_file(Modality::kImage, {"b", 1, Split::kTest}, images, "b.jpg");
  writer.add_text({"b#0", 1, Split::kTest}, "Two\nlines");
  writer.set_label(1, "beach");
  writer.write_judgements(Modality::kText, Modality::kImage, {{0, 0, 2.0F}, {2, 0, 0.5F}});
  return writer.commit();
}

TEST(Dataset, GivesBackWhatWasWritten) {
  const ScratchFolder folder;
  write_text(folder / "a.jpg", "bytes of a");
  const std::string hash = write_small(folder / "d.h5", folder.path());
  const Dataset dataset = Dataset::open(folder / "d.h5");
  dataset.file().verify();
  EXPECT_EQ(dataset.name(), "small");
  EXPECT_EQ(dataset.content_hash(), hash);
  EXPECT_EQ(dataset.file().content_hash().hex(), hash);
  EXPECT_EQ(dataset.file().integer_attribute("/", "version"), kDatasetVersion);
  EXPECT_EQ(dataset.file().text_attribute("/", "license"), "CC0");
  EXPECT_EQ(dataset.modalities(), (std::vector{Modality::kImage, Modality::kText}));
  EXPECT_FALSE(dataset.has(Modality::kAudio));

  const Items& texts = dataset.items(Modality::kText);
  EXPECT_EQ(texts.size(), 3U);
  EXPECT_EQ(texts.of_split(Split::kTrain), (std::vector<std::size_t>{0, 1}));
  EXPECT_EQ(texts.of_split(Split::kDev), std::vector<std::size_t>{});
  EXPECT_EQ(texts.labels, (std::vector<std::int32_t>{-1, -1, 0}));
  EXPECT_EQ(dataset.groups(Modality::kText, Split::kTrain), (std::vector<std::int32_t>{0, 0}));
  EXPECT_EQ(dataset.label_names()[0], "beach");

  const auto test = dataset.raw(Modality::kText, Split::kTest);
  ASSERT_EQ(test->size(), 1U);
  EXPECT_EQ(test->id(0), "b#0");
  EXPECT_EQ(test->content(0), "Two\nlines");
  const auto judgements = dataset.judgements();
  ASSERT_TRUE(judgements.has_value());
  EXPECT_EQ(judgements->queries, (std::vector<std::int64_t>{0, 2}));
  EXPECT_EQ(judgements->grades, (std::vector<float>{2.0F, 0.5F}));
}

TEST(Dataset, ReadsManyTextsInAnyOrder) {
  const ScratchFolder folder;
  constexpr std::size_t kTexts = 3000;
  const auto text_of = [](std::size_t i) {
    return std::string(i % 1500, static_cast<char>('a' + i % 26)) + std::to_string(i);
  };
  DatasetWriter writer(folder / "d.h5", {}, WriterOptions{});
  for (std::size_t i = 0; i < kTexts; ++i) {
    writer.add_text({std::to_string(i), static_cast<std::int32_t>(i), Split::kTrain}, text_of(i));
  }
  writer.commit();
  const Dataset dataset = Dataset::open(folder / "d.h5");
  const auto raw = dataset.raw(Modality::kText);
  for (std::size_t i = 0; i < kTexts; ++i) ASSERT_EQ(raw->content(i), text_of(i));
  for (std::size_t i = 0; i < 300; ++i) {
    const std::size_t at = i * 7919 % kTexts;
    ASSERT_EQ(raw->content(at), text_of(at));
  }
}

TEST(Dataset, TellsAChangedImageFromTheImportedOne) {
  const ScratchFolder folder;
  write_text(folder / "a.jpg", "bytes of a");
  write_small(folder / "d.h5", folder.path());
  const Dataset dataset = Dataset::open(folder / "d.h5");
  const auto images = dataset.raw(Modality::kImage);
  EXPECT_EQ(images->content(0), "bytes of a");
  const std::string prefix = (folder / "d.h5").string() + ": /raw/image: item ";
  EXPECT_EQ(message_of<DataError>([&] { images->content(1); }),
            prefix + "'b': its file 'b.jpg' was missing when it was imported");
  write_text(folder / "a.jpg", "Bytes of a");
  EXPECT_EQ(message_of<DataError>([&] { images->content(0); }),
            prefix + "'a': 'a.jpg' is no longer the file that was imported: its content differs");
  write_text(folder / "a.jpg", "bytes");
  EXPECT_EQ(message_of<DataError>([&] { images->content(0); }),
            prefix +
                "'a': 'a.jpg' is no longer the file that was imported: expected 10 bytes, "
                "found 5");
  fs::remove(folder / "a.jpg");
  EXPECT_EQ(message_of<DataError>([&] { images->content(0); }),
            (folder / "a.jpg").string() + ": no such file");
}

TEST(Dataset, FindsImagesThroughLinks) {
  const ScratchFolder folder;
  write_text(folder / "real/images/a.jpg", "bytes of a");
  fs::create_directories(folder / "real/sets");
  fs::create_directories(folder / "short");
  fs::create_directory_symlink(folder / "real/sets", folder / "short/sets");
  write_small(folder / "short/sets/d.h5", folder / "real/images");
  fs::create_symlink(folder / "real/sets/d.h5", folder / "short/link.h5");
  for (const char* path : {"short/sets/d.h5", "real/sets/d.h5", "short/link.h5"}) {
    const Dataset dataset = Dataset::open(folder / path);
    EXPECT_EQ(dataset.raw(Modality::kImage)->content(0), "bytes of a") << path;
  }
}

TEST(Dataset, SuggestsTheFeaturesThatWereMeant) {
  const ScratchFolder folder;
  write_small(folder / "d.h5", std::nullopt);
  const std::string path = (folder / "d.h5").string();
  const Dataset dataset = Dataset::open(path);
  EXPECT_EQ(message_of<DataError>([&] { dataset.features(Modality::kImage, "net"); }),
            path + ": no image features 'net'");
  EXPECT_EQ(message_of<DataError>([&] { dataset.items(Modality::kAudio); }),
            path + ": has no audio items");
}

TEST(Dataset, HashesOfAStageChangeWithWhatItReadsOnly) {
  const ScratchFolder folder;
  write_small(folder / "one.h5", std::nullopt);
  {
    DatasetWriter writer(folder / "two.h5", {"other", "", ""}, WriterOptions{});
    writer.add_file(Modality::kImage, {"a", 0, Split::kTrain}, std::nullopt, "a.jpg");
    writer.add_file(Modality::kImage, {"b", 1, Split::kTest}, std::nullopt, "b.jpg");
    writer.add_text({"a#0", 0, Split::kTrain}, "something else");
    writer.set_label(1, "beach");
    writer.commit();
  }
  const Dataset one = Dataset::open(folder / "one.h5");
  const Dataset two = Dataset::open(folder / "two.h5");
  EXPECT_EQ(one.hash_of_raw(Modality::kImage), two.hash_of_raw(Modality::kImage));
  EXPECT_NE(one.hash_of_raw(Modality::kText), two.hash_of_raw(Modality::kText));
  EXPECT_NE(one.content_hash(), two.content_hash());
}

TEST(DatasetWriter, LeavesNothingWithoutACommit) {
  const ScratchFolder folder;
  {
    DatasetWriter writer(folder / "d.h5", {}, {.contents = ContentKind::kBytes});
    writer.add_text({"a", 0, Split::kTrain}, "A dog.");
    EXPECT_FALSE(fs::exists(folder / "d.h5"));
  }
  EXPECT_EQ(names_in(folder.path()), std::vector<std::string>{});
}

TEST(DatasetWriter, GivesTheSameContentHashEachTime) {
  const ScratchFolder folder;
  EXPECT_EQ(write_small(folder / "one.h5", std::nullopt),
            write_small(folder / "two.h5", std::nullopt));
}

TEST(DatasetWriter, CountsItsItems) {
  const ScratchFolder folder;
  DatasetWriter writer(folder / "d.h5", {}, WriterOptions{});
  EXPECT_EQ(writer.count(Modality::kText), 0U);
  writer.add_text({"a", 0, Split::kTrain}, "A dog.");
  EXPECT_EQ(writer.count(Modality::kText), 1U);
}

/// Files that are almost data sets: one part replaced at a time.
class DatasetOpen : public ::testing::Test {
 protected:
  using Edit = std::function<void(H5File&)>;

  /// A minimal data set of two texts, without the objects in `without`, and then edited.
  std::string refusal(const std::vector<std::string>& without, const Edit& edit = nullptr) {
    {
      H5File file = H5File::create(path_);
      const auto wanted = [&](const std::string& object) {
        return std::ranges::find(without, object) == without.end();
      };
      if (wanted("format")) file.set_attribute("/", "format", "alignlab-dataset");
      if (wanted("version")) file.set_attribute("/", "version", kDatasetVersion);
      if (wanted("name")) file.set_attribute("/", "name", "two");
      if (wanted("content_hash")) file.set_attribute("/", "content_hash", "0");
      StringColumn two;
      two.push_back("a");
      two.push_back("b");
      if (wanted("/items/text/id")) file.write_strings("/items/text/id", two);
      const std::vector<std::int32_t> groups{0, 1};
      if (wanted("/items/text/group")) file.write<std::int32_t>("/items/text/group", groups);
      const std::vector<std::uint8_t> splits{1, 2};
      if (wanted("/items/text/split")) file.write<std::uint8_t>("/items/text/split", splits);
      if (wanted("/raw/text")) file.write_strings("/raw/text", two);
      if (edit) edit(file);
    }
    return after(path_.string() + ": ", message_of<DataError>([&] { Dataset::open(path_); }));
  }

  template <typename T>
  static Edit writes(const std::string& array, std::vector<T> values, Shape shape = {}) {
    return [=](H5File& file) { file.write<T>(array, std::span<const T>(values), shape); };
  }

  ScratchFolder folder_;
  fs::path path_ = folder_ / "d.h5";
};

TEST_F(DatasetOpen, NamesWhatIsMissing) {
  EXPECT_EQ(refusal({"format"}), "expected an alignlab data set, found another kind of HDF5 file");
  EXPECT_EQ(refusal({"version"}), "/: attribute 'version' is missing or not an integer");
  EXPECT_EQ(refusal({"name"}), "/: attribute 'name' is missing");
  EXPECT_EQ(refusal({"content_hash"}), "/: attribute 'content_hash' is missing");
  EXPECT_EQ(refusal({"/items/text/id"}), "/items/text/id/offsets: missing");
  EXPECT_EQ(refusal({"/items/text/group"}), "/items/text/group: missing");
  EXPECT_EQ(refusal({"/items/text/split"}), "/items/text/split: missing");
  // Items without content are allowed, but not as what these were written as.
  EXPECT_EQ(refusal({"/raw/text"}),
            "its arrays are not those it was written with (content_hash differs)");
  EXPECT_EQ(refusal({"/items/text/id", "/items/text/group", "/items/text/split"}),
            "/items: expected at least one modality, found none");
}

TEST_F(DatasetOpen, RefusesAnotherVersionOrFormat) {
  EXPECT_EQ(refusal({}, [](H5File& file) { file.set_attribute("/", "version", std::int64_t{2}); }),
            "expected data set version 1, found 2");
  EXPECT_EQ(refusal({}, [](H5File& file) { file.set_attribute("/", "format", "other"); }),
            "expected an alignlab data set, found another kind of HDF5 file");
}

TEST_F(DatasetOpen, RefusesArraysOfOtherLengths) {
  EXPECT_EQ(refusal({"/items/text/group"}, writes<std::int32_t>("/items/text/group", {0, 1, 2})),
            "/items/text/id/offsets: expected 4 values, found 3");
  EXPECT_EQ(refusal({"/items/text/split"}, writes<std::uint8_t>("/items/text/split", {1})),
            "/items/text/split: expected 2 values, found 1");
  EXPECT_EQ(refusal({}, writes<std::int32_t>("/items/text/label", {1})),
            "/items/text/label: expected 2 values, found 1");
  EXPECT_EQ(
      refusal({"/raw/text"}, [](H5File& file) { file.write_strings("/raw/text", StringColumn()); }),
      "/raw/text/offsets: expected 3 values, found 1");
  EXPECT_EQ(refusal({}, writes<float>("/features/text/f", {1, 2, 3}, {3, 1})),
            "/features/text/f: expected 2 rows, one an item, found shape 3 x 1");
  EXPECT_EQ(refusal({}, writes<float>("/features/text/f", {1, 2})),
            "/features/text/f: expected 2 rows, one an item, found shape 2");
}

TEST_F(DatasetOpen, RefusesArraysOfOtherTypes) {
  EXPECT_EQ(refusal({"/items/text/group"}, writes<std::int64_t>("/items/text/group", {0, 1})),
            "/items/text/group: expected int32, found int64");
  EXPECT_EQ(refusal({"/items/text/split"}, writes<std::int32_t>("/items/text/split", {1, 1})),
            "/items/text/split: expected uint8, found int32");
  EXPECT_EQ(refusal({}, writes<double>("/features/text/f", {1, 2}, {2, 1})),
            "/features/text/f: expected float32, found float64");
}

TEST_F(DatasetOpen, RefusesValuesThatMeanNothing) {
  EXPECT_EQ(refusal({"/items/text/split"}, writes<std::uint8_t>("/items/text/split", {1, 9})),
            "/items/text/split: item 1: expected 0 to 3, found 9");
  EXPECT_EQ(refusal({"/items/text/group"}, writes<std::int32_t>("/items/text/group", {0, -1})),
            "/items/text/group: item 1: expected 0 or more, found -1");
  EXPECT_EQ(refusal({}, writes<std::int32_t>("/items/text/label", {-1, 0})),
            "/items/text/label: item 1: expected -1 to -1, as /labels has names, found 0");
  EXPECT_EQ(refusal({}, writes<float>("/items/video/group", {0})),
            "/items: expected image, audio or text, found 'video'");
}

TEST_F(DatasetOpen, ChecksJudgements) {
  const auto judgements = [](std::vector<std::int64_t> queries, const char* modality) {
    return [=](H5File& file) {
      const std::vector<std::int64_t> candidates{0};
      const std::vector<float> grades{1};
      file.write<std::int64_t>("/judgements/query", queries);
      file.write<std::int64_t>("/judgements/candidate", candidates);
      file.write<float>("/judgements/grade", grades);
      file.set_attribute("/judgements", "query_modality", modality);
      file.set_attribute("/judgements", "candidate_modality", "text");
    };
  };
  EXPECT_EQ(refusal({}, judgements({0, 1}, "text")),
            "/judgements/candidate: expected 2 values, found 1");
  EXPECT_EQ(refusal({}, judgements({0}, "image")),
            "/judgements: query_modality: expected a modality of the file, found 'image'");
  EXPECT_EQ(refusal({}, [](H5File& file) { file.write<float>("/judgements/grade", {}); }),
            "/judgements/query: missing");
}

TEST(Dataset, NamesAJudgementOfNoItem) {
  const ScratchFolder folder;
  DatasetWriter writer(folder / "d.h5", {}, WriterOptions{});
  writer.add_text({"a", 0, Split::kTrain}, "A dog.");
  writer.write_judgements(Modality::kText, Modality::kText, {{0, 0, 1.0F}, {0, 5, 1.0F}});
  writer.commit();
  const Dataset dataset = Dataset::open(folder / "d.h5");
  EXPECT_EQ(
      message_of<DataError>([&] { dataset.judgements(); }),
      (folder / "d.h5").string() + ": /judgements/candidate: entry 1: expected 0 to 0, found 5");
}

TEST_F(DatasetOpen, RefusesWhatIsNoHdf5File) {
  write_text(path_, "no HDF5 at all");
  EXPECT_TRUE(contains(message_of<DataError>([&] { Dataset::open(path_); }),
                       path_.string() + ": expected an HDF5 file"));
  write_text(path_, "");
  EXPECT_EQ(message_of<DataError>([&] { Dataset::open(path_); }),
            path_.string() + ": expected an HDF5 file, found an empty one");
  EXPECT_EQ(message_of<DataError>([&] { Dataset::open(folder_.path()); }),
            folder_.path().string() + ": expected an HDF5 file, found a folder");
  EXPECT_EQ(message_of<DataError>([&] { Dataset::open(folder_ / "none.h5"); }),
            (folder_ / "none.h5").string() + ": no such file");
}

TEST(Dataset, RefusesAFileThatIsCutAnywhere) {
  const ScratchFolder folder;
  write_small(folder / "d.h5", std::nullopt);
  const std::string whole = read_file(folder / "d.h5");
  const fs::path cut = folder / "cut.h5";
  const std::size_t step = whole.size() / 500;
  for (std::size_t length = 0; length < whole.size(); length += step) {
    write_text(cut, std::string_view(whole).substr(0, length));
    EXPECT_TRUE(message_of<DataError>([&] { Dataset::open(cut); }).starts_with(cut.string()))
        << length;
  }
}

}  // namespace
}  // namespace alignlab
