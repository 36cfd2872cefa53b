// How many items a second each feature kind takes, on one thread and on all: the built-in scenes,
// their captions and sounds. Kinds that need a file (word vectors, networks) are left out, but for
// the network of ALIGNLAB_DATA where that is there.
//
//   bench_features [--items N] [--threads T] [--repetitions R] [--summary FILE.json]

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <thread>

#include "core/error.h"
#include "data/dataset.h"
#include "data/import.h"
#include "data/scenes/scenes.h"
#include "experiments/bench.h"
#include "features/feature_kind.h"

namespace alignlab {
namespace {

namespace fs = std::filesystem;

struct Case {
  std::string name;
  Modality modality;
  FeatureSpec spec;
};

std::vector<Case> cases() {
  std::vector<Case> out;
  for (const FeatureRow& row : feature_catalog()) {
    const bool needs_more = std::ranges::any_of(row.options, &Option::required);
    if (needs_more) continue;
    for (const Modality modality : row.modalities) {
      const auto rows = feature_rows(row.name, modality, Place{});
      out.push_back(
          {row.name, modality, {row.name, resolve(nullptr, feature_options(rows), "features")}});
    }
  }
  const char* data = std::getenv("ALIGNLAB_DATA");
  const fs::path net =
      fs::path(data != nullptr ? data : "../shared/data") / "nets/mobilenet_v2_1280.pt";
  if (fs::exists(net)) {
    const auto rows = feature_rows("torchscript", Modality::kImage, Place{});
    out.push_back({"torchscript (MobileNetV2, 224 pixels)",
                   Modality::kImage,
                   {"torchscript",
                    resolve_arguments(
                        {{"file", net.string()}, {"size", "224"}, {"normalisation", "symmetric"}},
                        feature_options(rows), "bench")}});
  }
  return out;
}

void bench_features(const bench::Arguments& arguments) {
  const bench::Scratch folder;
  Silent silent;
  const auto items = arguments.numbers.at("items");
  const int threads = static_cast<int>(arguments.numbers.at("threads"));
  const int repetitions = static_cast<int>(arguments.numbers.at("repetitions"));
  generate_scenes({.out = folder.path() / "scenes", .images = static_cast<int>(items), .seed = 1},
                  silent);
  ImportRequest request;
  request.sources = {folder.path() / "scenes"};
  request.out = folder.path() / "scenes.h5";
  request.embed = true;
  import_dataset("coco", request, silent);
  const Dataset dataset = Dataset::open(request.out);

  nlohmann::json rates = nlohmann::json::object();
  fmt::print("{:<40} {:<6} {:>8} {:>14} {:>14}\n", "kind", "", "items", "items/s, 1 thr",
             fmt::format("{} thr", threads));
  for (const Case& each : cases()) {
    const auto train = dataset.raw(each.modality, Split::kTrain);
    const auto all = dataset.raw(each.modality);
    const auto kind = make_feature_kind(each.spec);
    const auto extractor = kind->fit(*train, threads, silent);
    if (extractor->extract(*all, 1, silent) != extractor->extract(*all, threads, silent)) {
      throw Error(ExitCode::kInternal,
                  fmt::format("{}: rows depend on the number of threads", each.name));
    }
    const auto rate = [&](int count) {
      return static_cast<double>(all->size()) / bench::median(bench::time_runs(repetitions, [&] {
               extractor->extract(*all, count, silent);
             }));
    };
    const double one = rate(1);
    const double many = rate(threads);
    fmt::print("{:<40} {:<6} {:>8} {:>14.1f} {:>14.1f}\n", each.name, name_of(each.modality),
               all->size(), one, many);
    rates[fmt::format("{}_{}", each.name, name_of(each.modality))] = {
        {"items", all->size()}, {"one_thread", one}, {"all_threads", many}};
  }
  bench::write_summary(arguments, {{"threads", threads}, {"items_per_s", rates}});
}

}  // namespace
}  // namespace alignlab

int main(int count, char** values) {
  using namespace alignlab;
  const auto cores = std::max(1U, std::thread::hardware_concurrency());
  return bench::run([&] {
    bench_features(
        bench::parse(count, values, {{"items", 400}, {"threads", cores}, {"repetitions", 3}}));
  });
}
