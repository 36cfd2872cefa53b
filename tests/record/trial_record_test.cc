#include "record/trial_record.h"

#include <gtest/gtest.h>

#include <fstream>

#include "core/files.h"
#include "tests/core/testing.h"

namespace alignlab {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using tests::contains;
using tests::message_of;
using tests::ScratchFolder;

TrialRecord full_record() {
  TrialRecord record;
  record.id = "0123abcd";
  record.case_name = "MLP \"wide\"";
  record.seed = 7;
  record.status = "ok";
  record.spec = {{"aligner", {{"kind", "mlp-mse"}, {"hidden", {512, 256}}}}};
  record.spec_hash = "ffee";
  record.dataset = {{"name", "scenes"}, {"file", "data/scenes.h5"}, {"content_hash", "aa"}};
  record.stages = {{"fit", "k1", "c1", true, {}}, {"ranks", "k2", "c2", false, {}}};
  record.provenance = {
      "abc-dirty", "g++ 12", {{"torch", "1.13.1"}}, "/lib/libblas.so.3", "a cpu", "avx512",
      "cpu",       3};
  record.metrics = {{"image_to_text", {{"R@1", 100.0 / 3.0}, {"MedR", 2.0}}},
                    {"both", {{"rsum", 0.1 + 0.2}}}};
  record.measures = {{"geometry", {{"linear_CKA", 0.5}}}};
  record.tie_rate = {{"image_to_text", 0.25}};
  record.intervals["image_to_text"]["R@1"] = {30.25, 36.5};
  record.counts = {{"image_to_text", {{"queries", 1000.0}}}};
  record.timing = {{"fit_s", {1.5, 2.5}}, {"rank_s", {}}};
  record.search = {{"image_to_text", {{"index_mb", 2.5}}}};
  record.peak_memory_bytes = std::int64_t{5} << 40;
  return record;
}

/// The same, written by hand.
const char* const kFullRecord = R"({
  "schema": 3, "id": "0123abcd", "case": "MLP \"wide\"", "seed": 7, "status": "ok", "error": "",
  "spec": {"aligner": {"kind": "mlp-mse", "hidden": [512, 256]}}, "spec_hash": "ffee",
  "dataset": {"name": "scenes", "file": "data/scenes.h5", "content_hash": "aa"},
  "stages": [{"name": "fit", "key": "k1", "checksum": "c1", "cached": true},
             {"name": "ranks", "key": "k2", "checksum": "c2", "cached": false}],
  "provenance": {"commit": "abc-dirty", "compiler": "g++ 12", "libraries": {"torch": "1.13.1"},
                 "blas": "/lib/libblas.so.3", "cpu": "a cpu", "isa": "avx512", "device": "cpu",
                 "threads": 3},
  "metrics": {"image_to_text": {"R@1": 33.333333333333336, "MedR": 2.0},
              "both": {"rsum": 0.30000000000000004}},
  "intervals": {"image_to_text": {"R@1": [30.25, 36.5]}},
  "measures": {"geometry": {"linear_CKA": 0.5}},
  "tie_rate": {"image_to_text": 0.25}, "counts": {"image_to_text": {"queries": 1000.0}},
  "timing": {"fit_s": [1.5, 2.5], "rank_s": []}, "search": {"image_to_text": {"index_mb": 2.5}},
  "peak_memory_bytes": 5497558138880})";

void write_text(const fs::path& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
}

TEST(TrialRecord, IsTheJsonThatTheSchemaSays) {
  EXPECT_EQ(to_json(full_record()), json::parse(kFullRecord));
}

TEST(TrialRecord, ReadsBackEveryFieldUnrounded) {
  const ScratchFolder folder;
  write_text(folder / "r.json", kFullRecord);
  const TrialRecord read = read_record(folder / "r.json");
  const TrialRecord wanted = full_record();
  EXPECT_EQ(read.id, wanted.id);
  EXPECT_EQ(read.case_name, wanted.case_name);
  EXPECT_EQ(read.seed, 7);
  EXPECT_TRUE(read.ok());
  EXPECT_EQ(read.error, "");
  EXPECT_EQ(read.spec, wanted.spec);
  EXPECT_EQ(read.spec_hash, "ffee");
  EXPECT_EQ(read.dataset, wanted.dataset);
  ASSERT_EQ(read.stages.size(), 2U);
  EXPECT_EQ(read.stages[0].stage, "fit");
  EXPECT_EQ(read.stages[0].key, "k1");
  EXPECT_EQ(read.stages[0].checksum, "c1");
  EXPECT_TRUE(read.stages[0].cached);
  EXPECT_FALSE(read.stages[1].cached);
  EXPECT_EQ(read.provenance.commit, "abc-dirty");
  EXPECT_EQ(read.provenance.compiler, "g++ 12");
  EXPECT_EQ(read.provenance.libraries, wanted.provenance.libraries);
  EXPECT_EQ(read.provenance.blas, "/lib/libblas.so.3");
  EXPECT_EQ(read.provenance.cpu, "a cpu");
  EXPECT_EQ(read.provenance.isa, "avx512");
  EXPECT_EQ(read.provenance.device, "cpu");
  EXPECT_EQ(read.provenance.threads, 3);
  EXPECT_EQ(read.metrics, wanted.metrics);
  EXPECT_EQ(read.tie_rate, wanted.tie_rate);
  EXPECT_EQ(read.counts, wanted.counts);
  EXPECT_EQ(read.timing, wanted.timing);
  EXPECT_EQ(read.search.at("image_to_text").at("index_mb"), 2.5);
  EXPECT_EQ(read.peak_memory_bytes, 5497558138880);
}

TEST(TrialRecord, IsTheSameFileAfterReadingAndWritingIt) {
  const ScratchFolder folder;
  write_record(folder / "a.json", full_record());
  write_record(folder / "b.json", read_record(folder / "a.json"));
  EXPECT_EQ(read_file(folder / "a.json"), read_file(folder / "b.json"));
  EXPECT_EQ(json::parse(read_file(folder / "a.json")), json::parse(kFullRecord));
}

TEST(TrialRecord, KeepsTheErrorOfAFailedTrial) {
  const ScratchFolder folder;
  TrialRecord record;
  record.status = "failed";
  record.error = "data/x.h5: row 3: expected a finite number, found nan";
  write_record(folder / "r.json", record);
  const TrialRecord read = read_record(folder / "r.json");
  EXPECT_FALSE(read.ok());
  EXPECT_EQ(read.error, record.error);
}

TEST(TrialRecord, IsWrittenEvenWhereAnErrorNamesAFileInAnotherEncoding) {
  const ScratchFolder folder;
  TrialRecord record;
  record.status = "failed";
  record.error = "caf\xe9.jpg: no such file";
  write_record(folder / "r.json", record);
  EXPECT_EQ(read_record(folder / "r.json").error, "caf\xef\xbf\xbd.jpg: no such file");
}

TEST(ReadRecord, NamesTheFileAndEveryKeyThatIsMissing) {
  const ScratchFolder folder;
  const fs::path path = folder / "r.json";
  const json whole = json::parse(kFullRecord);
  for (const auto& [key, value] : whole.items()) {
    json lacking = whole;
    lacking.erase(key);
    write_text(path, lacking.dump());
    const std::string message = message_of<DataError>([&] { read_record(path); });
    EXPECT_TRUE(message.starts_with(path.string() + ": not a trial record: ")) << message;
    EXPECT_TRUE(contains(message, "'" + key + "'"));
  }
}

TEST(ReadRecord, NamesTheFileAndEveryKeyOfAWrongType) {
  const ScratchFolder folder;
  const fs::path path = folder / "r.json";
  const json whole = json::parse(kFullRecord);
  for (const auto& [key, value] : whole.items()) {
    // These hold whatever JSON there is.
    if (key == "schema" || key == "spec" || key == "dataset") continue;
    json wrong = whole;
    wrong[key] = value.is_string() ? json(3) : json("text");
    write_text(path, wrong.dump());
    const std::string message = message_of<DataError>([&] { read_record(path); });
    EXPECT_TRUE(message.starts_with(path.string() + ": not a trial record: ")) << message;
    EXPECT_TRUE(contains(message, "'" + key + "'"));
  }
}

TEST(ReadRecord, NamesTheKeyWithinProvenanceAndStages) {
  const ScratchFolder folder;
  const fs::path path = folder / "r.json";
  json lacking = json::parse(kFullRecord);
  lacking["provenance"].erase("isa");
  write_text(path, lacking.dump());
  EXPECT_TRUE(contains(message_of<DataError>([&] { read_record(path); }), "'isa'"));
  lacking = json::parse(kFullRecord);
  lacking["stages"][1].erase("checksum");
  write_text(path, lacking.dump());
  EXPECT_TRUE(contains(message_of<DataError>([&] { read_record(path); }), "'checksum'"));
}

TEST(ReadRecord, SaysWhichSchemaItFound) {
  const ScratchFolder folder;
  const fs::path path = folder / "r.json";
  json other = json::parse(kFullRecord);
  other["schema"] = 99;
  write_text(path, other.dump());
  EXPECT_EQ(message_of<DataError>([&] { read_record(path); }),
            path.string() + ": expected a record of schema 3, found 99");
}

TEST(ReadRecord, RefusesWhatIsNoJsonOrNoObjectAndNamesTheFile) {
  const ScratchFolder folder;
  const fs::path path = folder / "r.json";
  for (const char* text : {"", "{\"schema\": 1,", "[1, 2]", "null", "\xff\xfe"}) {
    write_text(path, text);
    const std::string message = message_of<DataError>([&] { read_record(path); });
    EXPECT_TRUE(message.starts_with(path.string() + ": not a trial record: ")) << message;
  }
  EXPECT_EQ(message_of<DataError>([&] { read_record(folder / "none.json"); }),
            (folder / "none.json").string() + ": no such file");
}

TEST(FindRecord, GivesNothingForAFileThatIsCutAnywhere) {
  const ScratchFolder folder;
  const fs::path path = folder / "r.json";
  EXPECT_FALSE(find_record(path).has_value());
  const std::string whole = json::parse(kFullRecord).dump(1);
  for (std::size_t length = 0; length < whole.size(); length += 37) {
    write_text(path, whole.substr(0, length));
    EXPECT_FALSE(find_record(path).has_value()) << length;
  }
  write_text(path, whole);
  ASSERT_TRUE(find_record(path).has_value());
  EXPECT_EQ(find_record(path)->id, "0123abcd");
}

TEST(ValueOf, FindsMetricsByDirectionAndTimingsAsMeans) {
  const TrialRecord record = full_record();
  EXPECT_EQ(value_of(record, "image_to_text.R@1"), 100.0 / 3.0);
  EXPECT_EQ(value_of(record, "both.rsum"), 0.1 + 0.2);
  EXPECT_EQ(value_of(record, "rsum"), 0.1 + 0.2);
  EXPECT_EQ(value_of(record, "timing.fit_s"), 2.0);
  EXPECT_EQ(value_of(record, "search.image_to_text.index_mb"), 2.5);
  EXPECT_EQ(value_of(record, "geometry.linear_CKA"), 0.5);
}

TEST(ValueOf, IsNothingWhereTheRecordHasNoSuchNumber) {
  const TrialRecord record = full_record();
  for (const char* column :
       {"search", "search.image_to_text", "search.text_to_image.index_mb", "text_to_image.R@1",
        "image_to_text.R@5", "R@1", "timing.rank_s", "timing.embed_s", "image_to_text", "", "."}) {
    EXPECT_EQ(value_of(record, column), std::nullopt) << column;
  }
}

TEST(Provenance, KnowsThisProgramAndMachine) {
  const Provenance found = provenance_of_this_process();
  EXPECT_EQ(found.commit, build_commit());
  EXPECT_FALSE(found.commit.empty());
  EXPECT_TRUE(found.compiler.starts_with("g++ ")) << found.compiler;
  EXPECT_GT(found.compiler.size(), 4U);
  EXPECT_FALSE(found.cpu.empty());
  EXPECT_TRUE(contains(read_file("/proc/cpuinfo"), found.cpu));
  EXPECT_TRUE(found.blas == "none" || fs::exists(found.blas)) << found.blas;
  EXPECT_EQ(found.threads, 1);
}

}  // namespace
}  // namespace alignlab
