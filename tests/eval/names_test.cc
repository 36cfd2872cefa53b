#include <gtest/gtest.h>

#include <set>

#include "eval/metrics.h"
#include "tests/core/testing.h"

namespace alignlab {
namespace {

using tests::contains;
using tests::message_of;

const Place kPlace{"c.toml", 3, 1};

std::string refusal(const std::string& text) {
  return message_of<ConfigError>([&] { parse_metric(text, kPlace); });
}

TEST(ParseMetric, ReadsTheNumberAfterTheAt) {
  const MetricName metric = parse_metric("R@10", kPlace);
  EXPECT_EQ(metric.row, "R@k");
  EXPECT_EQ(metric.k, 10);
  EXPECT_EQ(metric.text, "R@10");
  EXPECT_FALSE(metric.uses_threshold());
}

TEST(ParseMetric, ReadsNamesWithoutANumber) {
  EXPECT_EQ(parse_metric("MedR", kPlace).row, "MedR");
  EXPECT_FALSE(parse_metric("MedR", kPlace).uses_threshold());
  const MetricName metric = parse_metric("micro_F1@t", kPlace);
  EXPECT_EQ(metric.row, "micro_F1@t");
  EXPECT_TRUE(metric.uses_threshold());
}

TEST(ParseMetric, TakesAnAtThatBelongsToTheName) {
  EXPECT_EQ(parse_metric("MAP@R", kPlace).row, "MAP@R");
  EXPECT_FALSE(parse_metric("MAP@R", kPlace).is_of_first_k());
  EXPECT_EQ(better_of(parse_metric("MedR", kPlace)), Better::kLower);
  EXPECT_EQ(better_of(parse_metric("mAP@7", kPlace)), Better::kHigher);
}

TEST(ParseMetric, TakesEveryRowOfTheCatalog) {
  std::set<std::string> names;
  for (const MetricRow& row : metric_catalog()) {
    EXPECT_TRUE(names.insert(row.name).second) << row.name << " stands there twice";
    EXPECT_FALSE(row.summary.empty()) << row.name;
    EXPECT_FALSE(row.reference.empty()) << row.name;
    std::string text = row.name;
    if (text.ends_with("@k")) text.back() = '7';
    const MetricName metric = parse_metric(text, kPlace);
    EXPECT_EQ(metric.row, row.name);
    EXPECT_EQ(metric.k, row.name.ends_with("@k") ? 7 : 0);
  }
  EXPECT_GE(names.size(), 27U);
}

TEST(ParseMetric, SuggestsWhatWasMeantAndNamesWhatWasWritten) {
  EXPECT_EQ(refusal("recal@10"),
            "c.toml:3:1: unknown metric 'recal@10' (did you mean 'recall@k'?)");
  EXPECT_EQ(refusal("medR"), "c.toml:3:1: unknown metric 'medR' (did you mean 'MedR'?)");
  EXPECT_EQ(refusal("micro_F2@t"),
            "c.toml:3:1: unknown metric 'micro_F2@t' (did you mean 'micro_F1@t'?)");
  EXPECT_TRUE(refusal("MAP@r").starts_with("c.toml:3:1: unknown metric 'MAP@r' (did you mean '"));
  EXPECT_TRUE(refusal("MedR@5").starts_with("c.toml:3:1: unknown metric 'MedR@5' (did you mean '"));
}

TEST(ParseMetric, RefusesWhatIsNoPositiveNumber) {
  EXPECT_EQ(refusal("R@k"), "c.toml:3:1: 'R@k': expected a number after '@'");
  for (const char* text : {"R@0", "R@-1", "R@", "R@1.5", "R@5x", "R@ 5", "R@99999999999999999999",
                           "R@5@t", "micro_F1@0.8", "@5", "@", "", "R"}) {
    EXPECT_TRUE(contains(refusal(text), std::string("unknown metric '") + text + "'"));
  }
}

}  // namespace
}  // namespace alignlab
