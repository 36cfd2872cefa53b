#pragma once

// The kinds of items that alignlab pairs. The order here is the order of directions and columns.

#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace alignlab {

enum class Modality { kImage, kAudio, kText };

inline constexpr std::array kModalities{Modality::kImage, Modality::kAudio, Modality::kText};

constexpr std::string_view name_of(Modality modality) {
  switch (modality) {
    case Modality::kImage:
      return "image";
    case Modality::kAudio:
      return "audio";
    case Modality::kText:
      return "text";
  }
  return "";
}

constexpr std::optional<Modality> modality_from(std::string_view name) {
  for (Modality modality : kModalities) {
    if (name_of(modality) == name) return modality;
  }
  return std::nullopt;
}

/// "image_to_text": the key of a retrieval direction in records and tables.
inline std::string direction_key(Modality query, Modality candidate) {
  return std::string(name_of(query)) + "_to_" + std::string(name_of(candidate));
}

}  // namespace alignlab
