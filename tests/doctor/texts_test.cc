#include "tests/doctor/fixtures.h"

namespace alignlab {
namespace {

class Texts : public tests::DoctorTest {
 protected:
  struct Text {
    const char* id;
    std::int32_t group;
    Split split;
    const char* text;
  };
  /// With the healthy data set: groups 0 and 1 are train, 2 and 3 dev.
  Inspection inspect_texts(const std::vector<Text>& texts) {
    return inspect_with([&](DatasetWriter& writer) {
      for (const Text& one : texts) writer.add_text({one.id, one.group, one.split}, one.text);
    });
  }
};

TEST_F(Texts, ThatAnItemHasTwiceAreFound) {
  expect_finding(only(inspect_texts({{"again", 1, Split::kTrain, "Caption 1.jpg#0"}})),
                 "duplicate-captions", Severity::kWarning, {"'1.jpg#0' and 'again'"});
}

TEST_F(Texts, ThatItemsOfOneSplitShareAreNotedOnceHoweverMany) {
  expect_finding(only(inspect_texts({{"a", 2, Split::kDev, "A dog."},
                                     {"b", 3, Split::kDev, "A dog."},
                                     {"c", 3, Split::kDev, "Caption 2.jpg#1"}})),
                 "shared-captions", Severity::kNote, {"'2.jpg#1' and 'c'", "'a' and 'b'"});
}

TEST_F(Texts, ThatItemsOfTwoSplitsShareAreFound) {
  // The first two are of one split; the leak is with the third.
  expect_finding(only(inspect_texts({{"a", 0, Split::kTrain, "A dog."},
                                     {"b", 1, Split::kTrain, "A dog."},
                                     {"c", 3, Split::kDev, "A dog."}})),
                 "shared-captions-in-two-splits", Severity::kWarning,
                 {"'a' (train) and 'c' (dev)"});
}

TEST_F(Texts, OfTheSamePairInTwoSplitsAreAnError) {
  const Inspection inspection = inspect_texts({{"again", 0, Split::kDev, "Caption 0.jpg#0"}});
  expect_finding(find(inspection, "same-pair-in-two-splits"), "same-pair-in-two-splits",
                 Severity::kError, {"'0.jpg#0' (train) and 'again' (dev)"});
  EXPECT_TRUE(has(inspection, "leak-between-splits"));
  EXPECT_FALSE(has(inspection, "shared-captions-in-two-splits"));
}

TEST_F(Texts, ThatDifferInLooksOnlyAreNotedAtOneItem) {
  expect_finding(only(inspect_texts({{"a", 1, Split::kTrain, "A dog, running."},
                                     {"b", 1, Split::kTrain, "a dog running"},
                                     {"c", 1, Split::kTrain, "a  DOG running!"}})),
                 "near-duplicate-captions", Severity::kNote, {"'a' and 'b'", "'a' and 'c'"});
}

TEST_F(Texts, ThatDifferInLooksOnlyAreNotedAtItemsOfOneSplit) {
  expect_finding(only(inspect_texts({{"a", 0, Split::kTrain, "A dog, running."},
                                     {"b", 1, Split::kTrain, "a dog running"}})),
                 "near-shared-captions", Severity::kNote, {"'a' and 'b'"});
}

TEST_F(Texts, ThatDifferInLooksOnlyAreFoundAtItemsOfTwoSplits) {
  expect_finding(only(inspect_texts({{"a", 0, Split::kTrain, "A dog, running."},
                                     {"b", 1, Split::kTrain, "a dog running"},
                                     {"c", 2, Split::kDev, "A dog running"}})),
                 "near-captions-in-two-splits", Severity::kWarning, {"'a' (train) and 'c' (dev)"});
}

TEST_F(Texts, ThatAreExactlyTheSameAreNotToldAgainAsNearlyTheSame) {
  const Inspection inspection = inspect_texts({{"a", 0, Split::kTrain, "A dog, running."},
                                               {"b", 0, Split::kTrain, "A dog, running."},
                                               {"c", 1, Split::kTrain, "A dog, running."}});
  EXPECT_EQ(inspection.findings.size(), 2U) << to_text(inspection);
  expect_finding(find(inspection, "duplicate-captions"), "duplicate-captions", Severity::kWarning,
                 {"'a' and 'b'"});
  expect_finding(find(inspection, "shared-captions"), "shared-captions", Severity::kNote,
                 {"'a' and 'c'"});
}

TEST_F(Texts, WithoutAnyWordAreNotEachOthersNearDuplicates) {
  EXPECT_TRUE(inspect_texts({{"a", 0, Split::kTrain, "?!"}, {"b", 1, Split::kTrain, "..."}})
                  .findings.empty());
}

TEST_F(Texts, OfAtMostOneCharacterAreFoundHoweverManyBytesItHas) {
  expect_finding(only(inspect_texts({{"empty", 0, Split::kTrain, ""},
                                     {"space", 1, Split::kTrain, " \n"},
                                     {"stop", 2, Split::kDev, "."},
                                     {"dog", 3, Split::kDev, "犬"},
                                     {"ok", 3, Split::kDev, "ok"}})),
                 "nearly-empty-texts", Severity::kWarning,
                 {"'empty'", "'space'", "'stop'", "'dog'"});
}

TEST_F(Texts, ThatAreFeaturesOnlyAreNotRead) {
  DatasetWriter writer(path_, {"set", "", ""}, WriterOptions{});
  writer.add_bare(Modality::kText, {"a", 0, Split::kTrain});
  writer.add_bare(Modality::kText, {"b", 1, Split::kDev});
  writer.commit();
  EXPECT_EQ(find(inspect_file(), "nothing-of-text-items").count, 2U);
}

}  // namespace
}  // namespace alignlab
