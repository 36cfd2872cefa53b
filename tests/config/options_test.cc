#include "config/options.h"

#include <gtest/gtest.h>

#include <limits>
#include <nlohmann/json.hpp>

#include "tests/core/testing.h"

namespace alignlab {
namespace {

using tests::message_of;

const Options& every_type() {
  static const Options options{
      {.name = "flag", .summary = "", .fallback = false},
      {.name = "count", .summary = "", .fallback = std::int64_t{3}, .least = 1, .most = 10},
      {.name = "rate", .summary = "", .fallback = 0.5, .least = 0.0},
      {.name = "mode",
       .summary = "",
       .fallback = std::string("fast"),
       .choices = {"fast", "exact"}},
      {.name = "layers", .summary = "", .fallback = std::vector<std::int64_t>{8}, .least = 1},
      {.name = "weights", .summary = "", .fallback = std::vector<double>{}, .least = 0, .most = 1},
      {.name = "names",
       .summary = "",
       .fallback = std::vector<std::string>{},
       .choices = {"a", "b"}},
      {.name = "free", .summary = "", .fallback = 1.0},
  };
  return options;
}

Section resolved(const std::string& text, const Options& options = every_type()) {
  const Node root = parse_toml("[s]\n" + text, "c.toml");
  return resolve(root.find("s"), options, "s", {"kind"});
}

std::string refusal(const std::string& text) {
  return message_of<ConfigError>([&] { resolved(text); });
}

TEST(Resolve, GivesTheDefaultsOfWhatIsNotWritten) {
  const Section section = resolve(nullptr, every_type(), "s");
  EXPECT_EQ(section.flag("flag"), false);
  EXPECT_EQ(section.integer("count"), 3);
  EXPECT_EQ(section.real("rate"), 0.5);
  EXPECT_EQ(section.text("mode"), "fast");
  EXPECT_EQ(section.integers("layers"), std::vector<std::int64_t>{8});
  EXPECT_EQ(section.reals("weights"), std::vector<double>{});
  EXPECT_EQ(section.texts("names"), std::vector<std::string>{});
  EXPECT_EQ(section.values().size(), every_type().size());
  EXPECT_EQ(section, resolved(""));
}

TEST(Resolve, TakesWhatIsWritten) {
  const Section section = resolved(
      "kind = \"k\"\nflag = true\ncount = 10\nrate = 0.25\nmode = \"exact\"\nlayers = [4, 2]\n"
      "weights = [0.5, 1]\nnames = [\"b\", \"a\"]\n");
  EXPECT_EQ(section.flag("flag"), true);
  EXPECT_EQ(section.integer("count"), 10);
  EXPECT_EQ(section.real("rate"), 0.25);
  EXPECT_EQ(section.text("mode"), "exact");
  EXPECT_EQ(section.integers("layers"), (std::vector<std::int64_t>{4, 2}));
  EXPECT_EQ(section.reals("weights"), (std::vector<double>{0.5, 1.0}));
  EXPECT_EQ(section.texts("names"), (std::vector<std::string>{"b", "a"}));
  EXPECT_FALSE(section.values().contains("kind"));
}

TEST(Resolve, TakesAnIntegerForARealAndOneValueForAList) {
  const Section section = resolved("rate = 2\nlayers = 5\nnames = \"a\"\nweights = 1\n");
  EXPECT_EQ(section.real("rate"), 2.0);
  EXPECT_EQ(section.integers("layers"), std::vector<std::int64_t>{5});
  EXPECT_EQ(section.texts("names"), std::vector<std::string>{"a"});
  EXPECT_EQ(section.reals("weights"), std::vector<double>{1.0});
}

TEST(Resolve, RefusesAnotherTypeNamingTheKeyAndWhatItFound) {
  EXPECT_EQ(refusal("count = 2.0\n"), "c.toml:2:1: s.count: expected an integer, found a number 2");
  EXPECT_EQ(refusal("count = \"2\"\n"),
            "c.toml:2:1: s.count: expected an integer, found a string 2");
  EXPECT_EQ(refusal("flag = 1\n"),
            "c.toml:2:1: s.flag: expected true or false, found an integer 1");
  EXPECT_EQ(refusal("rate = true\n"),
            "c.toml:2:1: s.rate: expected a number, found a boolean true");
  EXPECT_EQ(refusal("mode = 1\n"), "c.toml:2:1: s.mode: expected a string, found an integer 1");
  EXPECT_EQ(refusal("mode = [\"fast\"]\n"),
            "c.toml:2:1: s.mode: expected a string, found an array");
  EXPECT_EQ(refusal("count.x = 1\n"), "c.toml:2:1: s.count: expected an integer, found a table");
  EXPECT_EQ(refusal("layers = [1, 2.5]\n"),
            "c.toml:2:14: s.layers: expected an integer, found a number 2.5");
}

TEST(Resolve, RefusesValuesOutsideTheRangeAndTakesItsEnds) {
  EXPECT_EQ(resolved("count = 1\n").integer("count"), 1);
  EXPECT_EQ(resolved("count = 10\n").integer("count"), 10);
  EXPECT_EQ(refusal("count = 0\n"), "c.toml:2:1: s.count: expected a value 1 to 10, found 0");
  EXPECT_EQ(refusal("count = 11\n"), "c.toml:2:1: s.count: expected a value 1 to 10, found 11");
  EXPECT_EQ(resolved("rate = 0\n").real("rate"), 0.0);
  EXPECT_EQ(refusal("rate = -0.1\n"), "c.toml:2:1: s.rate: expected a value >= 0, found -0.1");
  EXPECT_EQ(refusal("rate = -1\n"), "c.toml:2:1: s.rate: expected a value >= 0, found -1");
  EXPECT_EQ(refusal("layers = [4, 0]\n"), "c.toml:2:14: s.layers: expected a value >= 1, found 0");
  EXPECT_EQ(refusal("weights = [0.5, 1.5]\n"),
            "c.toml:2:17: s.weights: expected a value 0 to 1, found 1.5");
}

TEST(Resolve, RefusesNumbersThatAreNotFinite) {
  EXPECT_EQ(refusal("rate = nan\n"), "c.toml:2:1: s.rate: expected a value >= 0, found nan");
  EXPECT_EQ(refusal("rate = inf\n"), "c.toml:2:1: s.rate: expected a value >= 0, found inf");
  EXPECT_EQ(refusal("free = nan\n"), "c.toml:2:1: s.free: expected a finite number, found nan");
}

TEST(Resolve, SuggestsTheChoiceThatWasMeant) {
  EXPECT_EQ(refusal("mode = \"exakt\"\n"),
            "c.toml:2:1: s.mode: 'exakt' is not one of its values (did you mean 'exact'?)");
  EXPECT_EQ(refusal("mode = \"anything\"\n"),
            "c.toml:2:1: s.mode: 'anything' is not one of its values (known: fast, exact)");
  EXPECT_EQ(refusal("names = [\"a\", \"cc\"]\n"),
            "c.toml:2:15: s.names: 'cc' is not one of its values (known: a, b)");
}

TEST(Resolve, SuggestsTheKeyThatWasMeant) {
  EXPECT_EQ(refusal("flag = true\nlayer = 1\n"),
            "c.toml:3:1: unknown key 's.layer' (did you mean 'layers'?)");
  EXPECT_EQ(refusal("kinds = 1\n"), "c.toml:2:1: unknown key 's.kinds' (did you mean 'kind'?)");
}

TEST(Resolve, OfAnUnnamedSectionNamesTheKeyAlone) {
  const Node root = parse_toml("sead = 1\n", "c.toml");
  const Options options{{.name = "seed", .summary = "", .fallback = std::int64_t{0}}};
  EXPECT_EQ(message_of<ConfigError>([&] { resolve(&root, options, ""); }),
            "c.toml:1:1: unknown key 'sead' (did you mean 'seed'?)");
}

TEST(Resolve, RefusesASectionThatIsNoTable) {
  const Node root = parse_toml("s = 3\n", "c.toml");
  EXPECT_EQ(message_of<ConfigError>([&] { resolve(root.find("s"), every_type(), "s"); }),
            "c.toml:1:1: s: expected a table, found an integer 3");
}

TEST(Resolve, AsksForWhatHasNoDefault) {
  const Options options{
      {.name = "file", .summary = "the data set", .fallback = std::string(), .required = true}};
  EXPECT_EQ(message_of<ConfigError>([&] { resolve(nullptr, options, "dataset"); }),
            "[dataset] is missing: it must say 'file' (the data set)");
  const Node root = parse_toml("x = 1\n[dataset]\n", "c.toml");
  EXPECT_EQ(message_of<ConfigError>([&] { resolve(root.find("dataset"), options, "dataset"); }),
            "c.toml:2:1: [dataset] must say 'file' (the data set)");
  const Node given = parse_toml("file = \"a.h5\"\n", "c.toml");
  EXPECT_EQ(resolve(&given, options, "dataset").text("file"), "a.h5");
}

TEST(ResolveArguments, NamesTheOptionOfANumberThatIsTooLarge) {
  EXPECT_EQ(message_of<ConfigError>([] {
              resolve_arguments({{"count", "9999999999999999999"}}, every_type(), "program");
            }),
            "program: count: 9999999999999999999 is too large: whole numbers have at most 63 bits");
}

TEST(Option, TellsItsTypeAndRange) {
  const std::vector<std::string> types{"boolean",  "integer", "real",  "text",
                                       "integers", "reals",   "texts", "real"};
  const std::vector<std::string> ranges{"",     "1 to 10", ">= 0",  "fast | exact",
                                        ">= 1", "0 to 1",  "a | b", ""};
  for (std::size_t i = 0; i < every_type().size(); ++i) {
    EXPECT_EQ(type_name(every_type()[i]), types[i]);
    EXPECT_EQ(range_text(every_type()[i]), ranges[i]);
  }
  EXPECT_EQ(range_text({.name = "x", .summary = "", .fallback = 0.0, .most = 0.5}), "<= 0.5");
}

TEST(FindRow, GivesTheRowOrSuggestsOne) {
  const std::vector<CatalogRow> rows{{"cca", "", {}}, {"contrastive", "", {}}};
  const Place place{"c.toml", 4, 1};
  EXPECT_EQ(&find_row(rows, "contrastive", "aligner", place), &rows[1]);
  EXPECT_EQ(message_of<ConfigError>([&] { find_row(rows, "contrastiv", "aligner", place); }),
            "c.toml:4:1: unknown aligner 'contrastiv' (did you mean 'contrastive'?)");
  EXPECT_EQ(message_of<ConfigError>([&] { find_row(rows, "transformer", "aligner", place); }),
            "c.toml:4:1: unknown aligner 'transformer' (known: cca, contrastive)");
}

TEST(Section, ComesBackFromJsonAsItWas) {
  const Section section = resolved(
      "flag = true\ncount = 10\nrate = 2\nmode = \"exact\"\nlayers = [4, 2]\nweights = [0.1]\n"
      "names = [\"b\"]\nfree = 1e-300\n");
  const nlohmann::json json = to_json(section);
  EXPECT_EQ(json.dump(),
            R"({"count":10,"flag":true,"free":1e-300,"layers":[4,2],"mode":"exact","names":["b"],)"
            R"("rate":2.0,"weights":[0.1]})");
  EXPECT_EQ(section_from_json(nlohmann::json::parse(json.dump()), every_type()), section);
}

TEST(Section, SetsAndComparesValues) {
  Section one = resolved(""), other = resolved("");
  one.set("count", std::int64_t{9});
  EXPECT_EQ(one.integer("count"), 9);
  EXPECT_NE(one, other);
  other.set("count", std::int64_t{9});
  EXPECT_EQ(one, other);
}

}  // namespace
}  // namespace alignlab
