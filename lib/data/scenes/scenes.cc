#include "data/scenes/scenes.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "core/error.h"
#include "core/files.h"
#include "core/splits.h"
#include "data/scenes/caption.h"
#include "data/scenes/render.h"
#include "data/scenes/sound.h"

namespace alignlab {
namespace fs = std::filesystem;
using nlohmann::ordered_json;
namespace {

constexpr int kFewestImages = 10;
constexpr int kMostImages = 1'000'000;
constexpr int kSmallestSize = 32;
constexpr int kLargestSize = 1024;

constexpr std::array kCaptionedSplits{Split::kTrain, Split::kDev, Split::kTest};

/// Judging every caption against every image would grow with the square of their number.
constexpr std::size_t kJudgedTogether = 2000;

constexpr std::string_view kReadme =
    R"(Scenes: drawn pictures of a few coloured shapes, with captions, sounds and graded relevance.

Made by: alignlab generate scenes --images {images} --seed {seed} (pictures of {size} x {size} pixels)
The same options give the same bytes.

images/                     one PNG a scene
audio/                      one second of sound a scene: 16-bit PCM, mono, 8 kHz. Each object is a
                            note: its colour sets the pitch, its shape the timbre, its texture how
                            the note is held, its size the length, its place from left to right the
                            onset. The background is a murmur below them.
annotations/                five captions an image in the COCO layout, a file a split (3/5 train,
                            1/5 dev, 1/5 test). "label" of an image is the background of the scene.
                            Captions leave things out, use synonyms, and now and then hold a slip
                            or a misspelling, as people's do.
relevance.qrels             "caption_id 0 image_id grade", within a split (in a split of more than
                            {pool} images, within consecutive runs of {pool}):
                            3  the image that the caption was written for
                            2  all that the caption means to say is true of this image too
                            1  at least three quarters of its facts are
                            Slips are not held against a caption: its meaning is what is judged.
)";

Split split_of(int id) {
  constexpr std::array kTurns{Split::kTrain, Split::kTrain, Split::kTrain, Split::kDev,
                              Split::kTest};
  return kTurns[static_cast<std::size_t>(id - 1) % kTurns.size()];
}

std::vector<int> ids_of(Split split, const SceneOptions& options) {
  std::vector<int> ids;
  for (int id = 1; id <= options.images; ++id) {
    if (split_of(id) == split) ids.push_back(id);
  }
  return ids;
}

std::int64_t caption_id(int image, std::size_t index) {
  return std::int64_t{image} * 10 + static_cast<std::int64_t>(index) + 1;
}

void check_range(std::string_view option, int value, int low, int high) {
  if (value < low || value > high) {
    throw UsageError(
        fmt::format("generate scenes: {} must be from {} to {}, not {}", option, low, high, value));
  }
}

/// A scene set is made where there is nothing yet, or an empty folder.
void refuse_if_taken(const fs::path& out) {
  std::error_code error;
  if (!fs::exists(out, error)) return;
  if (!fs::is_directory(out, error)) {
    throw UsageError(fmt::format("{}: already exists and is not a directory", out.string()));
  }
  if (!fs::is_empty(out, error)) {
    throw UsageError(fmt::format("{}: already exists and is not empty", out.string()));
  }
}

/// A file written in one go or piece by piece; close() reports what went wrong.
class OutputFile {
 public:
  explicit OutputFile(const fs::path& path) : path_(path), stream_(path, std::ios::binary) {}
  void write(std::string_view bytes) {
    stream_.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  }
  void close() {
    stream_.close();
    if (!stream_) throw DataError(fmt::format("{}: cannot be written", path_.string()));
  }

 private:
  fs::path path_;
  std::ofstream stream_;
};

void write_file(const fs::path& path, std::string_view bytes) {
  OutputFile file(path);
  file.write(bytes);
  file.close();
}

class Generator {
 public:
  Generator(const SceneOptions& options, const fs::path& folder, Progress& progress)
      : options_(options), folder_(folder), progress_(progress) {
    for (const char* part : {"images", "audio", "annotations"}) fs::create_directory(folder / part);
  }

  void write_items() {
    progress_.begin("scenes", static_cast<std::uint64_t>(options_.images), "images");
    for (int id = 1; id <= options_.images; ++id) {
      progress_.check();
      const scenes::SceneKey key = key_of(id);
      const scenes::Scene scene = scenes::draw_scene(key);
      const std::vector<std::uint8_t> png = scenes::render_png(scene, key, options_.size);
      write_file(folder_ / "images" / (stem(id) + ".png"),
                 {reinterpret_cast<const char*>(png.data()), png.size()});
      write_file(folder_ / "audio" / (stem(id) + ".wav"), scenes::wav_of(scenes::play(scene, key)));
      progress_.advance(1);
    }
    progress_.end();
  }

  void write_annotations(Split split) {
    const std::vector<int> ids = ids_of(split, options_);
    OutputFile file(folder_ / "annotations" / fmt::format("captions_{}.json", name_of(split)));
    const ordered_json info{{"description", "Drawn scenes of coloured shapes"},
                            {"generator", "alignlab generate scenes"},
                            {"split", name_of(split)},
                            {"images", options_.images},
                            {"size", options_.size},
                            {"seed", options_.seed}};
    file.write("{\n\"info\": " + info.dump() + ",\n\"images\": [\n");
    for (const int id : ids) {
      const scenes::Scene scene = scenes::draw_scene(key_of(id));
      const ordered_json image{{"id", id},
                               {"file_name", stem(id) + ".png"},
                               {"width", options_.size},
                               {"height", options_.size},
                               {"label", name_of(scene.background)}};
      file.write(image.dump() + (id == ids.back() ? "\n" : ",\n"));
    }
    file.write("],\n\"annotations\": [\n");
    for (const int id : ids) {
      progress_.check();
      const scenes::SceneKey key = key_of(id);
      const auto captions = scenes::write_captions(scenes::draw_scene(key), key);
      for (std::size_t i = 0; i < captions.size(); ++i) {
        const ordered_json annotation{
            {"id", caption_id(id, i)}, {"image_id", id}, {"caption", captions[i].text}};
        const bool last = id == ids.back() && i + 1 == captions.size();
        file.write(annotation.dump() + (last ? "\n" : ",\n"));
      }
    }
    file.write("]\n}\n");
    file.close();
  }

  void write_judgements() {
    progress_.begin("judgements", static_cast<std::uint64_t>(options_.images), "images");
    OutputFile file(folder_ / "relevance.qrels");
    for (const Split split : kCaptionedSplits) {
      const std::vector<int> ids = ids_of(split, options_);
      for (std::size_t begin = 0; begin < ids.size(); begin += kJudgedTogether) {
        const std::size_t count = std::min(kJudgedTogether, ids.size() - begin);
        judge(std::span(ids).subspan(begin, count), file);
      }
    }
    file.close();
    progress_.end();
  }

  void write_readme() const {
    write_file(folder_ / "README.txt",
               fmt::format(fmt::runtime(kReadme), fmt::arg("images", options_.images),
                           fmt::arg("seed", options_.seed), fmt::arg("size", options_.size),
                           fmt::arg("pool", kJudgedTogether)));
  }

 private:
  scenes::SceneKey key_of(int id) const { return {options_.seed, id}; }
  static std::string stem(int id) { return fmt::format("{:012}", id); }

  /// Scenes and captions are drawn anew from their streams rather than held for all images.
  void judge(std::span<const int> ids, OutputFile& file) {
    std::vector<scenes::Scene> pool;
    for (const int id : ids) pool.push_back(scenes::draw_scene(key_of(id)));
    for (std::size_t own = 0; own < ids.size(); ++own) {
      progress_.check();
      const auto captions = scenes::write_captions(pool[own], key_of(ids[own]));
      std::string lines;
      for (std::size_t i = 0; i < captions.size(); ++i) {
        for (std::size_t other = 0; other < ids.size(); ++other) {
          const int grade = other == own ? 3 : scenes::grade_of(captions[i].meaning, pool[other]);
          if (grade == 0) continue;
          fmt::format_to(std::back_inserter(lines), "{} 0 {} {}\n", caption_id(ids[own], i),
                         ids[other], grade);
        }
      }
      file.write(lines);
      progress_.advance(1);
    }
  }

  const SceneOptions& options_;
  const fs::path& folder_;
  Progress& progress_;
};

}  // namespace

void generate_scenes(const SceneOptions& options, Progress& progress) {
  check_range("--images", options.images, kFewestImages, kMostImages);
  check_range("size", options.size, kSmallestSize, kLargestSize);
  refuse_if_taken(options.out);
  AtomicFolder staging(options.out, &progress);
  Generator generator(options, staging.temporary(), progress);
  generator.write_items();
  for (const Split split : kCaptionedSplits) generator.write_annotations(split);
  generator.write_judgements();
  generator.write_readme();
  staging.commit();
}

}  // namespace alignlab
