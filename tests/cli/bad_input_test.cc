// Whatever is wrong with an input: one line that names file and place, and nothing written.

#include <cmath>
#include <cstring>
#include <fstream>
#include <limits>

#include "core/files.h"
#include "data/npy.h"
#include "tests/cli/lab.h"

namespace alignlab {
namespace {

namespace fs = std::filesystem;
using tests::Outcome;
using tests::ScratchFolder;
using tests::Words;

constexpr const char* kConfig =
    "[dataset]\n"
    "file = \"d.h5\"\n"
    "[features.image]\n"
    "kind = \"colour-histogram\"\n"
    "[features.text]\n"
    "kind = \"tfidf\"\n"
    "[aligner]\n"
    "kind = \"random\"\n"
    "width = 8\n";

class BadInput : public ::testing::Test {
 protected:
  void write(const std::string& name, const std::string& text) const {
    fs::create_directories((folder_ / name).parent_path());
    std::ofstream(folder_ / name, std::ios::binary) << text;
  }
  /// The data set d.h5, or as many of its bytes.
  void write_dataset(double share = 1.0) const {
    const std::string bytes = read_file(tests::scenes() / "scenes.h5");
    write("d.h5",
          bytes.substr(0, static_cast<std::size_t>(share * static_cast<double>(bytes.size()))));
  }
  /// A matrix of 16 columns for the images, and what may be wrong with it.
  void write_matrix(std::size_t rows) const { write_npy(folder_ / "x.npy", Matrix(rows, 16)); }

  /// Refused, and the folder is as it was.
  ::testing::AssertionResult refuses(const Words& arguments, int code, const Words& parts) const {
    const tests::Tree before = tests::tree_of(folder_.path());
    const auto result = tests::refused(tests::alignlab(folder_.path(), arguments), code, parts);
    const tests::Tree after = tests::tree_of(folder_.path());
    if (result && after != before) {
      const Words changed = tests::changes(before, after);
      return ::testing::AssertionFailure()
             << (changed.empty() ? "something was removed" : "written: " + changed.front());
    }
    return result;
  }
  /// The config, changed, refused by `run` before anything is written.
  ::testing::AssertionResult run_refuses(const std::string& config, int code, const Words& parts,
                                         const Words& overrides = {}) const {
    write("c.toml", config);
    Words arguments{"run", "c.toml", "--out", "run", "--store", "store"};
    arguments.insert(arguments.end(), overrides.begin(), overrides.end());
    return refuses(arguments, code, parts);
  }
  ::testing::AssertionResult add_refuses(int code, const Words& parts,
                                         const Words& more = {}) const {
    Words arguments{"add-features", "d.h5", "--modality", "image",
                    "--name",       "net",  "--matrix",   "x.npy"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return refuses(arguments, code, parts);
  }
  ::testing::AssertionResult import_refuses(const std::string& format, const Words& sources,
                                            const Words& parts) const {
    Words arguments{"import", format};
    arguments.insert(arguments.end(), sources.begin(), sources.end());
    arguments.insert(arguments.end(), {"--out", "out.h5"});
    return refuses(arguments, 3, parts);
  }

  const ScratchFolder folder_;
};

TEST_F(BadInput, ABrokenConfigIsRefusedAtItsPlace) {
  write_dataset();
  EXPECT_TRUE(run_refuses("[dataset]\nfile = \"d.h5\n", 2, {"c.toml:2:"}));
  EXPECT_TRUE(run_refuses("[dataset\n", 2, {"c.toml:1:"}));
  EXPECT_TRUE(run_refuses("a = 1\na = 2\n", 2, {"c.toml:2:"}));
  EXPECT_TRUE(run_refuses(std::string("\xff\xfe\x00\x01", 4), 2, {"c.toml:1:"}));
  EXPECT_TRUE(run_refuses("", 2, {"c.toml: [dataset] is missing"}));
}

TEST_F(BadInput, AConfigThatIsNotThereIsRefused) {
  EXPECT_TRUE(refuses({"run", "nothing.toml"}, 2, {"nothing.toml: no such file"}));
  EXPECT_TRUE(refuses({"run", "."}, 2, {".: expected a file"}));
}

TEST_F(BadInput, AnUnknownKeyIsRefusedAtItsPlace) {
  write_dataset();
  EXPECT_TRUE(run_refuses(std::string(kConfig) + "widht = 9\n", 2,
                          {"c.toml:10:1: unknown key 'aligner.widht' (did you mean 'width'?)"}));
  EXPECT_TRUE(run_refuses(kConfig, 2,
                          {"override 'aligner.widht=9': ", "(did you mean 'aligner.width'?)"},
                          {"aligner.widht=9"}));
  EXPECT_TRUE(run_refuses(kConfig, 2, {"override 'seed': expected key=value"}, {"seed"}));
}

TEST_F(BadInput, AVariantOrValueThatCannotBeIsRefusedAtItsPlace) {
  write_dataset();
  std::string config = kConfig;
  config.replace(config.find("random"), 6, "contrastve");
  EXPECT_TRUE(run_refuses(config, 2,
                          {"c.toml:8:1: unknown aligner 'contrastve' (did you mean "
                           "'contrastive'?)"}));
  EXPECT_TRUE(run_refuses(kConfig, 2, {"aligner.width: expected a value 1 to 65536, found 0"},
                          {"aligner.width=0"}));
  EXPECT_TRUE(run_refuses(std::string(kConfig) + "[table]\ncolumns = [\"image_to_text.Q@1\"]\n", 2,
                          {"c.toml:11:1: unknown metric 'Q@1'"}));
}

TEST_F(BadInput, OneBadTrialOfASweepStopsItBeforeTheFirstStarts) {
  write_dataset();
  EXPECT_TRUE(run_refuses(std::string(kConfig) + "[sweep.grid]\n\"aligner.width\" = [8, 16, -1]\n",
                          2,
                          {"c.toml:11:", "aligner.width: expected a value 1 to 65536, found -1"}));
}

TEST_F(BadInput, ADataSetThatIsNotThereIsRefused) {
  EXPECT_TRUE(run_refuses(
      kConfig, 3,
      {"d.h5: no such file (looked for in " + fs::canonical(folder_.path()).string() + ")"}));
  EXPECT_TRUE(refuses({"inspect", "d.h5"}, 3, {"d.h5: no such file"}));
  write_matrix(60);
  EXPECT_TRUE(add_refuses(3, {"d.h5: no such file"}));
}

TEST_F(BadInput, ATruncatedDataSetIsRefused) {
  for (const double share : {0.01, 0.5, 0.99}) {
    write_dataset(share);
    EXPECT_TRUE(run_refuses(kConfig, 3, {"d.h5: ", "truncated"})) << share;
    EXPECT_TRUE(refuses({"inspect", "d.h5"}, 3, {"d.h5: ", "truncated"})) << share;
    write_matrix(60);
    EXPECT_TRUE(add_refuses(3, {"d.h5: ", "truncated"})) << share;
  }
}

TEST_F(BadInput, AFileOfAnotherFormatIsRefusedAsADataSet) {
  write("d.h5", "image,caption\n1.png,a dog\n");
  EXPECT_TRUE(run_refuses(kConfig, 3, {"d.h5: expected an HDF5 file"}));
  EXPECT_TRUE(refuses({"inspect", "d.h5"}, 3, {"d.h5: expected an HDF5 file"}));
  write("d.h5", "");
  EXPECT_TRUE(refuses({"inspect", "d.h5"}, 3, {"d.h5: expected an HDF5 file"}));
}

TEST_F(BadInput, ASplitWithoutItemsIsRefusedBeforeAnyTrialStarts) {
  const std::string annotations = (tests::scenes() / "scenes" / "annotations").string();
  tests::output_of(folder_.path(), {"import", "coco", annotations + "/captions_train.json",
                                    annotations + "/captions_dev.json", "--out", "d.h5"});
  EXPECT_TRUE(run_refuses(
      kConfig, 3,
      {"d.h5: split test has no image items (train 36, dev 12); [eval] split = \"dev\""},
      {"eval.split=test"}));
}

TEST_F(BadInput, AFileOfAnOptionThatIsNotThereIsRefusedBeforeAnyTrialStarts) {
  write_dataset();
  for (const char* when : {"-j2", "--dry-run"}) {
    EXPECT_TRUE(run_refuses(kConfig, 2,
                            {"features.text.stop_words_file: expected a file, found none at 'no'"},
                            {"features.text.stop_words_file=no", when}));
  }
}

TEST_F(BadInput, AnUnknownStoredFeatureIsRefusedWithASuggestion) {
  write_dataset();
  write_matrix(60);
  tests::output_of(folder_.path(), {"add-features", "d.h5", "--modality", "image", "--name",
                                    "mobilenet", "--matrix", "x.npy"});
  EXPECT_TRUE(run_refuses(kConfig, 3,
                          {"d.h5: no image features 'mobilnet' (did you mean 'mobilenet'?)"},
                          {"features.image.kind=stored", "features.image.name=mobilnet"}));
}

TEST_F(BadInput, AProtocolThatTheDataDoesNotFitIsRefusedBeforeAnyTrialStarts) {
  write_dataset();
  EXPECT_TRUE(run_refuses(kConfig, 3,
                          {"d.h5: split test: protocol 'flickr8k-1k' is defined on 1000 images with "
                           "5 captions each, found 12 images"},
                          {"eval.protocol=flickr8k-1k"}));
}

TEST_F(BadInput, AnInstructionSetThatTheMachineLacksIsRefusedBeforeAnyTrialStarts) {
  write_dataset();
  ::setenv("ALIGNLAB_ISA", "sse9", 1);
  const auto refused = run_refuses(kConfig, 2, {"ALIGNLAB_ISA=sse9: not available on this machine"});
  ::unsetenv("ALIGNLAB_ISA");
  EXPECT_TRUE(refused);
}

TEST_F(BadInput, JsonThatIsCutInTheMiddleIsRefusedAtItsPlace) {
  const std::string json =
      read_file(tests::scenes() / "scenes" / "annotations" / "captions_train.json");
  for (const double share : {0.2, 0.5, 0.95}) {
    write("captions_train.json",
          json.substr(0, static_cast<std::size_t>(share * static_cast<double>(json.size()))));
    EXPECT_TRUE(import_refuses("coco", {"captions_train.json"},
                               {"captions_train.json:", "found the end of the file"}));
  }
  write("captions_train.json", "");
  EXPECT_TRUE(
      import_refuses("coco", {"captions_train.json"},
                     {"captions_train.json:1:1: expected JSON, found the end of the file"}));
}

TEST_F(BadInput, JsonOfAnotherShapeIsRefused) {
  write("captions_train.json", "[1, 2]");
  EXPECT_TRUE(import_refuses("coco", {"captions_train.json"},
                             {"captions_train.json: expected an object with 'images'"}));
  write(
      "captions_train.json",
      R"({"images": [{"id": 1, "file_name": "a.png"}], "annotations": [{"id": 1, "image_id": 1}]})");
  EXPECT_TRUE(import_refuses("coco", {"captions_train.json"},
                             {"captions_train.json: annotations[0]: 'caption' is missing"}));
}

TEST_F(BadInput, AMalformedTokenLineIsRefusedAtItsLine) {
  write("f/captions.token.txt", "a.jpg#0\tA dog.\nb.jpg#0 A cat.\n");
  write("f/Flickr_8k.trainImages.txt", "a.jpg\n");
  EXPECT_TRUE(
      import_refuses("flickr8k", {"f"}, {"f/captions.token.txt:2: expected 'image#number"}));
  write("f/captions.token.txt", "a.jpg#0\tA dog.\n\tA cat.\n");
  EXPECT_TRUE(
      import_refuses("flickr8k", {"f"}, {"f/captions.token.txt:2: expected 'image#number"}));
}

TEST_F(BadInput, DuplicateIdsAreRefusedWhereTheyComeBack) {
  write("f/captions.token.txt", "a.jpg#0\tA dog.\na.jpg#1\tA cat.\na.jpg#0\tA cow.\n");
  write("f/Flickr_8k.trainImages.txt", "a.jpg\n");
  EXPECT_TRUE(import_refuses("flickr8k", {"f"}, {"f/captions.token.txt:3: ", "'a.jpg#0'"}));
  write("captions_train.json",
        R"({"images": [{"id": 1, "file_name": "a.png"}, {"id": 1, "file_name": "b.png"}],)"
        R"( "annotations": []})");
  EXPECT_TRUE(
      import_refuses("coco", {"captions_train.json"}, {"captions_train.json: images[1]", "'1'"}));
}

TEST_F(BadInput, SourcesThatAreNotThereAreRefused) {
  EXPECT_TRUE(import_refuses("coco", {"nowhere"}, {"nowhere: "}));
  EXPECT_TRUE(import_refuses("flickr8k", {"nowhere"}, {"nowhere"}));
  fs::create_directory(folder_ / "empty");
  EXPECT_TRUE(import_refuses("coco", {"empty"}, {"empty: expected"}));
  EXPECT_TRUE(import_refuses("flickr8k", {"empty"}, {"empty: expected"}));
}

TEST_F(BadInput, NanInFeaturesIsRefusedByRowAndColumn) {
  write_dataset();
  Matrix matrix(60, 16);
  matrix.row(41)[7] = std::numeric_limits<float>::quiet_NaN();
  write_npy(folder_ / "x.npy", matrix);
  EXPECT_TRUE(add_refuses(3, {"x.npy: row 41", "column 7: expected a finite value, found nan"}));
  matrix.row(41)[7] = -std::numeric_limits<float>::infinity();
  write_npy(folder_ / "x.npy", matrix);
  EXPECT_TRUE(add_refuses(3, {"x.npy: row 41", "column 7: expected a finite value, found -inf"}));
}

TEST_F(BadInput, AMatrixOfTheWrongHeightIsRefused) {
  write_dataset();
  write_matrix(59);
  EXPECT_TRUE(add_refuses(3, {"x.npy: expected 60 rows", "found 59"}));
  write("names.txt", "a\nb\n");
  EXPECT_TRUE(add_refuses(3, {"names.txt: expected 59 ids", "found 2"}, {"--ids", "names.txt"}));
}

TEST_F(BadInput, AMatrixOfTheWrongTypeOrLengthIsRefused) {
  write_dataset();
  write_matrix(60);
  std::string bytes = read_file(folder_ / "x.npy");
  const std::size_t type = bytes.find("<f4");
  ASSERT_NE(type, std::string::npos);
  write("x.npy", std::string(bytes).replace(type, 3, "<i4"));
  EXPECT_TRUE(add_refuses(3, {"x.npy: ", "int32"}));
  write("x.npy", bytes.substr(0, bytes.size() - 1));
  EXPECT_TRUE(add_refuses(3, {"x.npy: "}));
  write("x.npy", "1,2,3\n");
  EXPECT_TRUE(add_refuses(3, {"x.npy: "}));
  fs::remove(folder_ / "x.npy");
  EXPECT_TRUE(add_refuses(3, {"x.npy: no such file"}));
}

TEST_F(BadInput, AFeatureNameThatIsTakenOrCannotBeIsRefused) {
  write_dataset();
  write_matrix(60);
  const Words add{"add-features", "d.h5", "--modality", "image", "--matrix", "x.npy", "--name"};
  Words again = add;
  again.emplace_back("net");
  tests::output_of(folder_.path(), again);
  EXPECT_TRUE(refuses(again, 3, {"/features/image/net: already there"}));
  Words strange = add;
  strange.emplace_back("a/b");
  EXPECT_TRUE(refuses(strange, 2, {"feature name: ", "'a/b'"}));
}

TEST_F(BadInput, AFolderThatIsNoRunIsRefusedByTable) {
  fs::create_directory(folder_ / "run");
  EXPECT_TRUE(refuses({"table", "run"}, 3, {"run: not a run (it has no run.json)"}));
  EXPECT_TRUE(refuses({"table", "nowhere"}, 3, {"nowhere: not a run"}));
  write("run/run.json", "{\"schema\": 1");
  EXPECT_TRUE(refuses({"table", "run"}, 3, {"run/run.json: not a run manifest"}));
  write("run/run.json", "{\"schema\": 99}");
  EXPECT_TRUE(refuses({"table", "run"}, 3, {"run/run.json: expected a run of schema 1, found 99"}));
}

}  // namespace
}  // namespace alignlab
