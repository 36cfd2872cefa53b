// What the catalog says of kinds that name files, and of kinds joined.

#include <gtest/gtest.h>

#include "core/hash.h"
#include "tests/core/testing.h"
#include "tests/data/fixtures.h"
#include "tests/features/fixtures.h"

namespace alignlab {
namespace {

using tests::message_of;
using tests::ScratchFolder;
using tests::spec_of;
using tests::write_text;

const Place kPlace{"c.toml", 2, 1};

TEST(FilesOf, AreThoseThatOptionsName) {
  const ScratchFolder folder;
  write_text(folder / "a", "content");
  const std::string path = (folder / "a").string(), hash = hash_of("content").hex();
  using Files = std::map<std::string, std::string>;
  const auto files = [](const std::string& kind, const std::string& options) {
    return files_of(spec_of(kind, Modality::kText, options));
  };
  EXPECT_EQ(files("word-vectors", "file = \"" + path + "\""), (Files{{"file", hash}}));
  EXPECT_EQ(files("tokens", "vectors = \"skip-gram\""), Files{});
  EXPECT_EQ(files("tokens", "vectors = \"file\"\nfile = \"" + path + "\""),
            (Files{{"file", hash}}));
  EXPECT_EQ(files("sentence-encoder", "file = \"" + path + "\"\nvocabulary = \"" + path + "\""),
            (Files{{"file", hash}, {"vocabulary", hash}}));
  EXPECT_EQ(files("skip-gram+word-vectors",
                  "file = \"" + path + "\"\nstop_words_file = \"" + path + "\""),
            (Files{{"file", hash}, {"stop_words_file", hash}}));
}

TEST(CheckFeatures, RefuseVectorsOfAFileThatIsNotNamed) {
  const auto refusal = [](const std::string& options) {
    return message_of<ConfigError>(
        [&] { check_features(spec_of("tokens", Modality::kText, options), kPlace); });
  };
  EXPECT_EQ(refusal("vectors = \"file\""),
            "c.toml:2:1: vectors = \"file\" and the name of a file go together: found vectors = "
            "\"file\", file = \"\"");
  EXPECT_EQ(refusal("file = \"v.bin\""),
            "c.toml:2:1: vectors = \"file\" and the name of a file go together: found vectors = "
            "\"none\", file = \"v.bin\"");
  check_features(spec_of("tokens", Modality::kText, "vectors = \"file\"\nfile = \"v\""), kPlace);
  check_features(spec_of("tokens", Modality::kText, "vectors = \"skip-gram\""), kPlace);
}

TEST(FeatureRows, RefuseToJoinKindsThatMeanDifferentThingsByAnOption) {
  const auto refusal = [](const std::string& kind) {
    return message_of<ConfigError>([&] { feature_rows(kind, Modality::kText, kPlace); });
  };
  EXPECT_EQ(refusal("word-vectors+sentence-encoder"),
            "c.toml:2:1: 'word-vectors+sentence-encoder' joins kinds that share their options; "
            "'word-vectors' and 'sentence-encoder' mean different things by 'file'");
  EXPECT_EQ(refusal("skip-gram+sentence-encoder"),
            "c.toml:2:1: 'skip-gram+sentence-encoder' joins kinds that share their options; "
            "'skip-gram' and 'sentence-encoder' mean different things by 'pooling'");
  EXPECT_EQ(feature_rows("word-vectors+skip-gram+stored", Modality::kText, kPlace).size(), 3U);
}

}  // namespace
}  // namespace alignlab
