#include <set>

#include "tests/doctor/fixtures.h"

namespace alignlab {
namespace {

namespace fs = std::filesystem;
using tests::jpeg;
using tests::write_text;

class Contents : public tests::DoctorTest {
 protected:
  void add_missing(DatasetWriter& writer, int from, int to) {
    for (int i = from; i < to; ++i) {
      const std::string id = std::to_string(i);
      writer.add_file(Modality::kImage, {id, i, Split::kDev}, folder_.path(), id + ".jpg");
      writer.add_text({id + "#0", i, Split::kDev}, "A caption of " + id);
    }
  }
};

TEST_F(Contents, ThatAreTheSameInTwoSplitsAreFoundWhereverTheirBytesAre) {
  for (const ContentKind kind : {ContentKind::kPaths, ContentKind::kBytes}) {
    const Finding finding = only(inspect_with(
        [&](DatasetWriter& writer) {
          add_image(writer, {"copy", 9, Split::kDev}, jpeg("image 0.jpg"));
          writer.add_text({"copy#0", 9, Split::kDev}, "A caption");
        },
        kind));
    expect_finding(finding, "same-image-in-two-splits", Severity::kWarning,
                   {"'0.jpg' (train) and 'copy' (dev)"});
  }
}

TEST_F(Contents, ThatAreTheSameInOneSplitAreNoted) {
  const Finding finding = only(inspect_with([&](DatasetWriter& writer) {
    add_image(writer, {"copy", 9, Split::kTrain}, jpeg("image 0.jpg"));
    writer.add_text({"copy#0", 9, Split::kTrain}, "A caption");
  }));
  expect_finding(finding, "same-image-twice", Severity::kNote, {"'0.jpg' and 'copy'"});
}

TEST_F(Contents, ThatAreMissingAreFoundWithTheirCaptions) {
  for (const ContentKind kind : {ContentKind::kPaths, ContentKind::kBytes}) {
    const Inspection inspection =
        inspect_with([&](DatasetWriter& writer) { add_missing(writer, 10, 17); }, kind);
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

TEST_F(Contents, ThatAreAllMissingAreOneWarningUntilThereAreFeatures) {
  for (const bool features : {false, true}) {
    for (const bool bare : {false, true}) {
      DatasetWriter writer(path_, {"set", "", ""}, WriterOptions{});
      for (int i = 0; i < 3; ++i) {
        const std::string id = std::to_string(i);
        const ItemKey key{id, i, i == 0 ? Split::kDev : Split::kTrain};
        if (bare) {
          writer.add_bare(Modality::kImage, key);
        } else {
          writer.add_file(Modality::kImage, key, std::nullopt, id + ".jpg");
        }
        writer.add_text({id, i, key.split}, "A caption of " + id);
      }
      Silent silent;
      if (features) {
        const auto rows = [](std::size_t, std::span<float> out) {
          std::ranges::copy(std::vector<float>{1, 2, 3, 5, 1, 0}, out.begin());
        };
        writer.write_features({Modality::kImage, "net", 2, {}, rows}, silent);
      }
      writer.commit();
      const Finding finding = only(inspect_file());
      EXPECT_EQ(finding.code, features ? "image-features-only" : "nothing-of-image-items");
      EXPECT_EQ(finding.severity, features ? Severity::kNote : Severity::kWarning);
      EXPECT_EQ(finding.count, 3U);
      EXPECT_EQ(finding.examples, Examples{"'0'"});
      EXPECT_FALSE(finding.hint.empty());
    }
  }
}

TEST_F(Contents, ThatWentAwayOrChangedAfterTheImportAreFound) {
  inspect_with(nullptr);
  fs::remove(folder_ / "1.jpg");
  write_text(folder_ / "2.jpg", jpeg("longer than it was"));
  const Inspection inspection = inspect_file();
  EXPECT_EQ(find(inspection, "missing-image-file").examples, Examples{"'1.jpg'"});
  expect_finding(inspection.findings[0], "changed-image-file", Severity::kError, {"'2.jpg'"});
}

TEST_F(Contents, ThatAreNoneInTheirPlaceAreMissingAndSayWhereTheyWereSought) {
  inspect_with(nullptr);
  fs::create_directory(folder_ / "moved");
  fs::rename(path_, folder_ / "moved/d.h5");
  path_ = folder_ / "moved/d.h5";
  const Finding finding = only(inspect_file());
  EXPECT_EQ(finding.code, "missing-image-file");
  EXPECT_EQ(finding.severity, Severity::kWarning);
  EXPECT_EQ(finding.count, 4U);
  EXPECT_EQ(finding.examples, Examples{(folder_ / "moved/0.jpg").string()});
  EXPECT_TRUE(tests::contains(finding.hint, "moved without them"));
}

TEST_F(Contents, ThatChangedButKeptTheirSizeAreFoundWhenTheyAreDecoded) {
  inspect_with(nullptr);
  write_text(folder_ / "2.jpg", jpeg("image 9.jpg"));
  EXPECT_TRUE(inspect_file().findings.empty());
  const Decoder takes_all = [](Modality, const std::string&, const std::string&) {
    return std::optional<std::string>();
  };
  expect_finding(only(inspect_file(takes_all)), "changed-image-file", Severity::kError,
                 {"'2.jpg'"});
}

TEST_F(Contents, ThatAreNoImagesOrCutShortAreFoundWhereverTheirBytesAre) {
  for (const ContentKind kind : {ContentKind::kPaths, ContentKind::kBytes}) {
    const Inspection inspection = inspect_with(
        [&](DatasetWriter& writer) {
          const std::string whole = jpeg("one more");
          add_image(writer, {"cut", 0, Split::kTrain}, whole.substr(0, whole.size() - 2));
          add_image(writer, {"page", 1, Split::kTrain}, "<html>404 Not Found</html>");
        },
        kind);
    expect_finding(only(inspection), "unreadable-image-file", Severity::kError,
                   {"'cut': no end marker: cut short", "'page': it begins like no image format"});
  }
}

TEST_F(Contents, AreReadAsTheirModalityAsks) {
  const Finding finding = only(inspect_with([&](DatasetWriter& writer) {
    write_text(folder_ / "a.wav", jpeg("an image under a wrong name"));
    writer.add_file(Modality::kAudio, {"a.wav", 0, Split::kTrain}, folder_.path(), "a.wav");
  }));
  expect_finding(finding, "unreadable-audio-file", Severity::kError,
                 {"'a.wav': it begins like no audio format"});
}

TEST_F(Contents, GoToTheDecoderOnceEachUnlessTheirContainersAreFaulty) {
  for (const ContentKind kind : {ContentKind::kPaths, ContentKind::kBytes}) {
    inspect_with(
        [&](DatasetWriter& writer) {
          add_image(writer, {"cut", 0, Split::kTrain}, "\xFF\xD8\xFF\xE0 cut");
          add_image(writer, {"rare", 0, Split::kTrain}, "a format of the decoder's own");
        },
        kind);
    std::multiset<std::string> decoded;
    const Inspection inspection =
        inspect_file([&](Modality modality, const std::string& bytes, const std::string& id) {
          EXPECT_EQ(modality, Modality::kImage);
          EXPECT_EQ(bytes, id == "rare" ? "a format of the decoder's own" : jpeg("image " + id));
          decoded.insert(id);
          if (id == "2.jpg") return std::optional<std::string>("9 bytes that are no image");
          return id == "1.jpg" ? std::optional<std::string>("not to my taste") : std::nullopt;
        });
    EXPECT_EQ(decoded, (std::multiset<std::string>{"0.jpg", "1.jpg", "2.jpg", "3.jpg", "rare"}));
    expect_finding(
        only(inspection), "unreadable-image-file", Severity::kError,
        {"'1.jpg': not to my taste", "'2.jpg': begins as JPEG, but breaks off or is damaged",
         "'cut': no end marker: cut short"});
  }
}

}  // namespace
}  // namespace alignlab
