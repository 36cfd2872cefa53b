// How fast a file of MS-COCO's size is imported, next to merely reading it: captions of 123,287
// images (616,767 captions, as many as 2014's train and val have), generated here.
//
//   bench_import [--images N] [--repetitions R] [--summary FILE.json]

#include <fmt/format.h>

#include <cstdio>
#include <fstream>
#include <memory>

#include "core/error.h"
#include "core/rng.h"
#include "data/import.h"
#include "experiments/bench.h"

namespace alignlab {
namespace {

namespace fs = std::filesystem;

/// Real files have more captions than five for some images, and keys that nobody reads.
std::size_t write_captions(const fs::path& path, std::int64_t images) {
  std::ofstream out(path, std::ios::binary);
  Rng random(1, "captions of a bench");
  const std::vector<std::string> words{
      "a",       "man",  "on",  "the", "street", "with", "dog",    "two",   "plate",   "of",
      "bananas", "near", "red", "bus", "sits",   "in",   "window", "large", "kitchen", "and"};
  out << R"({"info":{"year":2014},"licenses":[],"images":[)";
  for (std::int64_t i = 0; i < images; ++i) {
    out << (i > 0 ? "," : "")
        << fmt::format(
               R"({{"license":5,"file_name":"COCO_train2014_{:012}.jpg","coco_url":)"
               R"("http://images.example.org/train2014/COCO_train2014_{:012}.jpg","height":480,)"
               R"("width":640,"date_captured":"2013-11-14 16:28:13","id":{}}})",
               i, i, i);
  }
  out << R"(],"annotations":[)";
  std::size_t captions = 0;
  for (std::int64_t i = 0; i < images; ++i) {
    const int count = i % 370 == 0 ? 6 : 5;
    for (int c = 0; c < count; ++c) {
      std::string text;
      for (int w = random.between(7, 14); w > 0; --w) {
        text += (text.empty() ? "" : " ") + random.pick(words);
      }
      out << (captions > 0 ? "," : "")
          << fmt::format(R"({{"image_id":{},"id":{},"caption":"{}."}})", i, captions, text);
      ++captions;
    }
  }
  out << "]}";
  out.flush();
  if (!out) throw DataError(fmt::format("{}: cannot be written", path.string()));
  return captions;
}

void read_whole(const fs::path& path) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rb"),
                                                             &std::fclose);
  std::vector<char> buffer(1 << 16);
  while (std::fread(buffer.data(), 1, buffer.size(), file.get()) > 0) {
  }
}

void bench_import(const bench::Arguments& arguments) {
  const bench::Scratch folder;
  const fs::path json = folder.path() / "captions_train2014.json";
  const std::int64_t images = arguments.numbers.at("images");
  const std::size_t captions = write_captions(json, images);
  const double megabytes = static_cast<double>(fs::file_size(json)) / 1e6;

  ImportRequest request;
  request.sources = {json};
  request.out = folder.path() / "coco.h5";
  Silent silent;
  const ImportSummary made = import_dataset("coco", request, silent);
  if (made.images != static_cast<std::size_t>(images) || made.texts != captions) {
    throw Error(ExitCode::kInternal,
                fmt::format("expected {} images and {} captions, imported {} and {}", images,
                            captions, made.images, made.texts));
  }
  const double peak = bench::peak_megabytes();
  const int repetitions = static_cast<int>(arguments.numbers.at("repetitions"));
  const double read_s = bench::median(bench::time_runs(repetitions, [&] { read_whole(json); }));
  const double import_s = bench::median(
      bench::time_runs(repetitions, [&] { import_dataset("coco", request, silent); }));
  fmt::print("{:.1f} MB of JSON: {} images, {} captions; medians of {}\n", megabytes, images,
             captions, repetitions);
  fmt::print("{:<12} {:>10.1f} MB/s {:>8.3f} s\n", "plain fread", megabytes / read_s, read_s);
  fmt::print("{:<12} {:>10.1f} MB/s {:>8.3f} s {:>8.1f} x the time of fread, peak {:.0f} MB\n",
             "import", megabytes / import_s, import_s, import_s / read_s, peak);
  bench::write_summary(arguments, {{"megabytes", megabytes},
                                   {"images", images},
                                   {"captions", captions},
                                   {"fread_mb_per_s", megabytes / read_s},
                                   {"import_mb_per_s", megabytes / import_s},
                                   {"peak_mb", peak},
                                   {"ratios", {{"import_to_fread", import_s / read_s}}}});
}

}  // namespace
}  // namespace alignlab

int main(int count, char** values) {
  using namespace alignlab;
  return bench::run([&] {
    bench_import(bench::parse(count, values, {{"images", 123287}, {"repetitions", 3}}));
  });
}
