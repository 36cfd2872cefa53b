#pragma once

// The built-in data set: drawn scenes of a few coloured shapes, each as a picture, as five captions
// that a person might have typed, and as a one-second sound. What is true of a scene is known, so
// graded relevance comes with it. It lets everything be tried without downloading anything.
//
//     images/000000000001.png ...       size x size, 8-bit RGB
//     audio/000000000001.wav ...        one second, mono, 8 kHz, 16-bit PCM
//     annotations/captions_SPLIT.json   COCO captions of train, dev and test, with class labels
//     relevance.qrels                   TREC lines `caption_id 0 image_id grade`
//     README.txt
//
// The same options give the same bytes, and a scene's picture, sound and captions do not depend on
// how many others there are. Of five scenes in a row three are train, one is dev and one test.
// `out` appears whole or not at all. Memory stays bounded whatever the number of images.

#include <cstdint>
#include <filesystem>

#include "core/progress.h"

namespace alignlab {

struct SceneOptions {
  std::filesystem::path out;
  int images = 2000;  // 10 .. 1,000,000
  std::uint64_t seed = 0;
  int size = 64;  // pixels a side, 32 .. 1024
};

/// UsageError for an option out of range, or when `out` exists and is not an empty directory;
/// DataError when it cannot be written; Interrupted when `progress` is cancelled.
void generate_scenes(const SceneOptions& options, Progress& progress);

}  // namespace alignlab
