// sentence-encoder: what a network says of the word pieces of a text (features/text/word_piece.h).
// The network is a TorchScript file whose forward takes (input_ids, attention_mask), both int64
// [n, t]; the mask is 1 for a piece and 0 for padding behind them. It gives a tensor, or several in
// a tuple, list or dict of which "last_hidden_state", or else the first, counts: [n, t, width], of
// which a text gets the mean over its pieces or the first, or with pooling = output [n, width].
//
// Texts go through in batches by length, so that little is padding; rows are in the order of the
// items all the same. A text without any piece has a row of zeros.
//
// Inference only, on the CPU. A batch is worked on by one thread, different batches at the same
// time, and torch's graph optimizer, which changes a graph from run to run, is off: a row depends
// neither on the number of threads nor on what was run before. It may depend in its last bits on
// the texts it shares a batch with.
//
// Errors are one line that names the file.

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <torch/csrc/jit/runtime/graph_executor.h>
#include <torch/script.h>

#include <algorithm>
#include <cmath>
#include <exception>

#include "core/error.h"
#include "core/hash.h"
#include "features/makers.h"
#include "features/network/torch_calls.h"
#include "features/text/word_piece.h"

namespace alignlab::features {
namespace {

constexpr const char* kPreferredOutput = "last_hidden_state";
constexpr std::size_t kTextsBetweenChecks = 1024;

using Pieces = std::vector<std::int64_t>;

class SentenceNetwork {
 public:
  SentenceNetwork(std::string file, std::string pooling)
      : file_(std::move(file)), pooling_(std::move(pooling)) {
    check_network_file(file_);
    try {
      module_ = torch::jit::load(file_, torch::kCPU);
      module_.eval();
    } catch (const std::exception& error) {
      throw DataError(loading_fault(file_, error));
    }
    if (!module_.find_method("forward")) fail("expected a method 'forward', found none");
    check_arguments(file_, module_.get_method("forward"), {"input_ids", "attention_mask"});
  }

  const std::string& file() const { return file_; }

  /// [texts, width], float32. No text is without pieces.
  torch::Tensor rows(std::span<const Pieces* const> texts, std::int64_t padding) const {
    const torch::NoGradGuard no_gradients;
    const torch::jit::GraphOptimizerEnabledGuard unoptimized(false);
    std::size_t longest = 0;
    for (const Pieces* text : texts) longest = std::max(longest, text->size());
    const std::vector<std::int64_t> shape{static_cast<std::int64_t>(texts.size()),
                                          static_cast<std::int64_t>(longest)};
    const torch::Tensor ids = torch::full(shape, padding, torch::kInt64);
    const torch::Tensor mask = torch::zeros(shape, torch::kInt64);
    for (std::size_t i = 0; i < texts.size(); ++i) {
      std::ranges::copy(*texts[i], ids.data_ptr<std::int64_t>() + i * longest);
      std::fill_n(mask.data_ptr<std::int64_t>() + i * longest, texts[i]->size(), 1);
    }
    try {
      const torch::Tensor out = picked(module_.get_method("forward")({ids, mask}));
      return pooled(out.to(torch::kFloat32), mask).contiguous();
    } catch (const DataError&) {
      throw;
    } catch (const std::exception& error) {
      fail(torch_reason(error));
    }
  }

 private:
  [[noreturn]] void fail(std::string_view what) const {
    throw DataError(fmt::format("{}: {}", file_, what));
  }

  torch::Tensor picked(const c10::IValue& value) const {
    c10::IValue wanted = value;
    if (value.isTuple() && !value.toTupleRef().elements().empty()) {
      wanted = value.toTupleRef().elements()[0];
    } else if (value.isList() && !value.toListRef().empty()) {
      wanted = value.toListRef()[0];
    } else if (value.isGenericDict() && !value.toGenericDict().empty()) {
      const auto entries = value.toGenericDict();
      wanted = entries.begin()->value();
      for (const auto& entry : entries) {
        if (entry.key().isString() && entry.key().toStringRef() == kPreferredOutput) {
          wanted = entry.value();
        }
      }
    }
    if (!wanted.isTensor()) {
      fail(fmt::format("expected a tensor as the (first) output, found {}", wanted.tagKind()));
    }
    return wanted.toTensor();
  }

  torch::Tensor pooled(const torch::Tensor& out, const torch::Tensor& mask) const {
    const bool as_it_is = pooling_ == "output";
    const bool fits = out.dim() == (as_it_is ? 2 : 3) && out.size(0) == mask.size(0) &&
                      (as_it_is || out.size(1) == mask.size(1)) && out.numel() > 0;
    if (!fits) {
      const auto expected = as_it_is ? fmt::format("[{}, width]", mask.size(0))
                                     : fmt::format("[{}, {}, width]", mask.size(0), mask.size(1));
      fail(fmt::format("with pooling = \"{}\" expected an output of {}, found [{}]", pooling_,
                       expected, fmt::join(out.sizes().vec(), ", ")));
    }
    if (as_it_is) return out;
    if (pooling_ == "first") return out.select(1, 0);
    // Not a product with the mask: whatever the network says of padding, even NaN, is left out.
    const torch::Tensor known = out.masked_fill(mask.unsqueeze(-1) == 0, 0.0);
    return known.sum(1) / mask.sum(1, true).to(torch::kFloat32);
  }

  std::string file_;
  std::string pooling_;
  torch::jit::Module module_;
};

struct EncoderOptions {
  explicit EncoderOptions(const Section& options)
      : file(options.text("file")),
        vocabulary(options.text("vocabulary")),
        lower(options.flag("lower")),
        max_length(static_cast<std::size_t>(options.integer("max_length"))),
        pooling(options.text("pooling")),
        batch(static_cast<std::size_t>(options.integer("batch"))) {}
  std::string file;
  std::string vocabulary;
  bool lower;
  std::size_t max_length;
  std::string pooling;
  std::size_t batch;
};

class SentenceExtractor : public Extractor {
 public:
  SentenceExtractor(const EncoderOptions& options, StringColumn hashes)
      : pieces_(options.vocabulary, options.lower),
        network_(options.file, options.pooling),
        hashes_(std::move(hashes)),
        max_length_(options.max_length),
        batch_(options.batch) {
    const OneTorchThread one_thread;
    // Of no text in particular.
    const Pieces padding{pieces_.padding()};
    const Pieces* const one = &padding;
    width_ = static_cast<std::size_t>(network_.rows(std::span(&one, 1), padding[0]).size(1));
  }

  Features extract(const RawItems& items, int threads, Progress& progress) const override {
    const OneTorchThread one_thread;
    const std::vector<Pieces> texts = pieces_of(items, progress);
    const std::vector<std::size_t> order = by_length(texts);
    Matrix rows(items.size(), width_);
    progress.advance(items.size() - order.size());
    const std::size_t step = batch_ * static_cast<std::size_t>(std::max(threads, 1));
    for (std::size_t first = 0; first < order.size(); first += step) {
      progress.check();
      const auto now = std::span(order).subspan(first, std::min(step, order.size() - first));
      encode(texts, now, threads, rows, items);
      progress.advance(now.size());
    }
    return rows;
  }

  void save(H5File& file, const std::string& group) const override {
    file.write_strings(group + "/hashes", hashes_);
  }

 private:
  std::vector<Pieces> pieces_of(const RawItems& items, Progress& progress) const {
    std::vector<Pieces> out;
    for (std::size_t i = 0; i < items.size(); ++i) {
      if (i % kTextsBetweenChecks == 0) progress.check();
      out.push_back(pieces_.numbers(items.content(i), max_length_));
    }
    return out;
  }

  /// The texts that have pieces.
  static std::vector<std::size_t> by_length(const std::vector<Pieces>& texts) {
    std::vector<std::size_t> order;
    for (std::size_t i = 0; i < texts.size(); ++i) {
      if (!texts[i].empty()) order.push_back(i);
    }
    std::ranges::stable_sort(order, {}, [&](std::size_t i) { return texts[i].size(); });
    return order;
  }

  void encode(const std::vector<Pieces>& texts, std::span<const std::size_t> order, int threads,
              Matrix& rows, const RawItems& items) const {
    const std::size_t batches = (order.size() + batch_ - 1) / batch_;
    std::vector<std::exception_ptr> errors(batches);
#pragma omp parallel for num_threads(threads) schedule(dynamic) if (threads > 1)
    for (std::size_t b = 0; b < batches; ++b) {
      try {
        const std::size_t first = b * batch_;
        encode_batch(texts, order.subspan(first, std::min(batch_, order.size() - first)), rows,
                     items);
      } catch (...) {
        errors[b] = std::current_exception();
      }
    }
    for (const std::exception_ptr& error : errors) {
      if (error) std::rethrow_exception(error);
    }
  }

  void encode_batch(const std::vector<Pieces>& texts, std::span<const std::size_t> order,
                    Matrix& rows, const RawItems& items) const {
    std::vector<const Pieces*> batch;
    for (const std::size_t i : order) batch.push_back(&texts[i]);
    const torch::Tensor out = network_.rows(batch, pieces_.padding());
    const auto width = static_cast<std::size_t>(out.size(1));
    if (width != rows.cols()) {
      throw DataError(fmt::format("{}: expected {} columns as of another text, found {}",
                                  network_.file(), rows.cols(), width));
    }
    for (std::size_t i = 0; i < order.size(); ++i) {
      const std::span row(out.data_ptr<float>() + i * width, width);
      if (!std::ranges::all_of(row, [](float value) { return std::isfinite(value); })) {
        throw DataError(fmt::format("{}: of text '{}' it gives a number that is not finite",
                                    network_.file(), items.id(order[i])));
      }
      std::ranges::copy(row, rows.row(order[i]).begin());
    }
  }

  WordPieces pieces_;
  SentenceNetwork network_;
  StringColumn hashes_;
  std::size_t max_length_;
  std::size_t batch_;
  std::size_t width_ = 0;
};

class SentenceKind : public FeatureKind {
 public:
  explicit SentenceKind(const Section& options) : options_(options) {}
  bool learns() const override { return false; }
  std::unique_ptr<Extractor> fit(const RawItems&, int, Progress&) const override {
    return std::make_unique<SentenceExtractor>(options_, hashes());
  }

  /// Refuses files that are not those of fit(): rows of two networks do not go together.
  std::unique_ptr<Extractor> load(const H5File& file, const std::string& group) const override {
    const StringColumn expected = file.read_strings(group + "/hashes");
    StringColumn found = hashes();
    const std::string* const names[] = {&options_.file, &options_.vocabulary};
    for (std::size_t i = 0; i < found.size(); ++i) {
      if (found[i] == expected[i]) continue;
      throw DataError(
          fmt::format("{}: is not the file that features were made with: expected content {}, "
                      "found {}",
                      *names[i], expected[i], found[i]));
    }
    return std::make_unique<SentenceExtractor>(options_, std::move(found));
  }

 private:
  /// Of the network and of its vocabulary.
  StringColumn hashes() const {
    check_network_file(options_.file);
    StringColumn out;
    out.push_back(hash_of_file(options_.file).hex());
    out.push_back(hash_of_file(options_.vocabulary).hex());
    return out;
  }

  EncoderOptions options_;
};

}  // namespace

FeatureKindPtr make_sentence_encoder(const Section& options) {
  return std::make_unique<SentenceKind>(options);
}

}  // namespace alignlab::features
