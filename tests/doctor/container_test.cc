#include "doctor/container.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

#include "tests/core/real_data.h"
#include "tests/data/fixtures.h"

namespace alignlab::doctor {
namespace {

using namespace std::string_literals;
namespace fs = std::filesystem;

struct Sample {
  Modality modality;
  std::string bytes;
};

/// The smallest whole files that their specifications allow, or near to it.
const std::map<std::string, Sample>& samples() {
  static const std::map<std::string, Sample> all{
      {"jpeg", {Modality::kImage, "\xFF\xD8\xFF\xDB\0\4\0\1\xFF\xDA\0\2 scan \xFF\0\xFF\xD9"s}},
      {"png",
       {Modality::kImage,
        "\x89PNG\r\n\x1A\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\b\0\0\0\0:~\x9BU"
        "\0\0\0\nIDATx\xDA"
        "cd\0\0\0\4\0\2\x06\xE3\xF6\xA1\0\0\0\0IEND\xAE"
        "B`\x82"s}},
      {"bmp",
       {Modality::kImage,
        "BM\x1E\0\0\0\0\0\0\0\x1A\0\0\0\x0C\0\0\0\1\0\1\0\1\0\x18\0\xFF\xFF\xFF\0"s}},
      {"webp", {Modality::kImage, "RIFF\x0E\0\0\0WEBPVP8L\2\0\0\0/\0"s}},
      {"wav",
       {Modality::kAudio,
        "RIFF\x28\0\0\0WAVEfmt \x10\0\0\0\1\0\1\0\x40\x1F\0\0\x80\x3E\0\0\2\0\x10\0data\4\0\0\0abcd"s}},
      {"aiff",
       {Modality::kAudio,
        "FORM\0\0\0\x0E"s
        "AIFFCOMM\0\0\0\2\0\1"s}},
      {"flac", {Modality::kAudio, "fLaC\x80\0\0\x22"s + std::string(34, '\1')}},
      {"ogg",
       {Modality::kAudio, "OggS\0\6\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\2\3\5abcdefgh"s}}};
  return all;
}

std::optional<std::string> fault_of(const Sample& sample) {
  return container_fault(sample.modality, ends_of(sample.bytes));
}

TEST(Container, OfAWholeFileHasNoFault) {
  for (const auto& [name, sample] : samples()) {
    EXPECT_EQ(fault_of(sample), std::nullopt) << name;
    EXPECT_TRUE(is_known_container(sample.modality, ends_of(sample.bytes))) << name;
  }
}

TEST(Container, OfAFileThatIsCutShortAnywhereHasAFault) {
  for (const auto& [name, sample] : samples()) {
    // FLAC says nowhere how long it is, beyond its stream information.
    for (std::size_t size = 0; size < sample.bytes.size(); ++size) {
      EXPECT_NE(fault_of({sample.modality, sample.bytes.substr(0, size)}), std::nullopt)
          << name << " of " << size << " bytes";
    }
  }
}

TEST(Container, LetsPassWhatIsAppendedToAFile) {
  for (const char* name : {"jpeg", "png", "bmp", "webp", "wav", "aiff", "flac"}) {
    Sample sample = samples().at(name);
    sample.bytes += "appended";
    EXPECT_EQ(fault_of(sample), std::nullopt) << name;
  }
}

TEST(Container, SaysWhatIsWrongInWords) {
  const auto image = [](const std::string& bytes) {
    return fault_of({Modality::kImage, bytes}).value_or("");
  };
  const auto sound = [](const std::string& bytes) {
    return fault_of({Modality::kAudio, bytes}).value_or("");
  };
  EXPECT_EQ(image(""), "it is empty");
  EXPECT_EQ(image("<html>"), "it begins like no image format");
  EXPECT_EQ(image("GIF89a"), "it begins like no image format");
  EXPECT_EQ(image(samples().at("wav").bytes), "it begins like no image format");
  EXPECT_EQ(sound(samples().at("webp").bytes), "it begins like no audio format");
  EXPECT_EQ(image("BM\x1F\0\0\0\0\0\0\0\x1A\0\0\0\x0C\0\0\0\1\0\1\0\1\0\x18\0\xFF\xFF\xFF\0"s),
            "its header says 31 bytes, it has 30");
  EXPECT_EQ(image("BM\x1F\0\0\0"s), "6 bytes are less than a header");
  EXPECT_EQ(sound(samples().at("wav").bytes.substr(0, 40)), "its header says 48 bytes, it has 40");
  EXPECT_EQ(sound("fLaC\1\0\0\x22"s + std::string(34, '\1')), "no stream information");
  std::string unended = samples().at("ogg").bytes;
  unended[5] = '\2';
  EXPECT_EQ(sound(unended), "its last page does not end the stream");
  EXPECT_EQ(sound(samples().at("ogg").bytes.substr(0, 36)), "its last page is cut short");
}

TEST(Container, DoesNotTakeAThumbnailsEndForThatOfAPhotograph) {
  const std::string thumbnail = samples().at("jpeg").bytes;
  const std::string photograph =
      "\xFF\xD8\xFF\xE1" + thumbnail + "\xFF\xDA\0\2 the scan of a photograph"s;
  EXPECT_EQ(fault_of({Modality::kImage, photograph}), "no end marker: cut short");
  EXPECT_EQ(fault_of({Modality::kImage, photograph + "\xFF\xD9"}), std::nullopt);
}

TEST(Container, LetsAStreamLeaveItsLengthOpen) {
  std::string stream = samples().at("wav").bytes;
  stream.replace(4, 4, "\xFF\xFF\xFF\xFF");
  EXPECT_EQ(fault_of({Modality::kAudio, stream}), std::nullopt);
}

TEST(Container, IsReadFromAFileAsFromItsBytes) {
  const tests::ScratchFolder folder;
  for (const std::size_t size : {0U, 1U, 8191U, 8192U, 65535U, 65536U, 200000U}) {
    std::string bytes(size, 'x');
    for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>(i % 251);
    tests::write_text(folder / "f", bytes);
    const FileEnds from_file = ends_of_file(folder / "f");
    const FileEnds from_bytes = ends_of(bytes);
    EXPECT_EQ(from_file.size, size);
    EXPECT_EQ(from_bytes.size, size);
    EXPECT_EQ(from_file.head, bytes.substr(0, 8192));
    EXPECT_EQ(from_bytes.head, from_file.head);
    EXPECT_EQ(from_file.tail, bytes.substr(size - std::min<std::size_t>(size, 65536)));
    EXPECT_EQ(from_bytes.tail, from_file.tail);
  }
  EXPECT_EQ(tests::message_of<DataError>([&] { ends_of_file(folder / "none"); }),
            (folder / "none").string() + ": cannot be read");
  EXPECT_EQ(tests::message_of<DataError>([&] { ends_of_file(folder.path()); }),
            folder.path().string() + ": cannot be read");
}

TEST(Container, OfDamagedBytesIsJudgedAllTheSame) {
  std::mt19937_64 random(20240601);
  int faults = 0;
  for (const auto& [name, sample] : samples()) {
    for (int i = 0; i < 2000; ++i) {
      const auto fault = fault_of({sample.modality, tests::damaged(sample.bytes, random)});
      if (fault) {
        ++faults;
        EXPECT_FALSE(fault->empty());
      }
    }
  }
  EXPECT_GT(faults, 1000);
}

TEST(Container, OfRealPhotographsAndRecordingsHasNoFaultUntilTheyAreCut) {
  ALIGNLAB_NEEDS_REAL_DATA("flickr8k/images_224");
  ALIGNLAB_NEEDS_REAL_DATA("audio/spoken_digits");
  const fs::path data = tests::real_data();
  for (const auto& [folder, modality] : std::map<std::string, Modality>{
           {"flickr8k/images_224", Modality::kImage}, {"audio/spoken_digits", Modality::kAudio}}) {
    int files = 0;
    for (const auto& entry : fs::directory_iterator(data / folder)) {
      if (entry.path().extension() != ".jpg" && entry.path().extension() != ".wav") continue;
      ++files;
      EXPECT_EQ(container_fault(modality, ends_of_file(entry.path())), std::nullopt)
          << entry.path();
      const std::string bytes = read_file(entry.path());
      EXPECT_NE(fault_of({modality, bytes.substr(0, bytes.size() / 2)}), std::nullopt)
          << entry.path();
    }
    EXPECT_GE(files, 100) << folder;
  }
}

}  // namespace
}  // namespace alignlab::doctor
