#include "config/sweep.h"

#include <gtest/gtest.h>

#include "tests/core/testing.h"

namespace alignlab {
namespace {

using tests::message_of;

/// Each variant as "case: key=value key=value", values that vary with a '*'.
std::vector<std::string> described(const std::string& text,
                                   const std::vector<std::string>& overrides = {}) {
  std::vector<Override> given;
  for (const std::string& argument : overrides) given.push_back(parse_override(argument));
  std::vector<std::string> out;
  for (const Variant& variant : expand(parse_toml(text, "c.toml"), given)) {
    std::string line = variant.case_name + ":";
    for (const Assignment& assignment : variant.assignments) {
      line += " " + assignment.key + "=" + assignment.node.text() + (assignment.varies ? "*" : "");
    }
    out.push_back(line);
  }
  return out;
}

std::string refusal(const std::string& text, const std::vector<std::string>& overrides = {}) {
  return message_of<ConfigError>([&] { described(text, overrides); });
}

std::string leaves_of(const Node& tree, const std::string& section) {
  std::string out;
  const Node* node = tree.find(section);
  if (node == nullptr) return "absent";
  for (const auto& [path, leaf] : leaves(*node)) {
    out += (out.empty() ? "" : " ") + path + "=" + leaf.text();
  }
  return out;
}

using Lines = std::vector<std::string>;

TEST(Expand, WithoutASweepGivesTheBaseAlone) {
  const auto variants = expand(parse_toml("[aligner]\nkind = \"cca\"\n", "c.toml"), {});
  ASSERT_EQ(variants.size(), 1U);
  EXPECT_EQ(variants[0].case_name, "");
  EXPECT_TRUE(variants[0].assignments.empty());
  EXPECT_EQ(leaves_of(variants[0].tree, "aligner"), "kind=cca");
}

TEST(Expand, TakesTheSweepOutOfTheTree) {
  const auto variants = expand(parse_toml("seed = 1\n[sweep.grid]\nseed = [2]\n", "c.toml"), {});
  EXPECT_EQ(variants.at(0).tree.find("sweep"), nullptr);
  EXPECT_NE(variants.at(0).tree.find("seed"), nullptr);
}

TEST(Expand, GivesEveryCombinationOfAGridTheLastAxisTurningFastest) {
  EXPECT_EQ(described("[sweep.grid]\n\"a.x\" = [1, 2]\nseed = [7, 8, 9]\n"),
            (Lines{": a.x=1* seed=7*", ": a.x=1* seed=8*", ": a.x=1* seed=9*", ": a.x=2* seed=7*",
                   ": a.x=2* seed=8*", ": a.x=2* seed=9*"}));
}

TEST(Expand, TakesNestedTablesForDottedKeys) {
  EXPECT_EQ(described("[sweep.grid.aligner]\nwidth = [1, 2]\n"),
            described("[sweep.grid]\n\"aligner.width\" = [1, 2]\n"));
}

TEST(Expand, LetsAnAxisOfOneValueNameNoRow) {
  EXPECT_EQ(described("[sweep.grid]\na = [1]\nb = [2, 3]\n"), (Lines{": a=1 b=2*", ": a=1 b=3*"}));
}

TEST(Expand, KeepsListsAsValuesOfAnAxis) {
  EXPECT_EQ(described("[sweep.grid]\nlayers = [[1, 2], []]\n"),
            (Lines{": layers=[1,2]*", ": layers=[]*"}));
}

TEST(Expand, MovesZippedKeysTogether) {
  EXPECT_EQ(described("[sweep.zip]\na = [1, 2]\nb = [\"x\", \"y\"]\n"),
            (Lines{": a=1* b=x*", ": a=2* b=y*"}));
}

TEST(Expand, TurnsTheZipFasterThanTheGrid) {
  EXPECT_EQ(
      described("[sweep.grid]\ng = [1, 2]\n[sweep.zip]\na = [3, 4]\nb = [5, 6]\n"),
      (Lines{": g=1* a=3* b=5*", ": g=1* a=4* b=6*", ": g=2* a=3* b=5*", ": g=2* a=4* b=6*"}));
}

TEST(Expand, RunsTheGridOnceForEachCaseInTheirOrder) {
  EXPECT_EQ(described("[sweep.grid]\nseed = [0, 1]\n"
                      "[[sweep.case]]\nname = \"z\"\n[[sweep.case]]\nname = \"a\"\n"),
            (Lines{"z: seed=0*", "z: seed=1*", "a: seed=0*", "a: seed=1*"}));
}

TEST(Expand, WithCasesHasNoBareBase) {
  EXPECT_EQ(described("[[sweep.case]]\nname = \"only\"\n"), Lines{"only:"});
}

TEST(Expand, AppliesTheSettingsOfACaseToItAlone) {
  const auto variants = expand(parse_toml("[aligner]\nkind = \"cca\"\nwidth = 1\n"
                                          "[[sweep.case]]\nname = \"wide\"\n"
                                          "set = { \"aligner.width\" = 9, aligner.extra = 2 }\n"
                                          "[[sweep.case]]\nname = \"plain\"\n",
                                          "c.toml"),
                               {});
  ASSERT_EQ(variants.size(), 2U);
  EXPECT_EQ(leaves_of(variants[0].tree, "aligner"), "extra=2 kind=cca width=9");
  EXPECT_EQ(leaves_of(variants[1].tree, "aligner"), "kind=cca width=1");
}

TEST(Expand, DropsTheSectionsOtherBaseKeysWhereACaseChangesItsKind) {
  const auto variants = expand(
      parse_toml("[aligner]\nkind = \"contrastive\"\ntemperature = 0.05\nwidth = 1\n"
                 "[features.image]\nkind = \"hog\"\ncell = 4\n"
                 "[[sweep.case]]\nname = \"mlp\"\n"
                 "set = { \"aligner.kind\" = \"mlp\", \"aligner.depth\" = 3 }\n"
                 "[[sweep.case]]\nname = \"same\"\nset = { \"aligner.kind\" = \"contrastive\" }\n",
                 "c.toml"),
      {});
  ASSERT_EQ(variants.size(), 2U);
  // "depth" comes before "kind" in the order of letters and must survive the drop.
  EXPECT_EQ(leaves_of(variants[0].tree, "aligner"), "depth=3 kind=mlp");
  EXPECT_EQ(leaves_of(variants[0].tree, "features"), "image.cell=4 image.kind=hog");
  // The kind it already has drops nothing.
  EXPECT_EQ(leaves_of(variants[1].tree, "aligner"), "kind=contrastive temperature=0.05 width=1");
}

TEST(Expand, AppliesAKindOfTheGridToTheTree) {
  const auto variants = expand(parse_toml("[aligner]\nkind = \"cca\"\nrank = 5\n"
                                          "[sweep.grid]\n\"aligner.kind\" = [\"cca\", \"mlp\"]\n",
                                          "c.toml"),
                               {});
  ASSERT_EQ(variants.size(), 2U);
  EXPECT_EQ(leaves_of(variants[0].tree, "aligner"), "kind=cca rank=5");
  EXPECT_EQ(leaves_of(variants[1].tree, "aligner"), "kind=mlp");
}

TEST(Expand, LetsAnOverrideReplaceTheAxisOfItsKey) {
  EXPECT_EQ(described("[sweep.grid]\na = [1, 2]\nseed = [0, 1]\n", {"a=9"}),
            (Lines{": seed=0* a=9", ": seed=1* a=9"}));
  EXPECT_EQ(described("[sweep.zip]\na = [1, 2]\nb = [3, 4]\n", {"a=9"}),
            (Lines{": b=3* a=9", ": b=4* a=9"}));
  EXPECT_EQ(described("[sweep.zip]\na = [1, 2]\n", {"a=9"}), Lines{": a=9"});
}

TEST(Expand, MakesAnAxisOfAnOverrideWithSeveralValues) {
  EXPECT_EQ(described("[sweep.grid]\na = [1, 2]\n", {"seed=0,1"}),
            (Lines{": a=1* seed=0*", ": a=1* seed=1*", ": a=2* seed=0*", ": a=2* seed=1*"}));
  EXPECT_EQ(described("", {"layers=[1,2]"}), Lines{": layers=[1,2]"});
}

TEST(Expand, LetsAnOverrideOfAKindDropWhatACaseSetForTheOldOne) {
  const auto variants =
      expand(parse_toml("[[sweep.case]]\nname = \"c\"\n"
                        "set = { \"aligner.kind\" = \"mlp\", \"aligner.depth\" = 3 }\n",
                        "c.toml"),
             {parse_override("aligner.kind=cca")});
  ASSERT_EQ(variants.size(), 1U);
  EXPECT_EQ(leaves_of(variants[0].tree, "aligner"), "kind=cca");
}

TEST(Expand, RemembersWhereEachValueWasWritten) {
  const auto variants =
      expand(parse_toml("[sweep.grid]\na = [1,\n  2]\n", "c.toml"), {parse_override("b=3")});
  ASSERT_EQ(variants.size(), 2U);
  EXPECT_EQ(variants[1].assignments.at(0).node.place.text(), "c.toml:3:3");
  EXPECT_EQ(variants[1].assignments.at(1).node.place.text(), "override 'b=3'");
}

TEST(Expand, RefusesAMalformedSweep) {
  EXPECT_EQ(refusal("sweep = 3\n"), "c.toml:1:1: sweep: expected a table, found an integer");
  EXPECT_EQ(refusal("[sweep]\ngird = 1\n"),
            "c.toml:2:1: unknown key 'sweep.gird' (did you mean 'grid'?)");
  EXPECT_EQ(refusal("[sweep]\ngrid = [1]\n"),
            "c.toml:2:1: sweep.grid: expected a table, found an array");
  EXPECT_EQ(refusal("[sweep]\nzip = 1\n"),
            "c.toml:2:1: sweep.zip: expected a table, found an integer");
}

TEST(Expand, RefusesAnAxisThatIsNoListOfValues) {
  EXPECT_EQ(refusal("[sweep.grid]\na = 1\n"),
            "c.toml:2:1: axis 'a': expected a list of values, found an integer");
  EXPECT_EQ(refusal("[sweep.grid]\na = []\n"),
            "c.toml:2:1: axis 'a': expected a list of values, found an empty one");
  EXPECT_EQ(refusal("[sweep.zip]\na = []\n"),
            "c.toml:2:1: axis 'a': expected a list of values, found an empty one");
}

TEST(Expand, RefusesZippedListsOfDifferentLengths) {
  EXPECT_EQ(refusal("[sweep.zip]\na = [1, 2]\nb = [1, 2, 3]\n"),
            "c.toml:3:1: sweep.zip: 'b' has 3 values, 'a' has 2");
}

TEST(Expand, RefusesTwoAxesOfOneKey) {
  EXPECT_EQ(refusal("[sweep.grid]\na = [1]\n[sweep.zip]\na = [2]\n"),
            "c.toml:4:1: 'a' is an axis twice");
  EXPECT_EQ(refusal("[sweep.grid]\n\"x.a\" = [1]\nx.a = [2]\n"),
            "c.toml:2:1: 'x.a' is an axis twice");
}

TEST(Expand, RefusesAnOverrideGivenTwice) {
  EXPECT_EQ(refusal("", {"seed=1", "seed=2"}), "override 'seed=2': 'seed' is given twice");
}

TEST(Expand, RefusesMalformedCases) {
  EXPECT_EQ(refusal("[sweep.case]\nname = \"a\"\n"),
            "c.toml:1:1: expected [[sweep.case]] entries, found a table");
  EXPECT_EQ(refusal("[sweep]\ncase = [1]\n"), "c.toml:2:9: a sweep.case must have a name");
  EXPECT_EQ(refusal("[[sweep.case]]\nset = {}\n"), "c.toml:1:1: a sweep.case must have a name");
  EXPECT_EQ(refusal("[[sweep.case]]\nname = \"\"\n"), "c.toml:1:1: a sweep.case must have a name");
  EXPECT_EQ(refusal("[[sweep.case]]\nname = 3\n"), "c.toml:1:1: a sweep.case must have a name");
  EXPECT_EQ(refusal("[[sweep.case]]\nname = \"a\"\nsets = 1\n"),
            "c.toml:3:1: unknown key 'sets' in sweep.case (did you mean 'set'?)");
  EXPECT_EQ(refusal("[[sweep.case]]\nname = \"a\"\nset = 3\n"),
            "c.toml:3:1: sweep.case 'a': 'set' must be a table");
  EXPECT_EQ(refusal("[[sweep.case]]\nname = \"a\"\n[[sweep.case]]\nname = \"a\"\n"),
            "c.toml:4:1: a second sweep.case is named 'a'");
}

TEST(Assign, ClearsASectionOnlyWhereItsKindChanges) {
  Node tree = parse_toml("[a]\nkind = \"x\"\nk = 1\n", "c.toml");
  Node kind;
  kind.value = std::string("x");
  assign(tree, "a.kind", kind);
  EXPECT_EQ(leaves_of(tree, "a"), "k=1 kind=x");
  kind.value = std::string("y");
  assign(tree, "a.kind", kind);
  EXPECT_EQ(leaves_of(tree, "a"), "kind=y");
  Node number;
  number.value = std::int64_t{2};
  assign(tree, "a.mankind", number);  // no kind, though it ends in the word
  EXPECT_EQ(leaves_of(tree, "a"), "kind=y mankind=2");
}

}  // namespace
}  // namespace alignlab
