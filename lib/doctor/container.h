#pragma once

// Whether an image or sound file is whole as far as its container tells, from its first 8 KiB
// and its last 64, without decoding. The formats that feature extraction reads are known by their
// signatures; where the container says how long it is or how it ends, that is checked too:
//
//   JPEG  end marker                    ITU-T Recommendation T.81, annex B
//   PNG   IEND chunk                    RFC 2083
//   BMP   size field                    BITMAPFILEHEADER
//   WebP  size of the RIFF chunk        Microsoft/IBM Multimedia Programming Interface 1.0
//   sounds                              core/sound_file.h
//
// Bytes after the end are let pass: cameras append to JPEG, recorders to WAV.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "core/modality.h"

namespace alignlab::doctor {

/// The ends of a file; of a short one, both are all of it.
struct FileEnds {
  std::uint64_t size = 0;
  std::string head;
  std::string tail;
};

FileEnds ends_of(std::string_view bytes);
/// DataError if it cannot be read.
FileEnds ends_of_file(const std::filesystem::path& path);

/// What is wrong, in words; nothing where no fault shows. An unknown signature is one.
std::optional<std::string> container_fault(Modality modality, const FileEnds& file);
/// Whether the first bytes are those of a format known here.
bool is_known_container(Modality modality, const FileEnds& file);
/// "PNG", "WAV"; empty where the format is not known.
std::string_view container_name(Modality modality, const FileEnds& file);

}  // namespace alignlab::doctor
