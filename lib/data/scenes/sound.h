#pragma once

// A scene as one second of sound: each object is a note, over the murmur of its background. Colour
// gives the pitch, shape the harmonics, texture the way it is held, size the length, and the
// position from left to right the onset. Integer arithmetic throughout.

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "data/scenes/scene.h"

namespace alignlab::scenes {

inline constexpr int kSampleRate = 8000;

/// kSampleRate samples, mono.
std::vector<std::int16_t> play(const Scene& scene, const SceneKey& key);
/// A RIFF file of 16-bit PCM, mono: a header of 44 bytes, then the samples.
std::string wav_of(std::span<const std::int16_t> samples);

}  // namespace alignlab::scenes
