#include "core/sound_file.h"

#include <gtest/gtest.h>

namespace alignlab {
namespace {

using namespace std::string_literals;

std::string fault_of(const std::string& bytes) {
  return sound_file_fault({bytes.size(), bytes, bytes}).value_or("");
}

/// The least significant byte first.
std::string little(std::uint64_t value, std::size_t bytes) {
  std::string out;
  for (std::size_t i = 0; i < bytes; ++i) out += static_cast<char>(value >> 8 * i & 0xFF);
  return out;
}

std::string big(std::uint64_t value, std::size_t bytes) {
  const std::string reversed = little(value, bytes);
  return {reversed.rbegin(), reversed.rend()};
}

const std::string kSamples = "abcdefgh";

/// A WAV of 8 bytes of sound that says `data` bytes of it, and `whole` of the file.
std::string wav(std::uint64_t data, std::uint64_t whole) {
  return "RIFF" + little(whole, 4) + "WAVEfmt " + little(16, 4) + std::string(16, '\1') + "LIST" +
         little(3, 4) + "xyz\0"s + "data" + little(data, 4) + kSamples;
}
constexpr std::uint64_t kWavSize = 64 - 8;

TEST(SoundFile, OfAWavIsWholeWithAsMuchSoundAsItSays) {
  EXPECT_EQ(fault_of(wav(8, kWavSize)), "");
  EXPECT_EQ(fault_of(wav(8, kWavSize) + "LIST"), "");
  EXPECT_EQ(fault_of(wav(9, kWavSize)), "its header says 9 bytes of sound, it has 8");
  EXPECT_EQ(fault_of(wav(0xFFFFFFF0, kWavSize)),
            "its header says 4294967280 bytes of sound, it has 8");
  EXPECT_EQ(fault_of(wav(8, kWavSize).substr(0, 57)), "its header says 8 bytes of sound, it has 1");
  // Of the chunks behind the sound nothing is needed; some count 8 bytes too many.
  EXPECT_EQ(fault_of(wav(8, kWavSize + 8)), "");
  EXPECT_EQ(fault_of(wav(8, kWavSize).substr(0, 50)), "its header says 64 bytes, it has 50");
}

TEST(SoundFile, OfAWavWithoutSamplesHoldsNoSound) {
  const std::string empty = wav(0, kWavSize - 8).substr(0, 56);
  EXPECT_EQ(fault_of(empty), "it holds no sound");
  // Notes behind it are no samples.
  EXPECT_EQ(fault_of(wav(0, kWavSize)), "it holds no sound");
}

TEST(SoundFile, ThatWasWrittenIntoAPipeLeavesItsLengthOpen) {
  EXPECT_EQ(fault_of(wav(0xFFFFFFFF, 0xFFFFFFFF)), "");  // ffmpeg
  EXPECT_EQ(fault_of(wav(0x7FFFF000, 0x7FFFF024)), "");  // sox
  EXPECT_EQ(fault_of(wav(0x7FFFEFFD, 0x7FFFF024)), "");  // sox, frames of 3 bytes
  EXPECT_EQ(fault_of(wav(0x80000000, 0x80000024)), "");  // arecord
  EXPECT_EQ(fault_of(wav(0, 0)), "");                    // closed by nobody
  EXPECT_EQ(fault_of(wav(0, 0xFFFFFFFF)), "");
  EXPECT_EQ(fault_of(wav(0, 0).substr(0, 56)), "it holds no sound");
  EXPECT_NE(fault_of(wav(0x70000000, 0x70000024)), "");
}

TEST(SoundFile, IsToldWhereItsOpenLengthIsZero) {
  EXPECT_EQ(open_length_of_zero(wav(0, 0)), 52U);
  EXPECT_EQ(wav(0, 0).substr(48, 4), "data");
  EXPECT_EQ(open_length_of_zero(wav(0, kWavSize)), std::nullopt);
  EXPECT_EQ(open_length_of_zero(wav(8, 0)), std::nullopt);
  EXPECT_EQ(open_length_of_zero(""), std::nullopt);
}

TEST(SoundFile, OfBigEndianAndLongWavsIsJudgedAlike) {
  const auto rifx = [](std::uint64_t data) {
    return "RIFX" + big(36, 4) + "WAVEdata" + big(data, 4) + kSamples;
  };
  EXPECT_EQ(fault_of(rifx(8)), "");
  EXPECT_EQ(fault_of(rifx(10)), "its header says 10 bytes of sound, it has 8");
  const auto rf64 = [](std::uint64_t data) {
    return "RF64\xFF\xFF\xFF\xFFWAVEds64" + little(28, 4) + little(72, 8) + little(data, 8) +
           little(4, 8) + little(0, 4) + "data\xFF\xFF\xFF\xFF" + kSamples;
  };
  EXPECT_EQ(fault_of(rf64(8)), "");
  EXPECT_EQ(fault_of(rf64(0)), "");
  EXPECT_EQ(fault_of(rf64(std::uint64_t{1} << 40)),
            "its header says 1099511627776 bytes of sound, it has 8");
  const auto w64 = [](std::uint64_t data) {
    return "riff" + std::string(12, 'g') + little(96, 8) + "wave" + std::string(12, 'g') + "fmt " +
           std::string(12, 'g') + little(26, 8) + std::string(8, '\1') + "data" +
           std::string(12, 'g') + little(24 + data, 8) + kSamples;
  };
  EXPECT_EQ(fault_of(w64(8)), "");
  EXPECT_EQ(fault_of(w64(9)), "its header says 9 bytes of sound, it has 8");
}

TEST(SoundFile, OfAnAiffIsWholeWithAsMuchSoundAsItSays) {
  const auto aiff = [](std::uint64_t sound, std::uint64_t whole) {
    return "FORM" + big(whole, 4) + "AIFFCOMM" + big(2, 4) + "\0\1"s + "SSND" + big(sound, 4) +
           std::string(8, '\0') + kSamples;
  };
  EXPECT_EQ(fault_of(aiff(16, 38)), "");
  EXPECT_EQ(fault_of(aiff(16, 38).substr(0, 44)), "its header says 8 bytes of sound, it has 6");
  EXPECT_EQ(fault_of(aiff(8, 30)), "it holds no sound");
  EXPECT_EQ(fault_of(aiff(0x7F000008, 0x7F00002E)), "");  // sox
  EXPECT_EQ(fault_of(aiff(0, 0)), "");
  EXPECT_EQ(fault_of("FORM" + big(20, 4) + "AIFC"), "its header says 28 bytes, it has 12");
}

TEST(SoundFile, OfAnAuIsWholeWithAsMuchSoundAsItSays) {
  const auto au = [](std::uint64_t sound) {
    return ".snd" + big(26, 4) + big(sound, 4) + std::string(14, '\1') + kSamples;
  };
  EXPECT_EQ(fault_of(au(8)), "");
  EXPECT_EQ(fault_of(au(0xFFFFFFFF)), "");
  EXPECT_EQ(fault_of(au(9)), "its header says 9 bytes of sound, it has 8");
  EXPECT_EQ(fault_of(au(8).substr(0, 20)), "20 bytes are less than a header");
  EXPECT_EQ(fault_of("dns." + little(24, 4) + little(9, 4) + std::string(12, '\1') + kSamples),
            "its header says 9 bytes of sound, it has 8");
}

TEST(SoundFile, OfACafIsWholeWithAsMuchSoundAsItSays) {
  const auto caf = [](std::uint64_t sound) {
    return "caff\0\1\0\0"s + "free" + big(3, 8) + "xyz" + "data" + big(sound, 8) + kSamples;
  };
  EXPECT_EQ(fault_of(caf(8)), "");
  EXPECT_EQ(fault_of(caf(~std::uint64_t{0})), "");
  EXPECT_EQ(fault_of(caf(9)), "its header says 9 bytes of sound, it has 8");
}

/// MPEG-1 layer III, 32 kbit/s at 32 kHz, one channel: 144 bytes a frame.
std::string mp3_frame(const std::string& at_xing = "") {
  std::string frame = "\xFF\xFB\x18\xC0" + std::string(140, 'm');
  return frame.replace(4 + 17, at_xing.size(), at_xing);
}

TEST(SoundFile, OfAnMp3IsWholeWithAsManyBytesOrFramesAsItSays) {
  const auto of_bytes = [](std::uint64_t bytes) {
    return mp3_frame("Xing" + big(3, 4) + big(2, 4) + big(bytes, 4)) + mp3_frame() + mp3_frame();
  };
  EXPECT_EQ(fault_of(of_bytes(432)), "");
  EXPECT_EQ(fault_of(of_bytes(432) + "TAG" + std::string(125, ' ')), "");
  EXPECT_EQ(fault_of(of_bytes(433)), "its header says 433 bytes of sound, it has 432");
  // What stands before the stream does not count.
  const std::string tag = "ID3\4\0\0\0\0\0\4wxyz"s;
  EXPECT_EQ(fault_of(tag + of_bytes(432)), "");
  EXPECT_EQ(fault_of(tag + of_bytes(433)), "its header says 433 bytes of sound, it has 432");

  const auto of_frames = [](std::uint64_t frames) {
    return mp3_frame("Info" + big(1, 4) + big(frames, 4)) + mp3_frame() + mp3_frame();
  };
  EXPECT_EQ(fault_of(of_frames(2)), "");
  EXPECT_EQ(fault_of(of_frames(3)), "");
  EXPECT_EQ(fault_of(of_frames(4)), "its header says 4 frames, it has 3");
}

TEST(SoundFile, OfAnMp3WithoutALengthEndsWithAFrame) {
  const std::string stream = mp3_frame() + mp3_frame();
  EXPECT_EQ(fault_of(stream), "");
  EXPECT_EQ(fault_of(stream + "TAG" + std::string(125, ' ')), "");
  EXPECT_EQ(fault_of(stream.substr(0, 287)), "its last frame is cut short");
  // Its end is not here.
  EXPECT_EQ(sound_file_fault({1000, stream.substr(0, 287), "m"}), std::nullopt);
}

TEST(SoundFile, OfAFormatThatIsUnknownHasNoFault) {
  for (const std::string& bytes : {""s, "RIFF"s, "GIF89a"s, "\xFF"s, std::string(500, '\xFF')}) {
    EXPECT_EQ(fault_of(bytes), "");
  }
}

}  // namespace
}  // namespace alignlab
