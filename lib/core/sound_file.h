#pragma once

// Whether a sound file is whole as far as its container tells, without decoding it: decoders take
// what is there of a file that was cut, and give fewer samples without a word.
//
//   WAV, RF64   size of the data chunk     Microsoft/IBM Multimedia Programming Interface 1.0;
//                                          ITU-R BS.2088
//   W64         size of the data chunk     Sony Pictures Digital Wave 64
//   AIFF        size of the SSND chunk     AIFF 1.3
//   AU          size of the data           Sun/NeXT
//   CAF         size of the data chunk     Apple Core Audio Format 1.0
//   FLAC        stream information         RFC 9639
//   Ogg         last page whole, which ends the stream    RFC 3533
//   MP3         bytes, or else frames, of the header in the first frame (Xing, Info); without
//               one, the last frame is whole
//
// Those who write into a pipe do not know the length yet. What they leave there is no fault:
// 0xFFFFFFFF (AU, CAF and RF64 have it in their specifications), what sox and arecord write (just
// below or at 2^31), and 0 where the size of the whole file was left open as well. Bytes behind the
// sound are let pass.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace alignlab {

/// The ends of a file; of one that is in memory, both are all of it. What lies in neither is not
/// checked.
struct SoundFileEnds {
  std::uint64_t size = 0;
  std::string_view head;
  std::string_view tail;
};

/// What is wrong, in words; nothing where no fault shows, and for bytes of an unknown format.
std::optional<std::string> sound_file_fault(const SoundFileEnds& file);

/// Where a WAV that was written into a pipe says 0 bytes of sound; decoders take that for its
/// length, but know 0xFFFFFFFF for an open one.
std::optional<std::size_t> open_length_of_zero(std::string_view bytes);

/// Past the tags that may stand before an MP3 or FLAC stream.
std::string_view without_id3(std::string_view bytes);

}  // namespace alignlab
