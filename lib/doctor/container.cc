#include "doctor/container.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <vector>

#include "core/error.h"
#include "core/sound_file.h"

namespace alignlab::doctor {
namespace {

using namespace std::string_view_literals;

// What may stand before the samples of a sound: notes, their place in the waveform.
constexpr std::size_t kHeadBytes = 1 << 13;
// No OGG page is longer than 65,307 bytes.
constexpr std::size_t kTailBytes = 1 << 16;

using Fault = std::optional<std::string>;

std::uint64_t byte_at(std::string_view bytes, std::size_t at) {
  return static_cast<unsigned char>(bytes[at]);
}

std::uint64_t little_endian(std::string_view bytes, std::size_t at) {
  return byte_at(bytes, at) | byte_at(bytes, at + 1) << 8 | byte_at(bytes, at + 2) << 16 |
         byte_at(bytes, at + 3) << 24;
}

Fault shorter_than_said(std::uint64_t said, std::uint64_t size) {
  if (said <= size) return std::nullopt;
  return fmt::format("its header says {} bytes, it has {}", said, size);
}

Fault too_short(const FileEnds& file) {
  return fmt::format("{} bytes are less than a header", file.size);
}

Fault jpeg_fault(const FileEnds& file) {
  // Compressed data never hold a marker. An end marker that a scan follows is a thumbnail's.
  const std::size_t end = file.tail.rfind("\xFF\xD9");
  const std::size_t scan = file.tail.rfind("\xFF\xDA");
  if (end == std::string::npos || (scan != std::string::npos && scan > end)) {
    return "no end marker: cut short";
  }
  return std::nullopt;
}

Fault png_fault(const FileEnds& file) {
  if (file.tail.find("\0\0\0\0IEND\xAE\x42\x60\x82"sv) == std::string::npos) {
    return "no IEND chunk: cut short";
  }
  return std::nullopt;
}

Fault bmp_fault(const FileEnds& file) {
  constexpr std::size_t kHeader = 26;
  if (file.size < kHeader) return too_short(file);
  return shorter_than_said(little_endian(file.head, 2), file.size);
}

Fault riff_fault(const FileEnds& file) {
  const std::uint64_t said = little_endian(file.head, 4);
  // What streams write, who do not know yet.
  if (said == 0xFFFFFFFF) return std::nullopt;
  return shorter_than_said(said + 8, file.size);
}

Fault sound_fault(const FileEnds& file) {
  return sound_file_fault({file.size, file.head, file.tail});
}

struct Container {
  std::string_view name;
  Modality modality;
  std::string_view signature;
  std::string_view form;  // at byte 8, of formats that share a signature
  Fault (*fault)(const FileEnds&);
};

constexpr std::array kContainers{
    Container{"JPEG", Modality::kImage, "\xFF\xD8\xFF"sv, "", jpeg_fault},
    Container{"PNG", Modality::kImage, "\x89PNG\r\n\x1A\n"sv, "", png_fault},
    Container{"BMP", Modality::kImage, "BM"sv, "", bmp_fault},
    Container{"WebP", Modality::kImage, "RIFF"sv, "WEBP", riff_fault},
    Container{"WAV", Modality::kAudio, "RIFF"sv, "WAVE", sound_fault},
    Container{"AIFF", Modality::kAudio, "FORM"sv, "AIFF", sound_fault},
    Container{"AIFF", Modality::kAudio, "FORM"sv, "AIFC", sound_fault},
    Container{"WAV", Modality::kAudio, "RIFX"sv, "WAVE", sound_fault},
    Container{"WAV", Modality::kAudio, "RF64"sv, "WAVE", sound_fault},
    Container{"W64", Modality::kAudio, "riff"sv, "", sound_fault},
    Container{"FLAC", Modality::kAudio, "fLaC"sv, "", sound_fault},
    Container{"OGG", Modality::kAudio, "OggS"sv, "", sound_fault},
    Container{"CAF", Modality::kAudio, "caff"sv, "", sound_fault},
    Container{"AU", Modality::kAudio, ".snd"sv, "", sound_fault},
    Container{"AU", Modality::kAudio, "dns."sv, "", sound_fault},
    Container{"MP3", Modality::kAudio, "ID3"sv, "", sound_fault},
    Container{"MP3", Modality::kAudio, "\xFF\xFB"sv, "", sound_fault},
    Container{"MP3", Modality::kAudio, "\xFF\xFA"sv, "", sound_fault},
    Container{"MP3", Modality::kAudio, "\xFF\xF3"sv, "", sound_fault},
    Container{"MP3", Modality::kAudio, "\xFF\xF2"sv, "", sound_fault},
    Container{"MP3", Modality::kAudio, "\xFF\xE3"sv, "", sound_fault},
    Container{"MP3", Modality::kAudio, "\xFF\xE2"sv, "", sound_fault},
};

const Container* container_of(Modality modality, const FileEnds& file) {
  constexpr std::size_t kFormAt = 8;
  const std::string_view head = file.head;
  const auto found = std::ranges::find_if(kContainers, [&](const Container& container) {
    return container.modality == modality && head.starts_with(container.signature) &&
           (container.form.empty() ||
            (head.size() >= kFormAt && head.substr(kFormAt).starts_with(container.form)));
  });
  return found == kContainers.end() ? nullptr : &*found;
}

}  // namespace

FileEnds ends_of(std::string_view bytes) {
  const std::size_t tail = std::min(bytes.size(), kTailBytes);
  return {bytes.size(), std::string(bytes.substr(0, kHeadBytes)),
          std::string(bytes.substr(bytes.size() - tail))};
}

FileEnds ends_of_file(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary | std::ios::ate);
  const std::streamoff size = in ? static_cast<std::streamoff>(in.tellg()) : -1;
  if (size < 0) throw DataError(fmt::format("{}: cannot be read", path.string()));
  const auto read = [&](std::streamoff from, std::string& into) {
    in.seekg(from);
    in.read(into.data(), static_cast<std::streamsize>(into.size()));
    if (!in) throw DataError(fmt::format("{}: cannot be read", path.string()));
  };
  FileEnds ends{static_cast<std::uint64_t>(size), {}, {}};
  ends.head.resize(std::min<std::size_t>(ends.size, kHeadBytes));
  ends.tail.resize(std::min<std::size_t>(ends.size, kTailBytes));
  read(0, ends.head);
  read(size - static_cast<std::streamoff>(ends.tail.size()), ends.tail);
  return ends;
}

std::optional<std::string> container_fault(Modality modality, const FileEnds& file) {
  if (file.size == 0) return "it is empty";
  const Container* container = container_of(modality, file);
  if (container == nullptr) {
    return fmt::format("it begins like no {} format", name_of(modality));
  }
  return container->fault(file);
}

bool is_known_container(Modality modality, const FileEnds& file) {
  return container_of(modality, file) != nullptr;
}

std::string_view container_name(Modality modality, const FileEnds& file) {
  const Container* container = container_of(modality, file);
  return container == nullptr ? std::string_view() : container->name;
}

}  // namespace alignlab::doctor
