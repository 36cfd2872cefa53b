#include "doctor/doctor.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "data/dataset_writer.h"
#include "tests/data/fixtures.h"

namespace alignlab {
namespace {

namespace fs = std::filesystem;
using tests::contains;
using tests::message_of;
using tests::ScratchFolder;
using tests::write_text;

class Doctor : public ::testing::Test {
 protected:
  /// A data set without a fault but the ones a test puts in: n images, two captions each; the first
  /// half is train, the second dev.
  void write_healthy(DatasetWriter& writer, int images) {
    for (int i = 0; i < images; ++i) {
      const std::string name = std::to_string(i) + ".jpg";
      write_text(folder_ / name, "image " + name);
      const Split split = 2 * i < images ? Split::kTrain : Split::kDev;
      writer.add_file(Modality::kImage, {name, i, split}, folder_.path(), name);
      for (const char* number : {"#0", "#1"}) {
        writer.add_text({name + number, i, split}, "Caption " + name + number);
      }
    }
  }
  Inspection inspect_with(const std::function<void(DatasetWriter&)>& add,
                          ContentKind kind = ContentKind::kPaths, int healthy = 4) {
    DatasetWriter writer(path_, {"set", "", ""}, {.contents = kind});
    write_healthy(writer, healthy);
    if (add) add(writer);
    writer.commit();
    return inspect_file();
  }
  Inspection inspect_file() {
    Silent silent;
    return inspect(Dataset::open(path_), silent);
  }
  /// The only finding there is.
  static Finding only(const Inspection& inspection) {
    EXPECT_EQ(inspection.findings.size(), 1U) << to_text(inspection);
    return inspection.findings.empty() ? Finding{} : inspection.findings[0];
  }
  static Finding find(const Inspection& inspection, const std::string& code) {
    const auto found = std::ranges::find(inspection.findings, code, &Finding::code);
    EXPECT_NE(found, inspection.findings.end()) << "no " << code << " in\n" << to_text(inspection);
    return found == inspection.findings.end() ? Finding{} : *found;
  }
  using Examples = std::vector<std::string>;

  ScratchFolder folder_;
  fs::path path_ = folder_ / "d.h5";
};

TEST_F(Doctor, FindsNothingInAHealthyDataSet) {
  const Inspection inspection = inspect_with(nullptr);
  EXPECT_TRUE(inspection.findings.empty()) << to_text(inspection);
  EXPECT_EQ(inspection.name, "set");
  EXPECT_EQ(inspection.content_hash, Dataset::open(path_).content_hash());
  EXPECT_EQ(inspection.modalities.at("image").items, 4U);
  EXPECT_EQ(inspection.modalities.at("text").splits.at("train"), 4U);
  EXPECT_EQ(inspection.modalities.at("text").splits.at("test"), 0U);
  EXPECT_EQ(inspection.captions_per_image, (std::map<std::size_t, std::size_t>{{2, 4}}));
}

TEST_F(Doctor, FindsNothingInAHealthyDataSetThatIsEmbedded) {
  const Inspection inspection = inspect_with(nullptr, ContentKind::kBytes);
  EXPECT_TRUE(inspection.findings.empty()) << to_text(inspection);
}

TEST_F(Doctor, FindsTheSameCaptionTwiceAtAnImage) {
  const Finding finding = only(inspect_with([](DatasetWriter& writer) {
    writer.add_text({"again", 1, Split::kTrain}, "Caption 1.jpg#0");
  }));
  EXPECT_EQ(finding.code, "duplicate-captions");
  EXPECT_EQ(finding.severity, Severity::kWarning);
  EXPECT_EQ(finding.count, 1U);
  EXPECT_EQ(finding.examples, Examples{"'1.jpg#0' and 'again'"});
}

TEST_F(Doctor, NotesACaptionThatImagesShare) {
  const Finding finding = only(inspect_with([](DatasetWriter& writer) {
    writer.add_text({"shared", 3, Split::kDev}, "Caption 1.jpg#0");
    writer.add_text({"shared too", 2, Split::kDev}, "Caption 1.jpg#0");
  }));
  EXPECT_EQ(finding.code, "shared-captions");
  EXPECT_EQ(finding.severity, Severity::kNote);
  EXPECT_EQ(finding.count, 1U);
  EXPECT_EQ(finding.examples, Examples{"'1.jpg#0' and 'shared'"});
}

TEST_F(Doctor, FindsAGroupThatLiesInTwoSplits) {
  const Finding finding = only(inspect_with([](DatasetWriter& writer) {
    writer.add_text({"leak", 0, Split::kDev}, "Something new");
    writer.add_text({"leak too", 0, Split::kTest}, "Something newer");
  }));
  EXPECT_EQ(finding.code, "leak-between-splits");
  EXPECT_EQ(finding.severity, Severity::kError);
  EXPECT_EQ(finding.count, 1U);
  EXPECT_EQ(finding.examples, Examples{"'0.jpg' (train) and 'leak' (dev)"});
}

TEST_F(Doctor, DoesNotCallAnItemOfNoSplitALeak) {
  const Finding finding = only(inspect_with([](DatasetWriter& writer) {
    writer.add_text({"spare", 0, Split::kNone}, "Something new");
  }));
  EXPECT_EQ(finding.code, "items-of-no-split");
  EXPECT_EQ(finding.severity, Severity::kWarning);
  EXPECT_EQ(finding.examples, Examples{"'spare'"});
}

TEST_F(Doctor, FindsTheSamePairInTwoSplits) {
  const Inspection inspection = inspect_with([](DatasetWriter& writer) {
    writer.add_text({"again", 0, Split::kDev}, "Caption 0.jpg#0");
  });
  const Finding finding = find(inspection, "same-pair-in-two-splits");
  EXPECT_EQ(finding.severity, Severity::kError);
  EXPECT_EQ(finding.examples, Examples{"'0.jpg#0' (train) and 'again' (dev)"});
  find(inspection, "leak-between-splits");
}

TEST_F(Doctor, FindsTheSameImageInTwoSplitsWhereverItsBytesAre) {
  for (const ContentKind kind : {ContentKind::kPaths, ContentKind::kBytes}) {
    const Finding finding = only(inspect_with(
        [&](DatasetWriter& writer) {
          write_text(folder_ / "copy.jpg", "image 0.jpg");
          writer.add_file(Modality::kImage, {"copy", 9, Split::kDev}, folder_.path(), "copy.jpg");
          writer.add_text({"copy#0", 9, Split::kDev}, "A caption");
        },
        kind));
    EXPECT_EQ(finding.code, "same-image-in-two-splits");
    EXPECT_EQ(finding.severity, Severity::kWarning);
    EXPECT_EQ(finding.examples, Examples{"'0.jpg' (train) and 'copy' (dev)"});
  }
}

TEST_F(Doctor, NotesTheSameImageTwiceInOneSplit) {
  const Finding finding = only(inspect_with([&](DatasetWriter& writer) {
    write_text(folder_ / "copy.jpg", "image 0.jpg");
    writer.add_file(Modality::kImage, {"copy", 9, Split::kTrain}, folder_.path(), "copy.jpg");
    writer.add_text({"copy#0", 9, Split::kTrain}, "A caption");
  }));
  EXPECT_EQ(finding.code, "same-image-twice");
  EXPECT_EQ(finding.severity, Severity::kNote);
}

TEST_F(Doctor, FindsImagesWithoutFileAndTheirCaptions) {
  for (const ContentKind kind : {ContentKind::kPaths, ContentKind::kBytes}) {
    const Inspection inspection = inspect_with(
        [&](DatasetWriter& writer) {
          for (int i = 10; i < 17; ++i) {
            const std::string id = std::to_string(i);
            writer.add_file(Modality::kImage, {id, i, Split::kDev}, folder_.path(), id + ".jpg");
            writer.add_text({id + "#0", i, Split::kDev}, "A caption of " + id);
          }
        },
        kind);
    EXPECT_EQ(inspection.findings.size(), 2U) << to_text(inspection);
    const Finding files = find(inspection, "missing-image-file");
    EXPECT_EQ(files.severity, Severity::kWarning);
    EXPECT_EQ(files.count, 7U);
    EXPECT_EQ(files.examples.size(), 5U);
    EXPECT_EQ(files.examples[0], kind == ContentKind::kPaths ? "'10.jpg'" : "'10'");
    const Finding captions = find(inspection, "captions-without-image-file");
    EXPECT_EQ(captions.severity, Severity::kWarning);
    EXPECT_EQ(captions.count, 7U);
    EXPECT_EQ(captions.examples[0], "'10#0'");
  }
}

TEST_F(Doctor, FindsFilesThatWentAwayOrChangedAfterTheImport) {
  inspect_with(nullptr);
  fs::remove(folder_ / "1.jpg");
  write_text(folder_ / "2.jpg", "longer than it was");
  const Inspection inspection = inspect_file();
  EXPECT_EQ(find(inspection, "missing-image-file").examples, Examples{"'1.jpg'"});
  const Finding changed = find(inspection, "changed-image-file");
  EXPECT_EQ(changed.severity, Severity::kError);
  EXPECT_EQ(changed.examples, Examples{"'2.jpg'"});
  // The worst comes first.
  EXPECT_EQ(inspection.findings[0].code, "changed-image-file");
}

TEST_F(Doctor, FindsImagesWithoutCaptions) {
  const Inspection inspection = inspect_with([&](DatasetWriter& writer) {
    write_text(folder_ / "alone.jpg", "alone");
    writer.add_file(Modality::kImage, {"alone", 9, Split::kDev}, folder_.path(), "alone.jpg");
  });
  const Finding finding = only(inspection);
  EXPECT_EQ(finding.code, "images-without-captions");
  EXPECT_EQ(finding.severity, Severity::kWarning);
  EXPECT_EQ(inspection.captions_per_image, (std::map<std::size_t, std::size_t>{{0, 1}, {2, 4}}));
}

TEST_F(Doctor, FindsTextsOfAtMostOneCharacterHoweverManyBytesItHas) {
  const Finding finding = only(inspect_with([](DatasetWriter& writer) {
    writer.add_text({"empty", 0, Split::kTrain}, "");
    writer.add_text({"space", 1, Split::kTrain}, " \n");
    writer.add_text({"stop", 2, Split::kDev}, ".");
    writer.add_text({"dog", 3, Split::kDev}, "犬");
    writer.add_text({"ok", 3, Split::kDev}, "ok");
  }));
  EXPECT_EQ(finding.code, "nearly-empty-texts");
  EXPECT_EQ(finding.severity, Severity::kWarning);
  EXPECT_EQ(finding.examples, (Examples{"'empty'", "'space'", "'stop'", "'dog'"}));
}

TEST_F(Doctor, FindsIdsThatComeTwice) {
  const Finding finding = only(inspect_with([](DatasetWriter& writer) {
    writer.add_text({"0.jpg#0", 1, Split::kTrain}, "Something new");
  }));
  EXPECT_EQ(finding.code, "duplicate-ids");
  EXPECT_EQ(finding.severity, Severity::kError);
}

TEST_F(Doctor, NotesSplitsThatNothingIsIn) {
  DatasetWriter writer(path_, {"set", "", ""}, WriterOptions{});
  writer.add_text({"a", 0, Split::kTest}, "A dog.");
  writer.commit();
  const Inspection inspection = inspect_file();
  EXPECT_EQ(find(inspection, "no-train-split").severity, Severity::kNote);
  EXPECT_EQ(find(inspection, "no-dev-split").severity, Severity::kNote);
  // Without images there is nothing to say of captions per image.
  EXPECT_EQ(inspection.findings.size(), 2U) << to_text(inspection);
  EXPECT_TRUE(inspection.captions_per_image.empty());
}

TEST_F(Doctor, FindsRowsThatNoSimilarityCanUse) {
  inspect_with(nullptr);
  const float nan = std::nanf("");
  const fs::path with_features = folder_ / "f.h5";
  {
    const Dataset dataset = Dataset::open(path_);
    H5File copy = H5File::create(with_features);
    for (const std::string& name : dataset.file().children("/")) {
      copy.copy_from(dataset.file(), "/" + name);
    }
    copy.copy_attributes_from(dataset.file(), "/");
    const std::vector<float> values{1, nan, 0, 0, 2, 2, 1, 2};
    copy.write<float>("/features/image/net", values, {4, 2});
    const std::vector<float> narrow{1, 2, 0, 3};
    copy.write<float>("/features/image/narrow", narrow, {4, 1});
    copy.set_attribute("/", "content_hash", copy.content_hash().hex());
  }
  Silent silent;
  const Inspection inspection = inspect(Dataset::open(with_features), silent);
  EXPECT_EQ(inspection.modalities.at("image").features,
            (std::map<std::string, std::size_t>{{"narrow", 1}, {"net", 2}}));
  const Finding not_finite = find(inspection, "not-finite-rows");
  EXPECT_EQ(not_finite.severity, Severity::kError);
  EXPECT_EQ(not_finite.examples, Examples{"net row 0 ('0.jpg')"});
  const Finding zero = find(inspection, "zero-rows");
  EXPECT_EQ(zero.severity, Severity::kWarning);
  EXPECT_EQ(zero.examples, (Examples{"narrow row 2 ('2.jpg')", "net row 1 ('1.jpg')"}));
  const Finding constant = find(inspection, "constant-rows");
  EXPECT_EQ(constant.examples, Examples{"net row 2 ('2.jpg')"});
  EXPECT_EQ(inspection.findings.size(), 3U) << to_text(inspection);
}

TEST_F(Doctor, WritesTheJsonThatScriptsRelyOn) {
  const Inspection inspection = inspect_with([](DatasetWriter& writer) {
    writer.add_text({"bad \xff\n", 0, Split::kTrain}, ".");
  });
  const nlohmann::json expected = {
      {"name", "set"},
      {"content_hash", inspection.content_hash},
      {"modalities",
       {{"image",
         {{"items", 4},
          {"splits", {{"none", 0}, {"train", 2}, {"dev", 2}, {"test", 0}}},
          {"features", nlohmann::json::object()}}},
        {"text",
         {{"items", 9},
          {"splits", {{"none", 0}, {"train", 5}, {"dev", 4}, {"test", 0}}},
          {"features", nlohmann::json::object()}}}}},
      {"captions_per_image", {{"2", 3}, {"3", 1}}},
      {"findings",
       {{{"code", "nearly-empty-texts"},
         {"severity", "warning"},
         {"count", 1},
         {"examples", {"'bad \\xff\\x0a'"}},
         {"hint", inspection.findings.at(0).hint}}}}};
  EXPECT_EQ(to_json(inspection), expected);
  EXPECT_FALSE(to_json(inspection).dump().empty());
}

TEST_F(Doctor, WritesAnAlignedTextForPeople) {
  Inspection inspection;
  inspection.name = "set";
  inspection.content_hash = "0123";
  inspection.modalities["image"] = {
      7000, {{"none", 91}, {"train", 6000}, {"dev", 909}, {"test", 0}}, {{"a", 5}, {"net", 1280}}};
  inspection.modalities["text"] = {
      35000, {{"none", 0}, {"train", 30000}, {"dev", 5000}, {"test", 0}}, {}};
  inspection.captions_per_image = {{5, 7000}};
  inspection.findings = {{"leak-between-splits", Severity::kError, 1, {"'a'"}, "A hint."},
                         {"no-dev-split", Severity::kNote, 1200, {"'b'", "'c'"}, "Another."}};
  EXPECT_EQ(to_text(inspection), R"(set  0123

        items   train    dev  test  no split  features
image   7,000   6,000    909     0        91  a [5], net [1280]
text   35,000  30,000  5,000     0         0  -

captions per image: 5 (7,000 images)

error    leak-between-splits: 1
         'a'
         A hint.

note     no-dev-split: 1,200
         'b', 'c', ...
         Another.
)");
  inspection.findings.clear();
  EXPECT_TRUE(contains(to_text(inspection), "\nno findings\n"));
}

TEST_F(Doctor, StopsWhenInterrupted) {
  inspect_with(nullptr);
  const Dataset dataset = Dataset::open(path_);
  tests::Listener cancelled(true);
  EXPECT_EQ(message_of<Interrupted>([&] { inspect(dataset, cancelled); }), "interrupted");
}

}  // namespace
}  // namespace alignlab
