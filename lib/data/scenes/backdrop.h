#pragma once

// What the objects of a scene lie on or hang before.

#include <opencv2/core.hpp>

#include "core/rng.h"
#include "data/scenes/scene.h"

namespace alignlab::scenes {

/// Paints the whole of a square 8-bit BGR canvas.
void paint_backdrop(Background background, Rng& rng, cv::Mat& canvas);

}  // namespace alignlab::scenes
