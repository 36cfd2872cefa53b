#include "tests/doctor/fixtures.h"

namespace alignlab {
namespace {

using Groups = tests::DoctorTest;
using Histogram = std::map<std::size_t, std::size_t>;

TEST_F(Groups, ThatLieInTwoSplitsAreFoundOnceEach) {
  expect_finding(only(inspect_with([](DatasetWriter& writer) {
                   writer.add_text({"leak", 0, Split::kDev}, "Something new");
                   writer.add_text({"leak too", 0, Split::kTest}, "Something newer");
                 })),
                 "leak-between-splits", Severity::kError, {"'0.jpg' (train) and 'leak' (dev)"});
}

TEST_F(Groups, TellHowManyCaptionsAnImageHas) {
  EXPECT_EQ(inspect_with(nullptr).captions_per_image, (Histogram{{2, 4}}));
  const Inspection inspection = inspect_with([&](DatasetWriter& writer) {
    writer.add_text({"third", 1, Split::kTrain}, "A third");
  });
  EXPECT_EQ(inspection.captions_per_image, (Histogram{{2, 3}, {3, 1}}));
  EXPECT_TRUE(inspection.captions_per_sound.empty());
}

TEST_F(Groups, OfAnImageWithoutCaptionsAreFound) {
  const Inspection inspection = inspect_with([&](DatasetWriter& writer) {
    add_image(writer, {"alone", 9, Split::kDev}, tests::jpeg("alone"));
  });
  expect_finding(only(inspection), "images-without-captions", Severity::kWarning, {"'alone'"});
  EXPECT_EQ(inspection.captions_per_image, (Histogram{{0, 1}, {2, 4}}));
}

TEST_F(Groups, OfSoundsAreLookedAtLikeThoseOfImages) {
  DatasetWriter writer(path_, {"set", "", ""}, WriterOptions{});
  for (const char* id : {"a", "b"}) {
    writer.add_bare(Modality::kAudio, {id, id[0], id[0] == 'b' ? Split::kDev : Split::kTrain});
  }
  writer.add_text({"a#0", 'a', Split::kTrain}, "A dog barks.");
  writer.add_text({"b#0", 'b', Split::kDev}, "A cat purrs.");
  writer.add_text({"nobody's", 'c', Split::kDev}, "A bell rings.");
  writer.commit();
  const Inspection inspection = inspect_file();
  EXPECT_TRUE(inspection.captions_per_image.empty());

  EXPECT_EQ(inspection.captions_per_sound, (Histogram{{1, 2}}));
  expect_finding(find(inspection, "captions-without-item"), "captions-without-item",
                 Severity::kWarning, {"'nobody's'"});
  EXPECT_FALSE(has(inspection, "sounds-without-captions"));
  EXPECT_FALSE(has(inspection, "captions-without-image-file"));
}

TEST_F(Groups, OfASoundWithoutCaptionsAreFound) {
  const Inspection inspection = inspect_with([](DatasetWriter& writer) {
    writer.add_bare(Modality::kAudio, {"alone", 9, Split::kDev});
  });
  expect_finding(find(inspection, "sounds-without-captions"), "sounds-without-captions",
                 Severity::kWarning, {"'alone'"});
}

TEST_F(Groups, OfTextsAloneHaveNobodyToMiss) {
  DatasetWriter writer(path_, {"set", "", ""}, WriterOptions{});
  writer.add_text({"a", 0, Split::kTrain}, "A dog.");
  writer.add_text({"b", 1, Split::kDev}, "A cat.");
  writer.commit();
  const Inspection inspection = inspect_file();
  EXPECT_EQ(only(inspection).code, "one-modality");
  EXPECT_TRUE(inspection.captions_per_image.empty());
}

TEST_F(Groups, OfVectorsWhoseRelevanceIsJudgedNeedNoCaptions) {
  for (const bool judged : {true, false}) {
    DatasetWriter writer(path_, {"set", "", ""}, WriterOptions{});
    for (int i = 0; i < 3; ++i) {
      writer.add_bare(Modality::kImage, {std::to_string(i), i, Split::kTest});
    }
    writer.add_bare(Modality::kText, {"q", 0, Split::kTest});
    if (judged) writer.write_judgements(Modality::kText, Modality::kImage, {{0, 0, 1}, {0, 1, 1}});
    writer.commit();
    const Inspection inspection = inspect_file();
    EXPECT_EQ(has(inspection, "images-without-captions"), !judged);
    ASSERT_EQ(inspection.judgements.has_value(), judged);
    if (judged) {
      EXPECT_EQ(*inspection.judgements, (JudgementCounts{2, 1, "text", "image"}));
    }
  }
}

}  // namespace
}  // namespace alignlab
