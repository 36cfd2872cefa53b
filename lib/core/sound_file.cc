#include "core/sound_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace alignlab {
namespace {

using namespace std::string_view_literals;

using Fault = std::optional<std::string>;

constexpr std::uint32_t kOpen = 0xFFFFFFFF;
/// sox says 2^31 - 4096 of a WAV and 2^31 - 2^24 of an AIFF, arecord 2^31, rounded to whole frames.
constexpr std::uint64_t kRounding = 1 << 16;
constexpr std::uint64_t kPipedWav = std::uint64_t{1} << 31;
constexpr std::uint64_t kPipedAiff = kPipedWav - (1 << 24);

/// An unsigned number of `count` bytes. Precondition: they are there.
std::uint64_t big_endian(std::string_view bytes, std::size_t at, std::size_t count) {
  std::uint64_t value = 0;
  for (const char c : bytes.substr(at, count)) value = value << 8 | static_cast<unsigned char>(c);
  return value;
}

std::uint64_t little_endian(std::string_view bytes, std::size_t at, std::size_t count) {
  std::uint64_t value = 0;
  for (std::size_t i = count; i-- > 0;) {
    value = value << 8 | static_cast<unsigned char>(bytes[at + i]);
  }
  return value;
}

bool is_near(std::uint64_t said, std::uint64_t most) {
  return said <= most && said + kRounding >= most;
}

Fault whole_size_fault(std::uint64_t said, std::uint64_t size) {
  if (said <= size) return std::nullopt;
  return fmt::format("its header says {} bytes, it has {}", said, size);
}

Fault sound_size_fault(std::uint64_t said, std::uint64_t begin, std::uint64_t size) {
  const std::uint64_t there = size - std::min(begin, size);
  if (said <= there) return std::nullopt;
  return fmt::format("its header says {} bytes of sound, it has {}", said, there);
}

/// How the chunks of a format are written.
struct ChunkForm {
  std::size_t first;       // where the first chunk is
  std::size_t name;        // bytes of a name, the first four of which tell
  std::size_t length;      // bytes of a length
  bool big;                // of which the first is the most significant
  bool counts_header;      // whether a length is that of name and length as well
  std::uint64_t multiple;  // what chunks are filled up to
  std::string_view sound;  // the name of the chunk of samples
};

constexpr ChunkForm kWav{12, 4, 4, false, false, 2, "data"};
constexpr ChunkForm kBigEndianWav{12, 4, 4, true, false, 2, "data"};
constexpr ChunkForm kAiff{12, 4, 4, true, false, 2, "SSND"};
constexpr ChunkForm kCaf{8, 4, 8, true, false, 1, "data"};
constexpr ChunkForm kW64{40, 16, 8, false, true, 8, "data"};

struct SoundChunk {
  std::uint64_t begin;  // of its content
  std::uint64_t said;   // bytes of content
};

/// The chunk of samples, where its header is within `head`.
std::optional<SoundChunk> sound_chunk(std::string_view head, const ChunkForm& form) {
  const std::size_t header = form.name + form.length;
  std::uint64_t at = form.first;
  while (at + header <= head.size()) {
    const std::size_t length_at = at + form.name;
    std::uint64_t said = form.big ? big_endian(head, length_at, form.length)
                                  : little_endian(head, length_at, form.length);
    if (form.counts_header) said -= std::min<std::uint64_t>(said, header);
    if (head.substr(at, 4) == form.sound) return SoundChunk{at + header, said};
    if (said > head.size()) return std::nullopt;
    at += header + said;
    at += (form.multiple - at % form.multiple) % form.multiple;
  }
  return std::nullopt;
}

/// Of `said` bytes of sound, in a file that says `whole` of itself without its first 8 bytes.
Fault riff_fault(const SoundFileEnds& file, const std::optional<SoundChunk>& sound,
                 std::uint64_t whole, std::uint64_t piped) {
  const bool whole_is_open = whole == kOpen || whole == 0;
  if (!sound) return whole_is_open ? std::nullopt : whole_size_fault(whole + 8, file.size);
  if (sound->said == kOpen || is_near(sound->said, piped)) return std::nullopt;
  if (sound->said == 0) {
    return whole_is_open && file.size > sound->begin ? std::nullopt : Fault("it holds no sound");
  }
  return sound_size_fault(sound->said, sound->begin, file.size);
}

Fault wav_fault(const SoundFileEnds& file) {
  return riff_fault(file, sound_chunk(file.head, kWav), little_endian(file.head, 4, 4), kPipedWav);
}

Fault big_endian_wav_fault(const SoundFileEnds& file) {
  return riff_fault(file, sound_chunk(file.head, kBigEndianWav), big_endian(file.head, 4, 4),
                    kPipedWav);
}

Fault aiff_fault(const SoundFileEnds& file) {
  constexpr std::uint64_t kOffsetAndBlock = 8;  // before the samples of the chunk
  std::optional<SoundChunk> sound = sound_chunk(file.head, kAiff);
  if (sound && sound->said != kOpen) {
    sound->begin += kOffsetAndBlock;
    sound->said -= std::min(sound->said, kOffsetAndBlock);
  }
  return riff_fault(file, sound, big_endian(file.head, 4, 4), kPipedAiff);
}

/// The first chunk is ds64: the sizes of the file, of the data, and samples, of 8 bytes each.
Fault rf64_fault(const SoundFileEnds& file) {
  constexpr std::size_t kDataSize = 28;
  const std::optional<SoundChunk> sound = sound_chunk(file.head, kWav);
  if (!sound || file.head.size() < kDataSize + 8 || file.head.substr(12, 4) != "ds64") {
    return std::nullopt;
  }
  const std::uint64_t said =
      sound->said == kOpen ? little_endian(file.head, kDataSize, 8) : sound->said;
  const bool is_open = said == 0 || said == ~std::uint64_t{0};
  return is_open ? std::nullopt : sound_size_fault(said, sound->begin, file.size);
}

Fault w64_fault(const SoundFileEnds& file) {
  const std::optional<SoundChunk> sound = sound_chunk(file.head, kW64);
  return sound ? sound_size_fault(sound->said, sound->begin, file.size) : std::nullopt;
}

Fault caf_fault(const SoundFileEnds& file) {
  const std::optional<SoundChunk> sound = sound_chunk(file.head, kCaf);
  if (!sound || sound->said == ~std::uint64_t{0}) return std::nullopt;
  return sound_size_fault(sound->said, sound->begin, file.size);
}

Fault au_fault(const SoundFileEnds& file, bool big) {
  constexpr std::size_t kHeader = 24;
  if (file.head.size() < kHeader) {
    return fmt::format("{} bytes are less than a header", file.size);
  }
  const auto number = [&](std::size_t at) {
    return big ? big_endian(file.head, at, 4) : little_endian(file.head, at, 4);
  };
  const std::uint64_t said = number(8);
  return said == kOpen ? std::nullopt : sound_size_fault(said, number(4), file.size);
}

Fault big_endian_au_fault(const SoundFileEnds& file) { return au_fault(file, true); }
Fault little_endian_au_fault(const SoundFileEnds& file) { return au_fault(file, false); }

Fault flac_fault(const SoundFileEnds& file) {
  constexpr std::size_t kStreamInformation = 42;
  if (file.head.size() < kStreamInformation) {
    return fmt::format("{} bytes are less than a header", file.size);
  }
  const bool says_so =
      (big_endian(file.head, 4, 1) & 0x7FU) == 0 && file.head.substr(5, 3) == "\0\0\x22"sv;
  return says_so ? std::nullopt : Fault("no stream information");
}

Fault ogg_fault(const SoundFileEnds& file) {
  constexpr std::size_t kPageHeader = 27;
  constexpr unsigned kLastPage = 4;
  const std::size_t page = file.tail.rfind("OggS");
  const Fault cut = "its last page is cut short";
  if (page == std::string_view::npos || file.tail.size() - page < kPageHeader) return cut;
  const std::string_view bytes = file.tail.substr(page);
  const std::size_t segments = big_endian(bytes, 26, 1);
  if (bytes.size() < kPageHeader + segments) return cut;
  std::size_t length = kPageHeader + segments;
  for (std::size_t i = 0; i < segments; ++i) length += big_endian(bytes, kPageHeader + i, 1);
  if (bytes.size() < length) return cut;
  if ((big_endian(bytes, 5, 1) & kLastPage) == 0) return "its last page does not end the stream";
  return std::nullopt;
}

/// A frame of MPEG audio, ISO/IEC 11172-3 and 13818-3.
struct MpegFrame {
  std::size_t length;      // bytes, with its header
  std::size_t xing_after;  // bytes from its beginning to where a Xing header would be
};

/// Nothing where no header is, for a free bit rate, and for layers I and II.
std::optional<MpegFrame> mp3_frame(std::string_view bytes) {
  constexpr std::array<int, 15> kRates1{0,   32,  40,  48,  56,  64,  80, 96,
                                        112, 128, 160, 192, 224, 256, 320};
  constexpr std::array<int, 15> kRates2{0,  8,  16, 24,  32,  40,  48, 56,
                                        64, 80, 96, 112, 128, 144, 160};
  constexpr std::array<int, 3> kSamplesASecond{44100, 48000, 32000};
  if (bytes.size() < 4) return std::nullopt;
  const std::uint64_t header = big_endian(bytes, 0, 4);
  const std::uint64_t version = header >> 19 & 3, layer = header >> 17 & 3;
  const std::uint64_t rate = header >> 12 & 15, frequency = header >> 10 & 3;
  if (header >> 21 != 0x7FF || version == 1 || layer != 1 || rate == 0 || rate == 15 ||
      frequency == 3) {
    return std::nullopt;
  }
  const bool first = version == 3;  // MPEG-1; 2 is MPEG-2, 0 MPEG-2.5
  const int samples_a_second = kSamplesASecond[frequency] >> (first ? 0 : version == 2 ? 1 : 2);
  const int bits_a_second = 1000 * (first ? kRates1 : kRates2)[rate];
  const int bytes_of_frame = (first ? 144 : 72) * bits_a_second / samples_a_second;
  const bool is_mono = (header >> 6 & 3) == 3;
  const std::size_t side_information = first ? (is_mono ? 17U : 32U) : (is_mono ? 9U : 17U);
  return MpegFrame{static_cast<std::size_t>(bytes_of_frame) + (header >> 9 & 1),
                   4 + side_information};
}

Fault mp3_frames_fault(std::string_view stream, std::optional<std::uint64_t> said) {
  std::uint64_t found = 0;
  bool is_cut = false;
  while (const auto frame = mp3_frame(stream)) {
    is_cut = frame->length > stream.size();
    if (is_cut) break;
    stream.remove_prefix(frame->length);
    ++found;
  }
  if (!said) return is_cut ? Fault("its last frame is cut short") : std::nullopt;
  // Some writers count the frame of the header, others do not.
  if (*said <= found) return std::nullopt;
  return fmt::format("its header says {} frames, it has {}", *said, found);
}

Fault mp3_fault(const SoundFileEnds& file) {
  const std::string_view stream = without_id3(file.head);
  const std::uint64_t size = file.size - (file.head.size() - stream.size());
  const bool is_all = file.head.size() == file.size;
  const auto frame = mp3_frame(stream);
  if (!frame) return std::nullopt;
  std::optional<std::uint64_t> frames;
  constexpr std::size_t kNameAndFlags = 8;
  if (stream.size() >= frame->xing_after + kNameAndFlags) {
    const std::string_view xing = stream.substr(frame->xing_after);
    const bool is_there = xing.starts_with("Xing") || xing.starts_with("Info");
    const std::uint64_t flags = is_there ? big_endian(xing, 4, 4) : 0;
    std::size_t at = kNameAndFlags;
    if ((flags & 1) != 0 && xing.size() >= at + 4) {
      frames = big_endian(xing, at, 4);
      at += 4;
    }
    if ((flags & 2) != 0 && xing.size() >= at + 4) {
      const std::uint64_t bytes = big_endian(xing, at, 4);
      if (bytes != 0) return sound_size_fault(bytes, 0, size);
    }
  }
  return is_all ? mp3_frames_fault(stream, frames) : std::nullopt;
}

struct SoundFormat {
  std::string_view signature;
  std::string_view form;  // at byte 8, of formats that share a signature
  Fault (*fault)(const SoundFileEnds&);
};

constexpr std::array kFormats{
    SoundFormat{"RIFF", "WAVE", wav_fault},       SoundFormat{"RIFX", "WAVE", big_endian_wav_fault},
    SoundFormat{"RF64", "WAVE", rf64_fault},      SoundFormat{"riff", "", w64_fault},
    SoundFormat{"FORM", "AIFF", aiff_fault},      SoundFormat{"FORM", "AIFC", aiff_fault},
    SoundFormat{".snd", "", big_endian_au_fault}, SoundFormat{"dns.", "", little_endian_au_fault},
    SoundFormat{"caff", "", caf_fault},           SoundFormat{"fLaC", "", flac_fault},
    SoundFormat{"OggS", "", ogg_fault},
};

}  // namespace

std::optional<std::size_t> open_length_of_zero(std::string_view bytes) {
  if (!bytes.starts_with("RIFF") || bytes.size() < 12 || bytes.substr(8, 4) != "WAVE") {
    return std::nullopt;
  }
  const std::optional<SoundChunk> sound = sound_chunk(bytes, kWav);
  if (!sound || sound->said != 0 || wav_fault({bytes.size(), bytes, bytes})) return std::nullopt;
  return static_cast<std::size_t>(sound->begin) - kWav.length;
}

std::string_view without_id3(std::string_view bytes) {
  while (bytes.size() >= 10 && bytes.starts_with("ID3")) {
    std::size_t length = 10;  // and 4 bytes of 7 bits more
    for (int i = 0; i < 4; ++i) length += (bytes[6 + i] & 0x7FU) << (7 * (3 - i));
    bytes.remove_prefix(std::min(length, bytes.size()));
  }
  return bytes;
}

std::optional<std::string> sound_file_fault(const SoundFileEnds& file) {
  constexpr std::size_t kFormAt = 8;
  for (const SoundFormat& format : kFormats) {
    if (file.head.starts_with(format.signature) &&
        (format.form.empty() || (file.head.size() >= kFormAt + format.form.size() &&
                                 file.head.substr(kFormAt).starts_with(format.form)))) {
      return format.fault(file);
    }
  }
  return mp3_fault(file);
}

}  // namespace alignlab
