// How many pairs a second the two-tower trainer takes, beside the same model in PyTorch: linear
// towers of 2048 and 1000 columns to 1024, InfoNCE, AdamW. Where python3 has torch, as Debian's
// python3-torch gives it, experiments/bench_train.py runs next to it and the ratio is shown.
//
//   bench_train [--pairs N] [--batch B] [--width W] [--threads T] [--epochs E] [--repetitions R]
//               [--summary FILE.json]

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <memory>

#include "align/aligner.h"
#include "core/error.h"
#include "core/rng.h"
#include "experiments/bench.h"

namespace alignlab {
namespace {

constexpr std::size_t kFirstColumns = 2048;
constexpr std::size_t kSecondColumns = 1000;
constexpr std::size_t kLatentColumns = 32;

struct Setting {
  std::size_t pairs;
  std::int64_t batch;
  std::int64_t width;
  int threads;
  std::int64_t epochs;
};

/// Both sides show the same latent points through linear maps, with noise.
SplitItems pairs_of(std::size_t pairs, std::uint64_t purpose) {
  SplitItems items;
  items.first = {Modality::kImage, Matrix(pairs, kFirstColumns), {}};
  items.second = {Modality::kText, Matrix(pairs, kSecondColumns), {}};
  Matrix first(pairs, kFirstColumns), second(pairs, kSecondColumns);
  Rng maps(1, "maps");
  Matrix to_first(kLatentColumns, kFirstColumns), to_second(kLatentColumns, kSecondColumns);
  for (Matrix* map : {&to_first, &to_second}) {
    for (float& value : map->values()) value = static_cast<float>(maps.normal());
  }
  Rng random(purpose, "pairs");
  for (std::size_t i = 0; i < pairs; ++i) {
    std::array<float, kLatentColumns> latent;
    for (float& value : latent) value = static_cast<float>(random.normal());
    const auto see = [&](const Matrix& map, std::span<float> out) {
      for (float& value : out) value = static_cast<float>(random.normal());
      for (std::size_t e = 0; e < kLatentColumns; ++e) {
        for (std::size_t j = 0; j < out.size(); ++j) out[j] += latent[e] * map.row(e)[j];
      }
    };
    see(to_first, first.row(i));
    see(to_second, second.row(i));
    items.first.groups.push_back(static_cast<std::int32_t>(i));
    items.second.groups.push_back(static_cast<std::int32_t>(i));
  }
  items.first.features = std::move(first);
  items.second.features = std::move(second);
  return items;
}

DevSplit no_dev() {
  SplitItems items;
  items.first.modality = Modality::kImage;
  items.second.modality = Modality::kText;
  return DevSplit(items);
}

std::unique_ptr<Encoder> fit(const Setting& setting, const TrainSplit& train, bool bf16) {
  Node options;
  const auto set = [&](const char* key, decltype(Node::value) value) {
    Node node;
    node.value = std::move(value);
    options.set(key, node);
  };
  for (const char* tower : {"first_tower", "second_tower"}) set(tower, std::string("linear"));
  for (const char* share : {"dropout", "input_dropout"}) set(share, 0.0);
  set("width", setting.width);
  set("batch_size", setting.batch);
  set("epochs", setting.epochs);
  set("patience", std::int64_t{0});
  const AlignerRow& row = find_row(aligner_catalog(), "contrastive", "aligner", {});
  Silent silent;
  return make_aligner("contrastive", resolve(&options, row.options, "aligner"),
                      {"cpu", setting.threads, bf16})
      ->fit(train, no_dev(), 0, silent);
}

/// The share of first items, of so many unseen pairs, whose own second item is the nearest.
double hit_rate(const Encoder& encoder, const SplitItems& unseen) {
  const Matrix a = encoder.embed(Modality::kImage, unseen.first.features);
  const Matrix b = encoder.embed(Modality::kText, unseen.second.features);
  std::size_t hits = 0;
  for (std::size_t i = 0; i < a.rows(); ++i) {
    std::size_t best = 0;
    double highest = -2.0;
    for (std::size_t j = 0; j < b.rows(); ++j) {
      double dot = 0.0;
      double squares = 0.0;
      for (std::size_t e = 0; e < b.cols(); ++e) {
        dot += static_cast<double>(a.row(i)[e]) * b.row(j)[e];
        squares += static_cast<double>(b.row(j)[e]) * b.row(j)[e];
      }
      const double cosine = dot / std::sqrt(squares);
      if (cosine > highest) {
        highest = cosine;
        best = j;
      }
    }
    hits += best == i;
  }
  return static_cast<double>(hits) / static_cast<double>(a.rows());
}

void require_learned(const Setting& setting, const TrainSplit& train, bool bf16) {
  const double rate = hit_rate(*fit(setting, train, bf16), pairs_of(200, 3));
  if (rate > 0.5) return;
  throw Error(ExitCode::kInternal,
              fmt::format("{}: only {:.0f} of 100 unseen pairs are found, chance is 0.5",
                          bf16 ? "bf16" : "float32", 100.0 * rate));
}

void bench_train(const bench::Arguments& arguments) {
  const auto number = [&](const char* name) { return arguments.numbers.at(name); };
  const Setting setting{static_cast<std::size_t>(number("pairs")), number("batch"), number("width"),
                        static_cast<int>(number("threads")), number("epochs")};
  const int repetitions = static_cast<int>(number("repetitions"));
  const TrainSplit train(pairs_of(setting.pairs, 2));
  const bool has_bf16_units = __builtin_cpu_supports("avx512bf16") != 0;
  nlohmann::json rates;
  const auto measure = [&](const char* name, bool bf16) {
    require_learned(setting, train, bf16);
    const double seconds =
        bench::median(bench::time_runs(repetitions, [&] { fit(setting, train, bf16); }));
    const double rate =
        static_cast<double>(setting.pairs) * static_cast<double>(setting.epochs) / seconds;
    fmt::print("{:<20} {:>10.0f} pairs/s\n", name, rate);
    rates[name] = rate;
    return rate;
  };
  const double ours = measure("float32", false);
  if (has_bf16_units) {
    measure("bf16", true);
  } else {
    fmt::print("bf16                 not timed: this processor has no units for it\n");
  }
  std::map<std::string, std::int64_t> numbers = arguments.numbers;
  numbers["first"] = kFirstColumns;
  numbers["second"] = kSecondColumns;
  if (const auto theirs = bench::python_peer("bench_train.py", "torch", numbers)) {
    const double rate = theirs->at("float32");
    fmt::print("{:<20} {:>10.0f} pairs/s\n", "PyTorch float32", rate);
    rates["pytorch_float32"] = rate;
    fmt::print("float32 to PyTorch's float32: {:.2f}\n", ours / rate);
    if (has_bf16_units) {
      fmt::print("bf16 to PyTorch's float32: {:.2f}\n", rates["bf16"].get<double>() / rate);
    }
  } else {
    fmt::print("PyTorch              not timed: python3 has no torch (Debian: python3-torch)\n");
  }
  bench::write_summary(arguments, {{"threads", setting.threads},
                                   {"batch", setting.batch},
                                   {"pairs", setting.pairs},
                                   {"pairs_per_s", rates}});
}

}  // namespace
}  // namespace alignlab

int main(int count, char** values) {
  using namespace alignlab;
  return bench::run([&] {
    bench_train(bench::parse(count, values,
                             {{"pairs", 8192},
                              {"batch", 512},
                              {"width", 1024},
                              {"threads", 1},
                              {"epochs", 4},
                              {"repetitions", 3}}));
  });
}
