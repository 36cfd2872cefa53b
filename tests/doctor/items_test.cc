#include "tests/doctor/fixtures.h"

namespace alignlab {
namespace {

using Items = tests::DoctorTest;
using Counts = std::map<std::string, std::size_t>;

TEST_F(Items, OfAHealthyDataSetAreCountedAndNothingIsFound) {
  for (const ContentKind kind : {ContentKind::kPaths, ContentKind::kBytes}) {
    const Inspection inspection = inspect_with(nullptr, kind);
    EXPECT_TRUE(inspection.findings.empty()) << to_text(inspection);
    EXPECT_FALSE(has_errors(inspection));
    EXPECT_EQ(inspection.name, "set");
    EXPECT_EQ(inspection.content_hash, Dataset::open(path_).content_hash());
    EXPECT_EQ(inspection.modalities.at("image").items, 4U);
    EXPECT_EQ(inspection.modalities.at("text").splits,
              (Counts{{"none", 0}, {"train", 4}, {"dev", 4}, {"test", 0}}));
    EXPECT_TRUE(inspection.modalities.at("text").labels.empty());
    EXPECT_TRUE(inspection.pairing.empty());
  }
}

TEST_F(Items, AreCountedByGroupsOfEachSplit) {
  const Inspection inspection = inspect_with([](DatasetWriter& writer) {
    writer.add_text({"late", 0, Split::kDev}, "Something new");
    writer.add_text({"spare", 1, Split::kNone}, "Something newer");
  });
  EXPECT_EQ(inspection.modalities.at("image").groups,
            (GroupCounts{4, {{"none", 0}, {"train", 2}, {"dev", 2}, {"test", 0}}}));
  // Group 0 lies in two splits, and is one group all the same.
  EXPECT_EQ(inspection.modalities.at("text").groups,
            (GroupCounts{4, {{"none", 1}, {"train", 2}, {"dev", 3}, {"test", 0}}}));
}

TEST_F(Items, MayNotHaveTheIdOfAnother) {
  expect_finding(only(inspect_with([](DatasetWriter& writer) {
                   writer.add_text({"0.jpg#0", 1, Split::kTrain}, "Something new");
                 })),
                 "duplicate-ids", Severity::kError, {"'0.jpg#0'"});
}

TEST_F(Items, OfNoSplitAreFoundAndAreNoLeak) {
  expect_finding(only(inspect_with([](DatasetWriter& writer) {
                   writer.add_text({"spare", 0, Split::kNone}, "Something new");
                 })),
                 "items-of-no-split", Severity::kWarning, {"'spare'"});
}

TEST_F(Items, OfNoTrainOrDevSplitAreNoted) {
  DatasetWriter writer(path_, {"set", "", ""}, WriterOptions{});
  writer.add_text({"a", 0, Split::kTest}, "A dog.");
  writer.commit();
  const Inspection inspection = inspect_file();
  EXPECT_EQ(inspection.findings.size(), 3U) << to_text(inspection);
  expect_finding(find(inspection, "one-modality"), "one-modality", Severity::kNote,
                 {"only text items"});
  expect_finding(find(inspection, "no-train-split"), "no-train-split", Severity::kNote, {"'set'"});
  expect_finding(find(inspection, "no-dev-split"), "no-dev-split", Severity::kNote, {"'set'"});
}

TEST_F(Items, AreCountedByLabel) {
  const Inspection inspection = inspect_with([](DatasetWriter& writer) {
    for (const int group : {0, 1, 2}) writer.set_label(group, "dog");
    writer.set_label(3, "cat");
    writer.set_label(1, "cat");
  });
  EXPECT_EQ(inspection.modalities.at("image").labels, (Counts{{"dog", 2}, {"cat", 2}}));
  EXPECT_EQ(inspection.modalities.at("text").labels, (Counts{{"dog", 4}, {"cat", 4}}));
  EXPECT_TRUE(inspection.findings.empty()) << to_text(inspection);
}

TEST_F(Items, WhoseLabelNoItemOfTrainHasAreFoundAndThoseWithoutLabelNoted) {
  const Inspection inspection = inspect_with([](DatasetWriter& writer) {
    writer.set_label(0, "dog");
    writer.set_label(2, "cat");
    writer.set_label(3, "cow");
  });
  EXPECT_EQ(inspection.findings.size(), 2U) << to_text(inspection);
  expect_finding(find(inspection, "labels-without-train-items"), "labels-without-train-items",
                 Severity::kWarning, {"'cat'", "'cow'"});
  expect_finding(find(inspection, "items-without-label"), "items-without-label", Severity::kNote,
                 {"'1.jpg'", "'1.jpg#0'", "'1.jpg#1'"});
}

TEST_F(Items, OfTheWorstFindingsComeFirstAndMakeItFail) {
  const Inspection inspection = inspect_with([](DatasetWriter& writer) {
    writer.add_text({"a", 0, Split::kTrain}, "");
    writer.add_text({"b", 3, Split::kDev}, "Caption 2.jpg#0");
    writer.add_text({"c", 0, Split::kDev}, "Something new");
  });
  std::vector<Severity> severities;
  for (const Finding& finding : inspection.findings) severities.push_back(finding.severity);
  EXPECT_EQ(severities, (std::vector{Severity::kError, Severity::kWarning, Severity::kNote}));
  EXPECT_TRUE(has_errors(inspection));
}

TEST_F(Items, AreLookedAtNoLongerOnceInterrupted) {
  inspect_with(nullptr);
  const Dataset dataset = Dataset::open(path_);
  tests::Listener cancelled(true);
  EXPECT_EQ(tests::message_of<Interrupted>([&] { inspect(dataset, cancelled); }), "interrupted");
}

}  // namespace
}  // namespace alignlab
