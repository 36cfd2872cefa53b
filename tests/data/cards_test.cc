// The cards of datasets/ say how to import what they describe.

#include <set>
#include <sstream>

#include "config/document.h"
#include "tests/data/fixtures.h"

namespace alignlab {
namespace {

namespace fs = std::filesystem;

std::vector<fs::path> cards() {
  std::vector<fs::path> found;
  for (const auto& entry : fs::directory_iterator(fs::path(ALIGNLAB_SOURCE_DIR) / "datasets")) {
    if (entry.path().extension() == ".toml") found.push_back(entry.path());
  }
  return found;
}

/// "--text-columns" for each option of a format, and what every import takes.
std::set<std::string> flags_of(const CatalogRow& format) {
  std::set<std::string> flags{"--out", "--images", "--audio", "--judgements", "--embed", "--split"};
  for (const Option& option : format.options) {
    std::string flag = "--" + option.name;
    std::ranges::replace(flag, '_', '-');
    flags.insert(flag);
  }
  return flags;
}

TEST(DatasetCards, SayWhereADataSetIsFromAndWhoMayUseIt) {
  EXPECT_GE(cards().size(), 7U);
  for (const fs::path& card : cards()) {
    const Node tree = load_toml(card);
    for (const std::string key : {"name", "source", "licence", "contents", "import", "files"}) {
      EXPECT_NE(tree.find(key), nullptr) << card << ": " << key;
    }
  }
}

TEST(DatasetCards, ImportWithFormatsAndOptionsThatThereAre) {
  for (const fs::path& card : cards()) {
    const Node tree = load_toml(card);
    std::string line = tree.find("import")->text();
    std::erase_if(line, [](char c) { return c == '[' || c == ']'; });
    std::istringstream words(line);
    std::string program, command, name, word;
    words >> program >> command >> name;
    EXPECT_EQ(program + " " + command, "alignlab import") << card;
    const CatalogRow& format = find_row(format_catalog(), name, "format", {card.string(), 0, 0});
    const std::set<std::string> flags = flags_of(format);
    while (words >> word) {
      if (!word.starts_with("--")) continue;
      EXPECT_TRUE(flags.contains(word)) << card << ": " << word;
    }
  }
}

}  // namespace
}  // namespace alignlab
