#include "run/feature_stages.h"

#include <gtest/gtest.h>

#include "core/error.h"
#include "core/files.h"
#include "data/dataset_writer.h"
#include "run/extract.h"
#include "tests/core/testing.h"

namespace alignlab {
namespace {

using tests::message_of;
using tests::ScratchFolder;

constexpr std::size_t kImages = 1100;  // three parts

/// Rows of the item's size and its number; counts what it was asked for, and may stop.
class Sizes : public FeatureKind {
 public:
  struct Log {
    std::size_t extracted = 0;
    std::size_t fitted_on = 0;
    std::size_t most = kImages;  // throws before it extracts more
  };
  explicit Sizes(Log& log) : log_(log) {}

  std::unique_ptr<Extractor> fit(const RawItems& train, int, Progress&) const override {
    log_.fitted_on = train.size();
    return std::make_unique<Fitted>(log_);
  }
  std::unique_ptr<Extractor> load(const H5File&, const std::string&) const override {
    return std::make_unique<Fitted>(log_);
  }

 private:
  class Fitted : public Extractor {
   public:
    explicit Fitted(Log& log) : log_(log) {}
    Features extract(const RawItems& items, int, Progress& progress) const override {
      if (log_.extracted + items.size() > log_.most) throw DataError("stopped");
      log_.extracted += items.size();
      Matrix rows(items.size(), 2);
      for (std::size_t i = 0; i < items.size(); ++i) {
        rows.row(i)[0] = static_cast<float>(items.content(i).size());
        rows.row(i)[1] = std::stof(items.id(i));
      }
      progress.advance(items.size());
      return rows;
    }
    void save(H5File& file, const std::string& group) const override {
      file.write<float>(group + "/nothing", std::vector{1.0F});
    }

   private:
    Log& log_;
  };
  Log& log_;
};

class Stages : public ::testing::Test {
 protected:
  Stages() : path_(folder_ / "d.h5"), store_(folder_ / "store") {
    DatasetWriter writer(path_, {"d", "", ""}, {.contents = ContentKind::kBytes});
    write_file_atomically(folder_ / "x.png", "x");
    for (std::size_t i = 0; i < kImages; ++i) {
      const std::string id = std::to_string(i);
      writer.add_file(Modality::kImage,
                      {id, static_cast<std::int32_t>(i), i % 2 == 0 ? Split::kTrain : Split::kNone},
                      folder_.path(), "x.png");
    }
    writer.commit();
    makers_.feature_kind = [this](const FeatureSpec&) { return std::make_unique<Sizes>(log_); };
  }

  FeatureSpec spec() const {
    FeatureSpec out{"hog", {}};
    out.options = resolve(nullptr, feature_options(feature_rows("hog", Modality::kImage, {})), "");
    return out;
  }
  std::size_t parts() const {
    const auto folder = folder_ / "store/features-part";
    if (!std::filesystem::exists(folder)) return 0;
    return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(folder), {}));
  }
  ExtractSummary extract(const std::string& name) {
    return extract_features({path_, Modality::kImage, spec(), name, 1}, store_, makers_, silent_);
  }

  ScratchFolder folder_;
  std::filesystem::path path_;
  Store store_;
  Sizes::Log log_;
  Makers makers_;
  Silent silent_;
};

TEST_F(Stages, GoOnWhereAnExtractionStopped) {
  log_.most = 600;
  EXPECT_EQ(message_of<DataError>([&] { extract("sizes"); }), path_.string() + ": stopped");
  EXPECT_EQ(log_.extracted, 512U);
  EXPECT_EQ(parts(), 1U);
  EXPECT_TRUE(Dataset::open(path_).feature_names(Modality::kImage).empty());

  log_.most = kImages;
  const ExtractSummary made = extract("sizes");
  EXPECT_EQ(log_.extracted, kImages);  // the first part was not made again
  EXPECT_EQ(made.items, kImages);
  EXPECT_EQ(made.made, kImages - 512);
  EXPECT_EQ(parts(), 0U);
  const Matrix rows = Dataset::open(path_).features(Modality::kImage, "sizes");
  for (std::size_t i = 0; i < kImages; ++i) {
    ASSERT_EQ(rows.row(i)[0], 1.0F);
    ASSERT_EQ(rows.row(i)[1], static_cast<float>(i));
  }
}

TEST_F(Stages, FitOnTrainAloneAndExtractEveryItemOnce) {
  EXPECT_EQ(extract("one").made, kImages);
  EXPECT_EQ(log_.fitted_on, kImages / 2);
  EXPECT_EQ(extract("two").made, 0U);
  EXPECT_EQ(log_.extracted, kImages);
}

TEST_F(Stages, RefuseToLearnFromNothing) {
  const auto untrained = folder_ / "u.h5";
  DatasetWriter writer(untrained, {"u", "", ""}, {.contents = ContentKind::kBytes});
  writer.add_file(Modality::kImage, {"0", 0, Split::kNone}, folder_.path(), "x.png");
  writer.commit();
  EXPECT_EQ(
      message_of<DataError>([&] {
        extract_features({untrained, Modality::kImage, spec(), "n", 1}, store_, makers_, silent_);
      }),
      untrained.string() +
          ": 'hog' learns from training items, and no image item is in train: import with --split");
}

TEST_F(Stages, TakeNoMoreThreadsThanThereAreItems) {
  EXPECT_EQ(extract_features({path_, Modality::kImage, spec(), "n", 5000}, store_, makers_, silent_)
                .threads,
            static_cast<int>(kImages));
}

TEST_F(Stages, NameTheDataSetWhereAKindDoesNot) {
  const auto texts = folder_ / "texts.h5";
  DatasetWriter writer(texts, {"t", "", ""}, {.contents = ContentKind::kBytes});
  writer.add_text({"1", 1, Split::kTrain}, "a dog");
  writer.commit();
  const std::string stop = (folder_ / "stop.txt").string();
  makers_.feature_kind = [&](const FeatureSpec&) -> std::unique_ptr<FeatureKind> {
    throw DataError(stop + ": no such file");
  };
  FeatureSpec words{
      "bow", resolve(nullptr, feature_options(feature_rows("bow", Modality::kText, {})), "")};
  words.options.set("stop_words_file", stop);
  const Dataset dataset = Dataset::open(texts);
  const FeatureStages stages(dataset, store_, makers_, 1, silent_, {});
  EXPECT_EQ(message_of<DataError>([&] { stages.side(Modality::kText, words); }),
            stop + ": no such file");
}

TEST_F(Stages, RefuseATakenOrImpossibleNameBeforeAnyWork) {
  extract("one");
  log_.extracted = 0;
  EXPECT_EQ(message_of<DataError>([&] { extract("one"); }),
            path_.string() + ": image features 'one' are already there; choose another name");
  EXPECT_EQ(message_of<UsageError>([&] { extract("a/b"); }),
            "feature name: expected letters, digits, '_', '-' and '.', found 'a/b'");
  EXPECT_EQ(log_.extracted, 0U);
}

TEST_F(Stages, OfASplitHaveARowForEachOfItsItems) {
  const Dataset dataset = Dataset::open(path_);
  const FeatureStages stages(dataset, store_, makers_, 1, silent_, {});
  const FeatureSide side = stages.side(Modality::kImage, spec());
  const Artifact made = stages.features(side, Split::kTrain);
  const Matrix rows = H5File::open(made.path).read_features("/features").dense();
  ASSERT_EQ(rows.rows(), kImages / 2);
  for (std::size_t i = 0; i < rows.rows(); ++i) {
    ASSERT_EQ(rows.row(i)[1], static_cast<float>(2 * i));
  }
}

TEST_F(Stages, AreMadeAgainWhenAFileThatAnOptionNamesHasChanged) {
  const auto texts = folder_ / "texts.h5", stop = folder_ / "stop.txt";
  DatasetWriter writer(texts, {"t", "", ""}, {.contents = ContentKind::kBytes});
  writer.add_text({"1", 1, Split::kTrain}, "a dog");
  writer.commit();
  const Dataset dataset = Dataset::open(texts);
  const FeatureStages stages(dataset, store_, makers_, 1, silent_, {});
  FeatureSpec words{
      "bow", resolve(nullptr, feature_options(feature_rows("bow", Modality::kText, {})), "")};
  words.options.set("stop_words_file", stop.string());
  const auto key = [&](const std::string& content) {
    write_file_atomically(stop, content);
    return stages.side(Modality::kText, words).extractor.key;
  };
  const std::string dog = key("dog");
  EXPECT_NE(key("cat"), dog);
  EXPECT_EQ(key("dog"), dog);
}

}  // namespace
}  // namespace alignlab
