// What the front program says of itself, and how it refuses a command line.

#include <algorithm>
#include <set>
#include <sstream>

#include "tests/cli/lab.h"

namespace alignlab {
namespace {

using nlohmann::json;
using tests::alignlab;
using tests::contains;
using tests::is_plain;
using tests::Outcome;
using tests::output_of;
using tests::refused;
using tests::ScratchFolder;
using tests::Words;

class Usage : public ::testing::Test {
 protected:
  Outcome run(const Words& arguments) const { return alignlab(folder_.path(), arguments); }
  std::string output(const Words& arguments) const { return output_of(folder_.path(), arguments); }
  /// The commands that --help lists, one an indented line.
  Words commands() const {
    Words out;
    std::istringstream lines(output({"--help"}));
    for (std::string line; std::getline(lines, line);) {
      std::istringstream words(line);
      std::string first;
      if (line.starts_with("  ") && words >> first) out.push_back(first);
    }
    return out;
  }

  const ScratchFolder folder_;
};

TEST_F(Usage, HelpListsEveryCommand) {
  const Words listed = commands();
  for (const char* name :
       {"list", "generate", "import", "add-features", "add-judgements", "extract", "export",
        "inspect", "run", "score", "table", "compare", "study"}) {
    EXPECT_EQ(std::ranges::count(listed, name), 1) << name;
  }
  EXPECT_EQ(output({"-h"}), output({"--help"}));
  EXPECT_EQ(output({"help"}), output({"--help"}));
}

TEST_F(Usage, EveryCommandHasHelpAndRefusesOptionsItDoesNotKnow) {
  for (const std::string& name : commands()) {
    const Outcome help = run({name, "--help"});
    EXPECT_EQ(help.code, 0) << name;
    EXPECT_EQ(help.err, "") << name;
    EXPECT_TRUE(help.out.starts_with("usage: alignlab " + name + " ")) << help.out;
    EXPECT_TRUE(contains(help.out, "--help")) << name;
    EXPECT_TRUE(refused(run({name, "--no-such-thing"}), 2,
                        {"alignlab " + name + ": unknown option '--no-such-thing'"}));
  }
}

TEST_F(Usage, VersionIsOneLine) {
  const std::string text = output({"--version"});
  EXPECT_TRUE(text.starts_with("alignlab ")) << text;
  EXPECT_EQ(tests::lines_in(text), 1U);
}

TEST_F(Usage, HelpAndListAreThereAtOnce) {
  for (const Words& arguments : {Words{"--help"}, Words{"list"}}) {
    auto best = std::chrono::steady_clock::duration::max();
    for (int i = 0; i < 5; ++i) {
      const auto start = std::chrono::steady_clock::now();
      output(arguments);
      best = std::min(best, std::chrono::steady_clock::now() - start);
    }
    EXPECT_LT(best, std::chrono::milliseconds(500)) << arguments.front();
  }
}

TEST_F(Usage, RefusesAMissingOrUnknownCommand) {
  EXPECT_TRUE(refused(run({}), 2, {"expected a command", "--help"}));
  EXPECT_TRUE(refused(run({"lst"}), 2, {"unknown command 'lst' (did you mean 'list'?)"}));
  EXPECT_TRUE(refused(run({"quantize"}), 2, {"unknown command 'quantize' (known: list, "}));
}

TEST_F(Usage, RefusesAnUnknownOptionWithASuggestion) {
  EXPECT_TRUE(refused(run({"list", "--jsn"}), 2,
                      {"alignlab list: unknown option '--jsn' (did you mean '--json'?)"}));
  EXPECT_TRUE(refused(run({"run", "c.toml", "--dryrun"}), 2, {"did you mean '--dry-run'?"}));
}

TEST_F(Usage, RefusesAMissingOptionOrArgument) {
  EXPECT_TRUE(refused(run({"generate", "scenes"}), 2, {"alignlab generate: ", "--out"}));
  EXPECT_TRUE(refused(run({"import", "coco", "x"}), 2, {"alignlab import: ", "--out"}));
  EXPECT_TRUE(refused(run({"import", "coco", "--out", "x.h5"}), 2, {"alignlab import: expected"}));
  EXPECT_TRUE(refused(run({"run"}), 2, {"alignlab run: expected a config file"}));
  EXPECT_TRUE(refused(run({"run", "c.toml", "-j"}), 2, {"alignlab run: ", "--jobs"}));
  EXPECT_TRUE(refused(run({"table"}), 2, {"alignlab table: expected at least one run folder"}));
  EXPECT_TRUE(refused(run({"inspect"}), 2, {"alignlab inspect: expected a data set"}));
  EXPECT_TRUE(refused(run({"inspect", "a.h5", "b.h5"}), 2, {"unexpected argument 'b.h5'"}));
}

TEST_F(Usage, HelpOfImportAndExportSaysWhereFormatsAreExplained) {
  EXPECT_TRUE(contains(output({"import", "--help"}), "'alignlab import FORMAT --help'"));
  EXPECT_TRUE(contains(output({"import", "precomp", "--help"}), "--captions-per-image"));
  EXPECT_TRUE(contains(output({"export", "--help"}), "'alignlab list exports'"));
}

TEST_F(Usage, RefusesOptionsOfImportThatDoNothing) {
  const Words import{"import", "flickr8k", "x", "--out", "x.h5"};
  const auto refuses = [&](const Words& more, const std::string& part) {
    Words arguments = import;
    arguments.insert(arguments.end(), more.begin(), more.end());
    return refused(run(arguments), 2, {part});
  };
  EXPECT_TRUE(refuses({"--split-seed", "3"}, "--split-seed is of no use without --split"));
  EXPECT_TRUE(refuses({"--split", "0,0,0"}, "found '0,0,0'"));
  EXPECT_TRUE(refuses({"--missing", "skip"}, "--missing: expected keep or drop, found 'skip'"));
  EXPECT_TRUE(refuses({"--embed"}, "flickr8k: --embed needs the folder of the files (--images)"));
  EXPECT_TRUE(refused(run({"import", "precomp", "x", "--embed", "--out", "x.h5"}), 2,
                      {"precomp: has no files, so --embed is of no use"}));
  EXPECT_TRUE(tests::tree_of(folder_.path()).empty());
}

TEST_F(Usage, RefusesToExportWhatIsNotThereBeforeItsOptions) {
  EXPECT_TRUE(refused(run({"export", "nowhere", "npy", "--out", "x"}), 3,
                      {"nowhere: no such data set or run"}));
}

TEST_F(Usage, RefusesValuesThatCannotBe) {
  EXPECT_TRUE(refused(run({"run", "c.toml", "-j", "0"}), 2, {"-j: expected 1 to 1024, found 0"}));
  EXPECT_TRUE(
      refused(run({"run", "c.toml", "-j", "1025"}), 2, {"-j: expected 1 to 1024, found 1025"}));
  EXPECT_TRUE(refused(run({"generate", "scenes", "--out", "x", "--seed=-1"}), 2,
                      {"--seed: expected 0 or more, found -1"}));
  EXPECT_TRUE(refused(run({"generate", "scenes", "--out", "x", "--images", "0"}), 2, {"--images"}));
  EXPECT_TRUE(refused(run({"generate", "scene", "--out", "x"}), 2, {"did you mean 'scenes'?"}));
  EXPECT_TRUE(refused(run({"import", "coc", "x", "--out", "x.h5"}), 2, {"did you mean 'coco'?"}));
  EXPECT_TRUE(refused(
      run({"add-features", "x.h5", "--modality", "txt", "--name", "n", "--matrix", "x.npy"}), 2,
      {"unknown modality 'txt' (did you mean 'text'?)"}));
  EXPECT_TRUE(refused(run({"table", "run", "--format", "latx"}), 2, {"did you mean 'latex'?"}));
  EXPECT_TRUE(refused(run({"list", "aligner"}), 2, {"did you mean 'aligners'?"}));
  EXPECT_TRUE(tests::tree_of(folder_.path()).empty());
}

TEST_F(Usage, SaysInItsOwnWordsWhichNumberAnOptionTakes) {
  EXPECT_TRUE(refused(run({"run", "c.toml", "-j", "two"}), 2,
                      {"alignlab run: --jobs: expected a whole number, found 'two'"}));
  EXPECT_TRUE(refused(run({"run", "c.toml", "--jobs", "99999999999"}), 2,
                      {"alignlab run: --jobs: expected a smaller number, found '99999999999'"}));
  EXPECT_TRUE(refused(run({"table", "run", "--least-margin", "x"}), 2,
                      {"alignlab table: --least-margin: expected a number, found 'x'"}));
}

TEST_F(Usage, RefusesTextThatIsNoUtf8NamingWhereItStands) {
  const Words extract{"extract", "--modality", "text", "--kind", "lsa"};
  const auto refusal = [&](const Words& more) {
    Words words = extract;
    words.insert(words.end(), more.begin(), more.end());
    return run(words);
  };
  EXPECT_TRUE(refused(refusal({"caf\xE9.h5"}), 2,
                      {"alignlab extract: expected UTF-8, found byte 0xe9 in 'caf\\xe9.h5'"}));
  EXPECT_TRUE(refused(refusal({"d.h5", "--store", "\xFF"}), 2,
                      {"alignlab extract: --store: expected UTF-8, found byte 0xff"}));
  EXPECT_TRUE(refused(refusal({"d.h5", "stop_words_file=\xFF.txt"}), 2,
                      {"expected UTF-8, found byte 0xff in 'stop_words_file=\\xff.txt'"}));
  EXPECT_TRUE(refused(run({"generate", "scenes", "--out", "a\xC3"}), 2,
                      {"alignlab generate: --out: expected UTF-8, found byte 0xc3"}));
  EXPECT_TRUE(tests::tree_of(folder_.path()).empty());
}

TEST_F(Usage, RefusesAnExtractionThatCannotBe) {
  const auto refusal = [&](const std::string& kind, const Words& more) {
    Words words{"extract", "d.h5", "--modality", "image", "--kind", kind};
    words.insert(words.end(), more.begin(), more.end());
    return run(words);
  };
  for (const char* jobs : {"0", "-1", "1025", "2000000000"}) {
    EXPECT_TRUE(refused(refusal("hog", {std::string("--jobs=") + jobs}), 2,
                        {std::string("alignlab extract: -j: expected 1 to 1024, found ") + jobs}));
  }
  EXPECT_TRUE(refused(refusal("hog", {"size=32", "cell=8", "size=64"}), 2,
                      {"alignlab extract: 'size' is given twice"}));
  EXPECT_TRUE(refused(refusal("hog", {"size=9999999999999999999"}), 2,
                      {"alignlab extract: size: 9999999999999999999 is too large"}));
  for (const char* kind : {"stored", "hog+stored"}) {
    EXPECT_TRUE(refused(refusal(kind, {"name=x"}), 2,
                        {"alignlab extract: 'stored' features are not made from items"}));
  }
  EXPECT_TRUE(refused(refusal("HOG", {}), 2, {"unknown feature kind 'HOG' (did you mean 'hog'?)"}));
}

TEST_F(Usage, ListShowsEveryVariantByName) {
  const std::string text = output({"list"});
  for (const char* name : {"random", "mlp-mse", "contrastive", "cluster-matching", "tfidf", "hog",
                           "R@k", "MedR", "coco", "flickr8k", "flickr8k-1k", "all-pairs"}) {
    EXPECT_TRUE(contains(text, std::string("\n  ") + name + " ")) << name;
  }
}

void expect_option(const json& option) {
  EXPECT_TRUE(option.at("name").is_string());
  EXPECT_TRUE(option.at("summary").is_string());
  EXPECT_TRUE(option.at("range").is_string());
  const std::set<std::string> types{"boolean",  "integer", "real", "text",
                                    "integers", "reals",   "texts"};
  EXPECT_TRUE(types.contains(option.at("type"))) << option;
  const json& fallback = option.at("default");
  if (fallback.is_null()) return;  // the config must say it
  EXPECT_EQ(fallback.is_array(), option.at("type").get<std::string>().ends_with("s")) << option;
}

TEST_F(Usage, ListAsJsonHasTheDocumentedShape) {
  const json all = json::parse(output({"list", "--json"}));
  for (const char* kind :
       {"aligners", "features", "metrics", "kernels", "similarities", "formats", "protocols"}) {
    ASSERT_TRUE(all.contains(kind)) << kind;
    EXPECT_FALSE(all.at(kind).empty()) << kind;
  }
  for (const auto& [kind, rows] : all.items()) {
    std::set<std::string> names;
    for (const json& row : rows) {
      EXPECT_EQ(row.size(), 3U) << row;
      EXPECT_TRUE(names.insert(row.at("name")).second)
          << kind << " has " << row.at("name") << " twice";
      EXPECT_TRUE(row.at("summary").is_string());
      for (const json& option : row.at("options")) {
        EXPECT_EQ(option.size(), 5U) << option;
        expect_option(option);
      }
    }
  }
}

TEST_F(Usage, ListAsJsonTellsAnOptionsTypeDefaultAndRange) {
  const json aligners = json::parse(output({"list", "aligners", "--json"}));
  EXPECT_EQ(aligners.size(), 1U);
  for (const json& row : aligners.at("aligners")) {
    if (row.at("name") != "contrastive") continue;
    for (const json& option : row.at("options")) {
      if (option.at("name") != "temperature") continue;
      EXPECT_EQ(option.at("type"), "real");
      EXPECT_EQ(option.at("default"), 0.07);
      EXPECT_EQ(option.at("range"), "0.01 to 100");
      return;
    }
  }
  ADD_FAILURE() << "contrastive has no temperature";
}

TEST_F(Usage, ListOfOneCatalogShowsItsOptions) {
  const std::string text = output({"list", "aligners"});
  EXPECT_TRUE(contains(text, "temperature"));
  EXPECT_TRUE(contains(text, "0.07"));
  EXPECT_TRUE(is_plain(text));
  EXPECT_EQ(text.find("kernels"), std::string::npos);
}

TEST_F(Usage, ListOfOneRowShowsThatRow) {
  const std::string text = output({"list", "features", "hog"});
  EXPECT_TRUE(text.starts_with("features\n  hog ")) << text;
  EXPECT_TRUE(contains(text, "\n    cell ")) << text;
  EXPECT_EQ(text.find("tfidf"), std::string::npos);
  const json rows = json::parse(output({"list", "features", "hog", "--json"})).at("features");
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows.at(0).at("name"), "hog");
  EXPECT_TRUE(refused(run({"list", "features", "hogg"}), 2,
                      {"alignlab list: unknown row of features 'hogg' (did you mean 'hog'?)"}));
}

TEST_F(Usage, ListSaysHowToSeeOptions) {
  EXPECT_EQ(run({"list"}).err,
            "note: 'alignlab list CATALOG' and 'alignlab list CATALOG ROW' show options as well\n");
  EXPECT_EQ(run({"list", "aligners"}).err, "");
  EXPECT_EQ(run({"list", "--json"}).err, "");
}

TEST_F(Usage, ListShowsTheOptionsOfEverySectionAndWhatColumnsCanBe) {
  const std::string sections = output({"list", "sections"});
  for (const char* option : {"seed", "description", "file", "threads", "split", "columns"}) {
    EXPECT_TRUE(contains(sections, std::string("\n    ") + option + " ")) << option;
  }
  const std::string columns = output({"list", "columns"});
  for (const char* column : {"<direction>.<metric>", "rsum", "timing.embed_s"}) {
    EXPECT_TRUE(contains(columns, std::string("\n  ") + column + " ")) << column;
  }
}

}  // namespace
}  // namespace alignlab
