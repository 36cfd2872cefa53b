// The feature kind `sentence-encoder`, on networks that the tests write down themselves.

#include <gtest/gtest.h>
#include <torch/script.h>

#include <cmath>

#include "core/rng.h"
#include "tests/data/fixtures.h"
#include "tests/features/fixtures.h"

namespace alignlab {
namespace {

using tests::after;
using tests::contains;
using tests::dense_row;
using tests::extracted;
using tests::Items;
using tests::message_of;
using tests::ScratchFolder;
using tests::spec_of;
using tests::write_text;
using Row = std::vector<float>;

// [PAD] 0, [UNK] 1, [CLS] 2, [SEP] 3, a 4, b 5, ##c 6
constexpr const char* kFramed = "[PAD]\n[UNK]\n[CLS]\n[SEP]\na\nb\n##c\n";
// [PAD] 0, [UNK] 1, a 2, b 3
constexpr const char* kBare = "[PAD]\n[UNK]\na\nb\n";

/// [n, t, 2]: the number of each piece, and its square.
constexpr const char* kNumbers = R"(
    def forward(self, input_ids, attention_mask):
        x = input_ids.float()
        return torch.stack([x, x * x], 2)
)";

class SentenceEncoder : public ::testing::Test {
 protected:
  SentenceEncoder() { write_text(vocabulary_, kBare); }

  void write_network(const std::string& source, const torch::Tensor& table = {}) const {
    torch::jit::Module module("network");
    if (table.defined()) module.register_buffer("table", table);
    module.define(source);
    module.save(file_.string());
  }
  FeatureSpec spec(const std::string& options) const {
    return spec_of("sentence-encoder", Modality::kText,
                   "file = \"" + file_.string() + "\"\nvocabulary = \"" + vocabulary_.string() +
                       "\"\nscale = \"none\"\n" + options);
  }
  Features rows(const std::string& options, const std::vector<std::string>& texts) const {
    return extracted(spec(options), {}, Items(texts));
  }
  /// What comes after the file's name.
  std::string refusal(const std::string& options = "", const std::string& text = "a b") const {
    const std::string message = message_of<DataError>([&] { rows(options, {text}); });
    EXPECT_EQ(message.find('\n'), std::string::npos) << message;
    return after(file_.string() + ": ", message);
  }

  const ScratchFolder folder_;
  const std::filesystem::path file_ = folder_ / "encoder.pt";
  const std::filesystem::path vocabulary_ = folder_ / "vocab.txt";
};

TEST_F(SentenceEncoder, GivesTheMeanOverThePiecesThatAreNoPadding) {
  write_network(kNumbers);
  // Together in one batch: 2 3, 3, 2 2 3 and 1.
  const Features found = rows("", {"a b", "B", "a a b", "?"});
  EXPECT_EQ(dense_row(found, 0), (Row{2.5F, 6.5F}));
  EXPECT_EQ(dense_row(found, 1), (Row{3, 9}));
  EXPECT_FLOAT_EQ(dense_row(found, 2)[0], 7.0F / 3);
  EXPECT_FLOAT_EQ(dense_row(found, 2)[1], 17.0F / 3);
  EXPECT_EQ(dense_row(found, 3), (Row{1, 1}));
}

TEST_F(SentenceEncoder, GivesTheFirstPieceWhereAskedFor) {
  write_network(kNumbers);
  const Features found = rows("pooling = \"first\"", {"b a a", "a"});
  EXPECT_EQ(dense_row(found, 0), (Row{3, 9}));
  EXPECT_EQ(dense_row(found, 1), (Row{2, 4}));
}

TEST_F(SentenceEncoder, FramesTextsWithTheSpecialTokensOfItsVocabulary) {
  write_text(vocabulary_, kFramed);
  write_network(kNumbers);
  EXPECT_EQ(dense_row(rows("pooling = \"first\"", {"a"}), 0), (Row{2, 4}));
  EXPECT_EQ(dense_row(rows("", {"ac b"}), 0)[0], (2 + 4 + 6 + 5 + 3) / 5.0F);
  EXPECT_EQ(dense_row(rows("max_length = 3", {"ac b"}), 0)[0], (2 + 4 + 3) / 3.0F);
  EXPECT_EQ(dense_row(rows("", {""}), 0)[0], 2.5F);
}

TEST_F(SentenceEncoder, TakesWhatTheNetworkGivesForATextAsItIs) {
  // How many pieces and how much padding there is tells ids and mask apart.
  write_network(R"(
    def forward(self, input_ids, attention_mask):
        return torch.stack([attention_mask.sum(1), (input_ids * attention_mask).sum(1)], 1)
)");
  const Features found = rows("pooling = \"output\"", {"a b", "b b b"});
  EXPECT_EQ(dense_row(found, 0), (Row{2, 5}));
  EXPECT_EQ(dense_row(found, 1), (Row{3, 9}));
}

TEST_F(SentenceEncoder, FindsItsOutputAmongSeveral) {
  const std::string begin = R"(
    def forward(self, input_ids, attention_mask):
        x = input_ids.float().unsqueeze(2)
        return )";
  for (const char* outputs :
       {"(x, x * 100)", "[x, x * 100]", "{'last_hidden_state': x, 'pooler_output': x * 100}",
        "{'a': x * 100, 'last_hidden_state': x}", "{'hidden': x, 'other': x * 100}"}) {
    write_network(begin + outputs + "\n");
    EXPECT_EQ(dense_row(rows("", {"a b"}), 0), Row{2.5F}) << outputs;
  }
}

TEST_F(SentenceEncoder, GivesATextWithoutPiecesARowOfZeros) {
  write_network(kNumbers);
  const Features found = rows("", {"", "b", " \n"});
  EXPECT_EQ(dense_row(found, 0), (Row{0, 0}));
  EXPECT_EQ(dense_row(found, 1), (Row{3, 9}));
  EXPECT_EQ(dense_row(found, 2), (Row{0, 0}));
  EXPECT_EQ(rows("", {""}).rows(), 1U);
  EXPECT_EQ(rows("", {}).rows(), 0U);
  EXPECT_EQ(rows("", {}).cols(), 2U);
}

/// Every piece sees every other that the mask shows it, as in a transformer.
constexpr const char* kAttention = R"(
    def forward(self, input_ids, attention_mask):
        x = torch.embedding(self.table, input_ids)
        scores = x.matmul(x.transpose(1, 2)) / 4.0
        hidden = attention_mask.unsqueeze(1) == 0
        return torch.tanh(torch.softmax(scores.masked_fill(hidden, -10000.0), 2).matmul(x) + x)
)";

class PaddedBatch : public SentenceEncoder {
 protected:
  PaddedBatch() {
    std::string pieces = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n";
    for (int i = 0; i < 20; ++i) pieces += "w" + std::to_string(i) + "\n";
    write_text(vocabulary_, pieces);
    Rng rng(7, "network");
    torch::Tensor table = torch::zeros({24, 16});
    for (int i = 0; i < 24 * 16; ++i) table.data_ptr<float>()[i] = static_cast<float>(rng.normal());
    write_network(kAttention, table);
    for (int i = 0; i < 50; ++i) {
      texts_.emplace_back();
      for (int words = rng.between(0, 12); words > 0; --words) {
        texts_.back() += "w" + std::to_string(rng.below(20)) + " ";
      }
    }
  }
  std::vector<std::string> texts_;
};

using SentenceEncoderBatches = PaddedBatch;

TEST_F(SentenceEncoderBatches, GiveWhatEachTextGivesAloneInTheOrderOfTheItems) {
  for (const char* pooling : {"mean", "first"}) {
    const std::string options = std::string("pooling = \"") + pooling + "\"\nbatch = ";
    const Features alone = rows(options + "1", texts_);
    ASSERT_EQ(alone.cols(), 16U);
    for (const char* batch : {"7", "50", "4096"}) {
      const Features together = rows(options + batch, texts_);
      for (std::size_t i = 0; i < texts_.size(); ++i) {
        for (std::size_t j = 0; j < 16; ++j) {
          ASSERT_NEAR(dense_row(together, i)[j], dense_row(alone, i)[j], 1e-5);
        }
      }
    }
    const Features one = rows(options + "8", {texts_[3]});
    for (std::size_t j = 0; j < 16; ++j) {
      EXPECT_NEAR(dense_row(one, 0)[j], dense_row(alone, 3)[j], 1e-5);
    }
  }
}

TEST_F(SentenceEncoderBatches, GiveTheSameBitsOnAnyNumberOfThreadsAndOnceLoaded) {
  Silent silent;
  const Items items(texts_);
  const auto kind = make_feature_kind(spec("batch = 4"));
  const auto fitted = kind->fit(items, 1, silent);
  const Features expected = fitted->extract(items, 1, silent);
  EXPECT_EQ(fitted->extract(items, 3, silent), expected);
  EXPECT_EQ(fitted->extract(items, 1, silent), expected);
  H5File file = H5File::create(folder_ / "a.h5");
  fitted->save(file, "/extractor");
  file.close();
  EXPECT_EQ(kind->load(H5File::open(folder_ / "a.h5"), "/extractor")->extract(items, 2, silent),
            expected);
}

TEST_F(SentenceEncoder, RefusesToGoOnWithOtherFiles) {
  write_network(kNumbers);
  Silent silent;
  const auto kind = make_feature_kind(spec(""));
  {
    H5File file = H5File::create(folder_ / "a.h5");
    kind->fit(Items(std::vector<std::string>{}), 1, silent)->save(file, "/extractor");
    file.close();
  }
  const auto load = [&] { kind->load(H5File::open(folder_ / "a.h5"), "/extractor"); };
  load();
  write_text(vocabulary_, std::string(kBare) + "c\n");
  EXPECT_EQ(message_of<DataError>(load),
            vocabulary_.string() +
                ": is not the file that features were made with: expected "
                "content " +
                hash_of(kBare).hex() + ", found " + hash_of(std::string(kBare) + "c\n").hex());
}

TEST_F(SentenceEncoder, LeavesOutWhateverTheNetworkSaysOfPadding) {
  write_network(R"(
    def forward(self, input_ids, attention_mask):
        x = input_ids.float()
        return (x / attention_mask.float()).unsqueeze(2)
)");
  const Features found = rows("", {"a", "a b b"});
  EXPECT_EQ(dense_row(found, 0), Row{2});
}

TEST_F(SentenceEncoder, RefusesOutputsOfAnotherShape) {
  write_network(kNumbers);
  EXPECT_EQ(refusal("pooling = \"output\""),
            "with pooling = \"output\" expected an output of [1, width], found [1, 1, 2]");
  write_network(R"(
    def forward(self, input_ids, attention_mask):
        return input_ids.float()
)");
  EXPECT_EQ(refusal(), "with pooling = \"mean\" expected an output of [1, 1, width], found [1, 1]");
  EXPECT_EQ(refusal("pooling = \"output\""), "expected 1 columns as of another text, found 2");
  write_network(R"(
    def forward(self, input_ids, attention_mask):
        return 3
)");
  EXPECT_EQ(refusal(), "expected a tensor as the (first) output, found Int");
}

TEST_F(SentenceEncoder, RefusesNumbersThatAreNotFinite) {
  write_network(R"(
    def forward(self, input_ids, attention_mask):
        return (1.0 / (input_ids.float() - 3.0)).unsqueeze(2)
)");
  EXPECT_EQ(refusal("", "a b"), "of text 'item-0' it gives a number that is not finite");
}

TEST_F(SentenceEncoder, SaysInOneLineWhatTheNetworkDidNotTake) {
  write_network(R"(
    def forward(self, input_ids, attention_mask):
        return torch.embedding(self.table, input_ids)
)",
                torch::zeros({3, 2}));
  EXPECT_TRUE(contains(refusal("", "b"), "index out of range"));
  write_network(R"(
    def forward(self, input_ids):
        return input_ids
)");
  EXPECT_EQ(refusal(),
            "expected a method forward(input_ids, attention_mask), found forward(input_ids)");
  write_text(file_, "no network");
  EXPECT_EQ(refusal(),
            "expected a TorchScript file (a zip archive that torch.jit.save wrote), found no zip "
            "archive");
  std::filesystem::remove(file_);
  EXPECT_EQ(refusal(), "no such file");
}

}  // namespace
}  // namespace alignlab
