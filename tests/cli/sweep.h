#pragma once

// The sweep that tests run: three cases, two seeds, each trial a blink of work.

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "tests/cli/lab.h"

namespace alignlab::tests {

inline constexpr std::size_t kTrials = 6;

/// c.toml in `folder`, on the scenes.
inline void write_sweep(const std::filesystem::path& folder) {
  std::ofstream(folder / "c.toml") << "[experiment]\nname = \"sweep\"\n[dataset]\nfile = \""
                                   << (scenes() / "scenes.h5").string() << "\"\n"
                                   << R"([features.image]
kind = "colour-histogram"
[features.text]
kind = "tfidf"
[aligner]
kind = "random"
[sweep.grid]
seed = [0, 1]
[table]
columns = ["image_to_text.R@1", "image_to_text.R@3", "text_to_image.R@3", "text_to_image.MedR", "rsum"]
[[sweep.case]]
name = "random"
[[sweep.case]]
name = "contrastive"
set = { "aligner.kind" = "contrastive", "aligner.epochs" = 2, "aligner.hidden" = [16], "aligner.width" = 8 }
[[sweep.case]]
name = "cluster-matching"
set = { "aligner.kind" = "cluster-matching", "aligner.clusters" = 4, "aligner.reduce" = 8 }
)";
}

/// `alignlab run` of it into run/ and store/.
inline Words sweep_command(const Words& more) {
  Words command{"run", "c.toml", "--store", "store"};
  if (std::ranges::find(more, "--out") == more.end()) {
    command.insert(command.end(), {"--out", "run"});
  }
  command.insert(command.end(), more.begin(), more.end());
  return command;
}

}  // namespace alignlab::tests
