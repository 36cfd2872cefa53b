#include "record/manifest.h"

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "core/files.h"
#include "tests/core/testing.h"

namespace alignlab {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using tests::contains;
using tests::message_of;
using tests::ScratchFolder;

Manifest sample() {
  return {"loss-ablation",
          {"image_to_text.R@1", "rsum"},
          {{"id1", "MLP, 512", 0, "flickr8k-1k", "dev", {"image", "text"}, "f8k.h5", "5eed"},
           {"id2", "random", -3, "all-pairs", "test"}}};
}

const char* const kSample = R"({"schema": 1, "name": "loss-ablation",
  "columns": ["image_to_text.R@1", "rsum"],
  "trials": [
    {"id": "id1", "row": "MLP, 512", "seed": 0, "protocol": "flickr8k-1k", "split": "dev",
     "modalities": ["image", "text"], "dataset": "f8k.h5", "data": "5eed"},
    {"id": "id2", "row": "random", "seed": -3, "protocol": "all-pairs", "split": "test",
     "modalities": [], "dataset": "", "data": ""}]})";

void write_run(const fs::path& run, const std::string& text) {
  std::ofstream(run / "run.json", std::ios::binary | std::ios::trunc) << text;
}

TEST(Manifest, IsWrittenAsTheSchemaSays) {
  const ScratchFolder run;
  write_manifest(run.path(), sample());
  EXPECT_EQ(json::parse(read_file(run / "run.json")), json::parse(kSample));
}

TEST(Manifest, ReadsBackInTableOrder) {
  const ScratchFolder run;
  write_run(run.path(), kSample);
  const Manifest read = read_manifest(run.path());
  EXPECT_EQ(read.name, "loss-ablation");
  EXPECT_EQ(read.columns, (std::vector<std::string>{"image_to_text.R@1", "rsum"}));
  ASSERT_EQ(read.trials.size(), 2U);
  EXPECT_EQ(read.trials[0].id, "id1");
  EXPECT_EQ(read.trials[0].row, "MLP, 512");
  EXPECT_EQ(read.trials[0].seed, 0);
  EXPECT_EQ(read.trials[0].protocol, "flickr8k-1k");
  EXPECT_EQ(read.trials[0].split, "dev");
  EXPECT_EQ(read.trials[0].modalities, (std::vector<std::string>{"image", "text"}));
  EXPECT_EQ(read.trials[0].dataset, "f8k.h5");
  EXPECT_EQ(read.trials[0].data, "5eed");
  EXPECT_EQ(read.trials[1].id, "id2");
  EXPECT_EQ(read.trials[1].seed, -3);
  EXPECT_EQ(read.trials[1].split, "test");
}

TEST(Manifest, OfAnEarlierRunSaysNothingOfModalitiesAndData) {
  const ScratchFolder run;
  write_run(run.path(),
            R"({"schema": 1, "name": "r", "columns": [], "trials": [{"id": "id1", "row": "A",)"
            R"( "seed": 0, "protocol": "all-pairs", "split": "test"}]})");
  const Manifest read = read_manifest(run.path());
  EXPECT_TRUE(read.trials.at(0).modalities.empty());
  EXPECT_EQ(read.trials.at(0).dataset + read.trials.at(0).data, "");
}

TEST(Manifest, MakesTheFolderOfARunThatStarts) {
  const ScratchFolder folder;
  write_manifest(folder / "new", sample());
  EXPECT_EQ(read_manifest(folder / "new").trials.size(), 2U);
}

TEST(Manifest, SaysThatAFolderIsNoRun) {
  const ScratchFolder run;
  EXPECT_EQ(message_of<DataError>([&] { read_manifest(run.path()); }),
            run.path().string() + ": not a run (it has no run.json)");
}

TEST(Manifest, NamesTheFileAndWhatIsWrongInIt) {
  const ScratchFolder run;
  const std::string path = (run / "run.json").string();
  const auto message_for = [&](const std::string& text) {
    write_run(run.path(), text);
    return message_of<DataError>([&] { read_manifest(run.path()); });
  };
  json broken = json::parse(kSample);
  broken["schema"] = 2;
  EXPECT_EQ(message_for(broken.dump()), path + ": expected a run of schema 1, found 2");
  broken = json::parse(kSample);
  broken["trials"][1].erase("protocol");
  const std::string message = message_for(broken.dump());
  EXPECT_TRUE(message.starts_with(path + ": not a run manifest: ")) << message;
  EXPECT_TRUE(contains(message, "'protocol'"));
  for (const char* text : {"", "{", "[]", "3"}) {
    EXPECT_TRUE(message_for(text).starts_with(path + ": not a run manifest: ")) << text;
  }
}

TEST(Manifest, SaysWhereRecordsAndRanksOfATrialAre) {
  EXPECT_EQ(record_path("out", "id1"), fs::path("out/trials/id1.json"));
  EXPECT_EQ(ranks_path("out", "id1"), fs::path("out/ranks/id1.h5"));
}

}  // namespace
}  // namespace alignlab
