#include "data/export.h"

#include <gtest/gtest.h>

#include <set>

#include "core/error.h"
#include "data/dataset_writer.h"
#include "data/import.h"
#include "data/matrix_file.h"
#include "tests/data/fixtures.h"

namespace alignlab {
namespace {

namespace fs = std::filesystem;
using tests::message_of;
using tests::names_in;
using tests::ScratchFolder;

class Export : public ::testing::Test {
 protected:
  struct Caption {
    std::int32_t group;
    std::string text;
  };

  /// Two training images, one of test; a feature that holds an image's number.
  Dataset with_captions(const std::vector<Caption>& captions, const char* prefix = "") {
    {
      DatasetWriter writer(folder_ / "d.h5", {"d", "", ""}, {});
      for (std::int32_t g = 0; g < 3; ++g) {
        const std::string id = prefix + std::to_string(g + 10);
        writer.add_file(Modality::kImage, {id, g, split_of(g)}, std::nullopt, id + ".jpg");
        if (g == 1) writer.set_label(g, "dogs");
      }
      std::int32_t number = 0;
      for (const Caption& caption : captions) {
        writer.add_text({prefix + std::to_string(number++), caption.group, split_of(caption.group)},
                        caption.text);
      }
      FeatureMatrix matrix;
      matrix.modality = Modality::kImage;
      matrix.name = "number";
      matrix.width = 2;
      matrix.read_rows = [](std::size_t first, std::span<float> out) {
        for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<float>(first + i / 2);
      };
      writer.write_features(matrix, silent_);
      matrix.name = "same";
      matrix.read_rows = [](std::size_t, std::span<float> out) { std::ranges::fill(out, 1.0F); };
      writer.write_features(matrix, silent_);
      writer.commit();
    }
    return Dataset::open(folder_ / "d.h5");
  }
  static Split split_of(std::int32_t group) { return group < 2 ? Split::kTrain : Split::kTest; }

  std::vector<fs::path> write(const Dataset& dataset, const std::string& format,
                              std::vector<std::pair<std::string, std::string>> given = {}) {
    const CatalogRow& row = find_row(export_catalog(), format, "format", Place{});
    return export_dataset(format, dataset, folder_ / "out",
                          resolve_arguments(given, row.options, "test"), listener_);
  }
  Dataset imported(const std::string& format, const std::optional<fs::path>& images = {},
                   const std::vector<std::pair<std::string, std::string>>& options = {}) {
    ImportRequest request;
    request.sources = {folder_ / "out"};
    request.out = folder_ / "back.h5";
    request.images = images;
    request.options = tests::import_options(format, options);
    import_dataset(format, request, silent_);
    return Dataset::open(request.out);
  }
  /// "train 10: a | b" of every image, with its captions in their order.
  static std::set<std::string> pairs_of(const Dataset& dataset) {
    const Items& images = dataset.items(Modality::kImage);
    const Items& texts = dataset.items(Modality::kText);
    const auto captions = dataset.raw(Modality::kText);
    std::set<std::string> pairs;
    for (std::size_t i = 0; i < images.size(); ++i) {
      std::string pair = std::string(name_of(images.splits[i])) + " " + std::string(images.ids[i]);
      for (std::size_t t = 0; t < texts.size(); ++t) {
        if (texts.groups[t] == images.groups[i]) pair += " | " + captions->content(t);
      }
      pairs.insert(pair);
    }
    return pairs;
  }
  std::string text_of(const std::string& name) { return read_file(folder_ / ("out/" + name)); }

  ScratchFolder folder_;
  Silent silent_;
  tests::Listener listener_;
};

TEST_F(Export, WritesAFeatureOfASplitWithItsIds) {
  write(with_captions({}), "npy", {{"feature", "number"}, {"split", "train"}});
  const Matrix rows = read_matrix(folder_ / "out");
  ASSERT_EQ(rows.rows(), 2U);
  EXPECT_EQ(rows.row(1)[0], 1.0F);
  EXPECT_EQ(read_file(folder_ / "out.ids.txt"), "10\n11\n");
}

TEST_F(Export, WritesPrecompOnceAnImageWhereCaptionsAreEven) {
  write(with_captions({{1, "c"}, {0, "a"}, {0, "b\nb"}, {1, "d"}, {2, "e"}}), "precomp",
        {{"feature", "number"}});
  // In the order of the images, whatever the captions' was.
  EXPECT_EQ(text_of("train_caps.txt"), "a\nb b\nc\nd\n");
  EXPECT_EQ(text_of("train_ids.txt"), "10\n11\n");
  EXPECT_EQ(read_matrix(folder_ / "out/train_ims.npy").rows(), 2U);
  EXPECT_EQ(text_of("test_caps.txt"), "e\n");
  EXPECT_EQ(names_in(folder_ / "out").size(), 6U);  // no dev split, no files of it
}

TEST_F(Export, WritesPrecompOnceACaptionWhereTheyAreNot) {
  write(with_captions({{0, "a"}, {0, "b"}, {1, "c"}}), "precomp", {{"feature", "number"}});
  EXPECT_EQ(text_of("train_ids.txt"), "10\n10\n11\n");
  const Matrix rows = read_matrix(folder_ / "out/train_ims.npy");
  ASSERT_EQ(rows.rows(), 3U);
  EXPECT_EQ(rows.row(1)[0], 0.0F);
  EXPECT_EQ(rows.row(2)[0], 1.0F);
}

TEST_F(Export, WritesPrecompThatImportsWithTheSamePairsAndIds) {
  // Two captions each, one each, and uneven.
  for (const std::vector<Caption>& captions :
       {std::vector<Caption>{{0, "a"}, {0, "b"}, {1, "c"}, {1, "d"}, {2, "e"}, {2, "f"}},
        std::vector<Caption>{{0, "a"}, {1, "b"}, {2, "c"}},
        std::vector<Caption>{{0, "a"}, {1, "b"}, {1, "c"}, {2, "d"}}}) {
    const Dataset before = with_captions(captions);
    fs::remove_all(folder_ / "out");
    write(before, "precomp", {{"feature", "number"}});
    const Dataset after = imported("precomp");
    EXPECT_EQ(pairs_of(after), pairs_of(before));
    EXPECT_EQ(after.features(Modality::kImage, "precomp").row(2)[0], 2.0F);
  }
  EXPECT_TRUE(listener_.warnings.empty());
}

TEST_F(Export, SaysWherePrecompCannotTellImagesApart) {
  const Dataset before = with_captions({{0, "a"}, {1, "b"}, {2, "c"}});
  write(before, "precomp", {{"feature", "same"}});
  ASSERT_EQ(listener_.warnings.size(), 1U);
  EXPECT_TRUE(tests::contains(listener_.warnings[0], "import precomp --captions-per-image 1"));
  const Dataset after = imported("precomp", {}, {{"captions_per_image", "1"}});
  EXPECT_EQ(pairs_of(after), pairs_of(before));
}

TEST_F(Export, SaysWhatPrecompLeavesOut) {
  write(with_captions({{0, "a"}}), "precomp", {{"feature", "number"}});
  EXPECT_EQ(listener_.warnings,
            std::vector<std::string>{"images of no split or without a caption in it, left out: 2"});
}

TEST_F(Export, LeavesNoFolderWhenItFailsAndClearsWhatAKilledOneLeft) {
  EXPECT_EQ(message_of<DataError>([&] {
              write(with_captions({{7, "nobody's"}}), "precomp", {{"feature", "number"}});
            }),
            (folder_ / "d.h5").string() + ": no split has an image with a caption");
  EXPECT_EQ(names_in(folder_.path()), std::vector<std::string>{"d.h5"});
  fs::create_directories(folder_ / ".out.4711.tmp/annotations");
  write(with_captions({{0, "a"}}), "coco");
  EXPECT_EQ(names_in(folder_.path()), (std::vector<std::string>{"d.h5", "out"}));
}

TEST_F(Export, OverwritesNoneOfItsFilesAndNoLink) {
  const Dataset dataset = with_captions({{0, "a"}});
  const auto refusal = [&] {
    return message_of<DataError>([&] { write(dataset, "npy", {{"feature", "number"}}); });
  };
  tests::write_text(folder_ / "out.ids.txt", "mine");
  EXPECT_EQ(refusal(),
            (folder_ / "out.ids.txt").string() + ": is already there; choose another output");
  EXPECT_FALSE(fs::exists(folder_ / "out"));
  EXPECT_EQ(read_file(folder_ / "out.ids.txt"), "mine");
  fs::remove(folder_ / "out.ids.txt");
  fs::create_symlink("nowhere", folder_ / "out");
  EXPECT_EQ(refusal(), (folder_ / "out").string() + ": is already there; choose another output");
}

TEST_F(Export, WritesCocoFileNamesFromTheFolderThatAllImagesLieIn) {
  for (const std::string name : {"a/train/1.jpg", "a/train/2.jpg", "a/test/1.jpg"}) {
    tests::write_text(folder_ / ("photos/" + name), name);
  }
  {
    DatasetWriter writer(folder_ / "sets/d.h5", {"d", "", ""}, {});
    writer.add_file(Modality::kImage, {"x", 0, Split::kTrain}, folder_ / "photos", "a/train/1.jpg");
    writer.add_file(Modality::kImage, {"y", 1, Split::kTrain}, folder_ / "photos", "a/train/2.jpg");
    writer.add_file(Modality::kImage, {"z", 2, Split::kTest}, folder_ / "photos", "a/test/1.jpg");
    writer.add_text({"t", 0, Split::kTrain}, "A dog.");
    writer.add_text({"u", 2, Split::kTest}, "A cat.");
    writer.commit();
  }
  const Dataset before = Dataset::open(folder_ / "sets/d.h5");
  write(before, "coco");
  EXPECT_TRUE(tests::contains(text_of("annotations/captions_train.json"), "\"train/2.jpg\""));
  // The folder of a split does not hide that names are from the folder above.
  const Dataset after = imported("coco", folder_ / "photos/a");
  EXPECT_EQ(pairs_of(after), pairs_of(before));
  EXPECT_EQ(after.raw(Modality::kImage, Split::kTest)->content(0), "a/test/1.jpg");
  EXPECT_EQ(after.raw(Modality::kImage, Split::kTrain)->content(1), "a/train/2.jpg");
}

TEST_F(Export, RefusesCaptionsThatImagesShareAsCocoAndSaysWhatItLeavesOut) {
  {
    DatasetWriter writer(folder_ / "d.h5", {"d", "", ""}, {});
    writer.add_file(Modality::kImage, {"x", 0, Split::kTrain}, std::nullopt, "x.jpg");
    writer.add_file(Modality::kImage, {"y", 0, Split::kTrain}, std::nullopt, "y.jpg");
    writer.add_text({"t", 0, Split::kTrain}, "A dog.");
    writer.commit();
  }
  EXPECT_EQ(message_of<DataError>([&] { write(Dataset::open(folder_ / "d.h5"), "coco"); }),
            (folder_ / "d.h5").string() +
                ": images 'x' and 'y' have captions together, and an annotation of COCO names one "
                "image");
  EXPECT_EQ(names_in(folder_.path()), std::vector<std::string>{"d.h5"});
  {
    DatasetWriter writer(folder_ / "d.h5", {"d", "", ""}, {});
    writer.add_file(Modality::kImage, {"x", 0, Split::kTrain}, std::nullopt, "deep/x.jpg");
    writer.add_file(Modality::kAudio, {"x", 0, Split::kTrain}, std::nullopt, "x.wav");
    writer.add_text({"t", 0, Split::kTrain}, "A dog.");
    writer.add_text({"u", 1, Split::kTrain}, "Nobody's.");
    writer.commit();
  }
  write(Dataset::open(folder_ / "d.h5"), "coco");
  EXPECT_EQ(listener_.warnings,
            (std::vector<std::string>{"captions without an image in their split, left out: 1",
                                      "COCO has no sounds, left out: 1"}));
  // Known by its name alone, it keeps it.
  EXPECT_EQ(imported("coco").stored_files(Modality::kImage)->paths[0], "deep/x.jpg");
}

TEST_F(Export, WritesCocoThatImportsAsTheSameDataSet) {
  for (const char* prefix : {"", "image "}) {
    const Dataset before = with_captions({{0, "a \"quoted\" dog"},
                                          {1,
                                           "zwei Hunde auf der Stra\xc3\x9f"
                                           "e"},
                                          {2, ""},
                                          {0, "b"}},
                                         prefix);
    fs::remove_all(folder_ / "out");
    EXPECT_EQ(write(before, "coco").size(), 2U);
    ImportRequest request;
    request.sources = {folder_ / "out"};
    request.out = folder_ / "back.h5";
    import_dataset("coco", request, silent_);
    const Dataset after = Dataset::open(folder_ / "back.h5");
    for (const Modality modality : {Modality::kImage, Modality::kText}) {
      for (const Split split : kSplits) {
        const auto was = before.raw(modality, split);
        const auto is = after.raw(modality, split);
        ASSERT_EQ(is->size(), was->size());
        for (std::size_t i = 0; i < was->size(); ++i) {
          EXPECT_EQ(is->id(i), was->id(i));
          if (modality == Modality::kText) {
            EXPECT_EQ(is->content(i), was->content(i));
          }
        }
      }
    }
    EXPECT_EQ(after.label_names()[0], "dogs");
    // Splits come back in the order of their files: test before train.
    EXPECT_EQ(after.items(Modality::kImage).ids[1], std::string(prefix) + "10");
    EXPECT_EQ(after.stored_files(Modality::kImage)->paths[1], std::string(prefix) + "10.jpg");
  }
}

TEST_F(Export, WritesPairsAsQrelsWhereNothingIsJudged) {
  const Dataset dataset = with_captions({{0, "a"}, {1, "b"}, {0, "c"}, {2, "d"}});
  write(dataset, "qrels", {{"split", "train"}});
  EXPECT_EQ(read_file(folder_ / "out"), "0 0 10 1\n1 0 11 1\n2 0 10 1\n");
  fs::remove(folder_ / "out");
  write(dataset, "qrels", {{"queries", "image"}, {"candidates", "text"}, {"split", "all"}});
  EXPECT_EQ(read_file(folder_ / "out"), "10 0 0 1\n10 0 2 1\n11 0 1 1\n12 0 3 1\n");
}

TEST_F(Export, WritesJudgementsWithTheirGrades) {
  {
    DatasetWriter writer(folder_ / "d.h5", {"d", "", ""}, {});
    writer.add_file(Modality::kImage, {"i", 0, Split::kTest}, std::nullopt, "i.jpg");
    writer.add_text({"t", 0, Split::kTest}, "t");
    writer.add_text({"u", 1, Split::kTest}, "u");
    // A pair that was judged several times has its highest grade.
    writer.write_judgements(Modality::kText, Modality::kImage,
                            {{0, 0, 2.0F}, {0, 0, 3.0F}, {0, 0, 1.0F}, {1, 0, 1.0F}});
    writer.commit();
  }
  write(Dataset::open(folder_ / "d.h5"), "qrels");
  EXPECT_EQ(read_file(folder_ / "out"), "t 0 i 3\nu 0 i 1\n");
}

TEST_F(Export, RefusesGradesThatQrelsCannotHold) {
  {
    DatasetWriter writer(folder_ / "d.h5", {"d", "", ""}, {});
    writer.add_file(Modality::kImage, {"i", 0, Split::kTest}, std::nullopt, "i.jpg");
    writer.add_text({"t", 0, Split::kTest}, "t");
    writer.write_judgements(Modality::kText, Modality::kImage, {{0, 0, 0.5F}});
    writer.commit();
  }
  const Dataset dataset = Dataset::open(folder_ / "d.h5");
  EXPECT_EQ(message_of<DataError>([&] { write(dataset, "qrels"); }),
            dataset.path().string() +
                ": judgement 0: expected a whole grade, which is all that qrels have, found 0.5");
  EXPECT_FALSE(fs::exists(folder_ / "out"));
}

TEST_F(Export, WritesJudgementsOfTheAskedSplitAndNoOthers) {
  {
    DatasetWriter writer(folder_ / "d.h5", {"d", "", ""}, {});
    writer.add_file(Modality::kImage, {"old", 0, Split::kTrain}, std::nullopt, "old.jpg");
    writer.add_file(Modality::kImage, {"new", 1, Split::kTest}, std::nullopt, "new.jpg");
    writer.add_text({"a caption", 0, Split::kTrain}, "t");
    writer.add_text({"u", 1, Split::kTest}, "u");
    writer.write_judgements(Modality::kText, Modality::kImage,
                            {{0, 0, 3.0F}, {0, 1, 1.0F}, {1, 0, 2.0F}, {1, 1, 3.0F}});
    writer.commit();
  }
  const Dataset dataset = Dataset::open(folder_ / "d.h5");
  // Ids of other splits may hold what they like.
  write(dataset, "qrels");
  EXPECT_EQ(read_file(folder_ / "out"), "u 0 new 3\n");
  fs::remove(folder_ / "out");
  write(dataset, "qrels", {{"split", "all"}, {"ids", "rows"}, {"queries", "text"}});
  EXPECT_EQ(read_file(folder_ / "out"), "0 0 0 3\n0 0 1 1\n1 0 0 2\n1 0 1 3\n");
  fs::remove(folder_ / "out");
  write(dataset, "qrels", {{"split", "train"}, {"ids", "rows"}});
  EXPECT_EQ(read_file(folder_ / "out"), "0 0 0 3\n");
  fs::remove(folder_ / "out");
  EXPECT_EQ(message_of<UsageError>([&] {
              write(dataset, "qrels", {{"queries", "image"}});
            }),
            "alignlab export qrels: queries: the judgements of " + dataset.path().string() +
                " have text queries, not image");
  EXPECT_EQ(message_of<DataError>([&] {
              write(dataset, "qrels", {{"split", "dev"}});
            }),
            dataset.path().string() + ": no judgement of text and image to write in split dev");
  EXPECT_FALSE(fs::exists(folder_ / "out"));
}

TEST_F(Export, RefusesWhatTheFormatCannotHold) {
  const Dataset dataset = with_captions({{0, "a"}}, "an id ");
  const std::string out = (folder_ / "out").string();
  EXPECT_EQ(message_of<DataError>([&] { write(dataset, "qrels"); }),
            out +
                ": expected ids without spaces or line ends, which separate its fields; found "
                "'an id 12'; ids=rows writes row numbers instead");
  EXPECT_EQ(message_of<DataError>([&] {
              write(dataset, "npy", {{"feature", "number"}, {"split", "dev"}});
            }),
            dataset.path().string() + ": split dev has no image items");
  EXPECT_EQ(message_of<DataError>([&] {
              write(dataset, "npy", {{"feature", "numbers"}});
            }),
            dataset.path().string() + ": no image features 'numbers' (did you mean 'number'?)");
  EXPECT_FALSE(fs::exists(folder_ / "out"));
  tests::write_text(folder_ / "out", "here");
  EXPECT_EQ(message_of<DataError>([&] { write(dataset, "coco"); }),
            out + ": is already there; choose another output");
}

}  // namespace
}  // namespace alignlab
