#include "config/document.h"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>

#include "tests/core/testing.h"

namespace alignlab {
namespace {

using tests::contains;
using tests::message_of;
using tests::ScratchFolder;

template <typename T>
T value_of(const Node& root, std::string_view dotted) {
  const Node* node = root.find(dotted);
  EXPECT_NE(node, nullptr) << dotted;
  return node == nullptr ? T{} : std::get<T>(node->value);
}

std::string place_of(const Node& root, std::string_view dotted) {
  const Node* node = root.find(dotted);
  return node == nullptr ? "absent" : node->place.text();
}

Node number(std::int64_t value, const std::string& source = "here") {
  Node node;
  node.value = value;
  node.place = {source, 0, 0};
  return node;
}

TEST(ParseToml, ReadsEachKindOfValue) {
  const Node root = parse_toml(
      "yes = true\ncount = -7\nreal = 0.5\nexp = 1e-3\nname = \"a b\"\nraw = 'c:\\d'\n"
      "list = [1, 2.5, \"x\"]\n[table.inner]\nkey = 1\n",
      "c.toml");
  EXPECT_EQ(value_of<bool>(root, "yes"), true);
  EXPECT_EQ(value_of<std::int64_t>(root, "count"), -7);
  EXPECT_EQ(value_of<double>(root, "real"), 0.5);
  EXPECT_EQ(value_of<double>(root, "exp"), 0.001);
  EXPECT_EQ(value_of<std::string>(root, "name"), "a b");
  EXPECT_EQ(value_of<std::string>(root, "raw"), "c:\\d");
  EXPECT_EQ(value_of<std::int64_t>(root, "table.inner.key"), 1);
  const Node* list = root.find("list");
  ASSERT_TRUE(list != nullptr && list->is_array());
  ASSERT_EQ(list->array().size(), 3U);
  EXPECT_STREQ(list->array()[0].kind_name(), "an integer");
  EXPECT_STREQ(list->array()[1].kind_name(), "a number");
  EXPECT_STREQ(list->array()[2].kind_name(), "a string");
  EXPECT_STREQ(list->kind_name(), "an array");
  EXPECT_STREQ(root.kind_name(), "a table");
  EXPECT_STREQ(root.find("yes")->kind_name(), "a boolean");
}

TEST(ParseToml, RemembersWhereEachKeyWasWritten) {
  const Node root =
      parse_toml("a = 1\n  b = 2\n[s]\nkey = [ 3,\n  4 ]\nlong.dotted = 5\n", "c.toml");
  EXPECT_EQ(place_of(root, "a"), "c.toml:1:1");
  EXPECT_EQ(place_of(root, "b"), "c.toml:2:3");
  EXPECT_EQ(place_of(root, "s"), "c.toml:3:1");
  EXPECT_EQ(place_of(root, "s.key"), "c.toml:4:1");
  EXPECT_EQ(root.find("s.key")->array()[1].place.text(), "c.toml:5:3");
  EXPECT_TRUE(contains(place_of(root, "s.long.dotted"), "c.toml:6:"));
}

TEST(ParseToml, SaysAtWhichLineAndColumnATextIsNoToml) {
  const auto message = [](const char* text) {
    return message_of<ConfigError>([&] { parse_toml(text, "c.toml"); });
  };
  EXPECT_TRUE(message("a = 1\nb = [1, 2\n").starts_with("c.toml:2:11: "));
  EXPECT_TRUE(message("a = 1\nb = oops\n").starts_with("c.toml:2:5: "));
  EXPECT_TRUE(message("a = 1\n\nno equals\n").starts_with("c.toml:3:4: "));
  EXPECT_TRUE(message("a = \"open\n").starts_with("c.toml:1:10: "));
}

TEST(ParseToml, RefusesAKeyWrittenTwice) {
  const std::string message =
      message_of<ConfigError>([] { parse_toml("a = 1\nb = 2\na = 3\n", "c.toml"); });
  EXPECT_TRUE(message.starts_with("c.toml:3:")) << message;
  EXPECT_TRUE(contains(message, "'a'"));
}

TEST(ParseToml, RefusesDates) {
  EXPECT_EQ(message_of<ConfigError>([] { parse_toml("a = 1\nday = 2024-05-01\n", "c.toml"); }),
            "c.toml:2:7: dates and times have no use here");
}

TEST(ParseToml, OfNothingIsAnEmptyTable) {
  EXPECT_TRUE(parse_toml("", "c.toml").table().empty());
  EXPECT_TRUE(parse_toml("# only a comment\n", "c.toml").table().empty());
}

TEST(LoadToml, NamesTheFile) {
  const ScratchFolder folder;
  const auto path = folder / "c.toml";
  EXPECT_EQ(message_of<ConfigError>([&] { load_toml(path); }), path.string() + ": no such file");
  std::ofstream(path) << "a = 1\nb = \n";
  EXPECT_TRUE(message_of<ConfigError>([&] { load_toml(path); }).starts_with(path.string() + ":2:"));
  std::ofstream(path, std::ios::trunc) << "a = 1\n";
  EXPECT_EQ(place_of(load_toml(path), "a"), path.string() + ":1:1");
}

TEST(Place, WithoutALineIsItsSourceAlone) {
  EXPECT_EQ((Place{"override 'a=b'", 0, 0}).text(), "override 'a=b'");
  EXPECT_EQ((Place{"f", 3, 7}).text(), "f:3:7");
}

TEST(Node, IsFoundByItsDottedPath) {
  const Node root = parse_toml("a.b.c = 1\n\"x.y\" = 2\n", "c.toml");
  EXPECT_NE(root.find("a.b"), nullptr);
  EXPECT_EQ(root.find("a.b.c.d"), nullptr);  // through a value
  EXPECT_EQ(root.find("a.d"), nullptr);
  EXPECT_EQ(root.find(""), nullptr);
  EXPECT_EQ(root.find("x.y"), nullptr);  // a quoted key is one name, not a path
}

TEST(Node, MakesTheTablesOnTheWayToWhatItSets) {
  Node root;
  root.set("a.b.c", number(1));
  root.set("a.b.d", number(2));
  root.set("a.b.c", number(3));
  EXPECT_EQ(value_of<std::int64_t>(root, "a.b.c"), 3);
  EXPECT_EQ(value_of<std::int64_t>(root, "a.b.d"), 2);
  EXPECT_EQ(place_of(root, "a.b"), "here");
}

TEST(Node, RefusesToSetThroughAValue) {
  Node root = parse_toml("[s]\na = 1\n", "c.toml");
  EXPECT_EQ(message_of<ConfigError>([&] { root.set("s.a.b", number(1, "override 's.a.b=1'")); }),
            "override 's.a.b=1': 's.a.b' cannot be set: c.toml:2:1 is an integer, not a table");
}

TEST(Node, ErasesOneKeyAndNothingElse) {
  Node root = parse_toml("a.b = 1\na.c = 2\nd = 3\n", "c.toml");
  root.erase("a.b");
  root.erase("a.none");
  root.erase("none.at.all");
  root.erase("d.e");
  EXPECT_EQ(root.find("a.b"), nullptr);
  EXPECT_NE(root.find("a.c"), nullptr);
  root.erase("d");
  EXPECT_EQ(root.find("d"), nullptr);
}

TEST(Node, ShowsItsValueAsATableCellDoes) {
  const Node root = parse_toml(
      "t = true\nf = false\ni = 12\nr = 0.07\nw = 1.0\ns = \"mlp\"\nl = [1, [2.5, \"x\"]]\ne = "
      "[]\n",
      "c.toml");
  EXPECT_EQ(root.find("t")->text(), "true");
  EXPECT_EQ(root.find("f")->text(), "false");
  EXPECT_EQ(root.find("i")->text(), "12");
  EXPECT_EQ(root.find("r")->text(), "0.07");
  EXPECT_EQ(root.find("w")->text(), "1");
  EXPECT_EQ(root.find("s")->text(), "mlp");
  EXPECT_EQ(root.find("l")->text(), "[1,[2.5,x]]");
  EXPECT_EQ(root.find("e")->text(), "[]");
}

TEST(Leaves, AreEveryValueWithItsPathSorted) {
  // '-' sorts before '.', so the order of tables is not the order of paths.
  const Node root =
      parse_toml("b = 1\n\"a.y\" = 2\n[a]\nz = [3]\nx.deep = 4\n[a-b]\nc = 5\n[empty]\n", "c.toml");
  std::vector<std::string> paths;
  for (const auto& [path, node] : leaves(root)) paths.push_back(path);
  EXPECT_EQ(paths, (std::vector<std::string>{"a-b.c", "a.x.deep", "a.y", "a.z", "b"}));
}

std::vector<std::string> texts_of(const Override& given) {
  std::vector<std::string> out;
  for (const Node& node : given.values) {
    out.push_back(std::string(node.kind_name()) + " " + node.text());
  }
  return out;
}

TEST(ParseOverride, ReadsOneValueOfAnyKind) {
  const auto one = [](const char* argument) { return texts_of(parse_override(argument)).at(0); };
  EXPECT_EQ(one("a=0.05"), "a number 0.05");
  EXPECT_EQ(one("a=-3"), "an integer -3");
  EXPECT_EQ(one("a=true"), "a boolean true");
  EXPECT_EQ(one("a=\"true\""), "a string true");
  EXPECT_EQ(one("a='7'"), "a string 7");
  EXPECT_EQ(one("a=mlp-mse"), "a string mlp-mse");
  EXPECT_EQ(one("a=data/flickr8k.h5"), "a string data/flickr8k.h5");
  EXPECT_EQ(one("a=x=y"), "a string x=y");  // only the first '=' divides
  EXPECT_EQ(one("a=\"\""), "a string ");
  EXPECT_EQ(one("a={b = 1}"), "a table {}");
}

TEST(ParseOverride, KeepsTheWholeDottedKeyAndSaysItIsAnOverride) {
  const Override given = parse_override("aligner.temperature=0.05");
  EXPECT_EQ(given.key, "aligner.temperature");
  EXPECT_EQ(given.place.text(), "override 'aligner.temperature=0.05'");
  EXPECT_EQ(given.values.at(0).place.text(), "override 'aligner.temperature=0.05'");
}

TEST(ParseOverride, MakesAnAxisOfCommas) {
  EXPECT_EQ(texts_of(parse_override("seed=0,1,2")),
            (std::vector<std::string>{"an integer 0", "an integer 1", "an integer 2"}));
  EXPECT_EQ(texts_of(parse_override("aligner.kind=cca,\"mlp, wide\"")),
            (std::vector<std::string>{"a string cca", "a string mlp, wide"}));
}

TEST(ParseOverride, LeavesCommasInsideBracketsBracesAndQuotesAlone) {
  EXPECT_EQ(texts_of(parse_override("layers=[512, 256]")),
            (std::vector<std::string>{"an array [512,256]"}));
  EXPECT_EQ(texts_of(parse_override("layers=[1,[2,3]],[4]")),
            (std::vector<std::string>{"an array [1,[2,3]]", "an array [4]"}));
  EXPECT_EQ(texts_of(parse_override("name='a,b'")), (std::vector<std::string>{"a string a,b"}));
  EXPECT_EQ(texts_of(parse_override("x={a = 1, b = 2}")), (std::vector<std::string>{"a table {}"}));
  EXPECT_EQ(texts_of(parse_override("x=[\"]\",1],2")),
            (std::vector<std::string>{"an array [],1]", "an integer 2"}));
}

TEST(ParseOverride, TakesAnEscapedQuoteForALetterOfItsString) {
  EXPECT_EQ(texts_of(parse_override(R"(name="a\",b")")),
            (std::vector<std::string>{"a string a\",b"}));
  EXPECT_EQ(texts_of(parse_override(R"(name='a\',b)")),  // no escapes between single quotes
            (std::vector<std::string>{"a string a\\", "a string b"}));
}

TEST(ParseOverride, RefusesAWholeNumberThatIsTooLarge) {
  EXPECT_EQ(message_of<ConfigError>([] { parse_override("seed=9999999999999999999"); }),
            "override 'seed=9999999999999999999': 9999999999999999999 is too large: whole numbers "
            "have at most 63 bits");
  EXPECT_EQ(parse_override("seed=9223372036854775807").values.front().kind_name(),
            std::string("an integer"));
  EXPECT_EQ(parse_override("name=99x").values.front().text(), "99x");
}

TEST(ParseOverride, RefusesWhatIsNoKeyAndValue) {
  const auto message = [](const char* argument) {
    return message_of<ConfigError>([&] { parse_override(argument); });
  };
  EXPECT_EQ(message("seed"), "override 'seed': expected key=value");
  EXPECT_EQ(message("=1"), "override '=1': expected key=value");
  EXPECT_EQ(message(""), "override '': expected key=value");
  EXPECT_EQ(message("seed="), "override 'seed=': a value is missing");
  EXPECT_EQ(message("seed=0,,1"), "override 'seed=0,,1': a value is missing");
  EXPECT_EQ(message("seed=0,"), "override 'seed=0,': a value is missing");
}

}  // namespace
}  // namespace alignlab
