#pragma once

// What tests of `score` share: matrices, names and rankings as files of one folder.

#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <vector>

#include "core/rng.h"
#include "data/npy.h"
#include "run/score.h"
#include "tests/core/testing.h"

namespace alignlab::tests {

using Names = std::vector<std::string>;

inline std::vector<MetricName> metrics(const Names& names) {
  std::vector<MetricName> out;
  for (const std::string& name : names) out.push_back(parse_metric(name, {"test", 0, 0}));
  return out;
}

inline Matrix random_rows(std::size_t rows, std::size_t cols, Rng& rng) {
  Matrix out(rows, cols);
  for (float& value : out.values()) value = static_cast<float>(rng.normal());
  return out;
}

inline Names numbers(std::size_t count) {
  Names out;
  for (std::size_t i = 0; i < count; ++i) out.push_back(std::to_string(i));
  return out;
}

class ScoreTest : public ::testing::Test {
 protected:
  std::filesystem::path matrix(const std::string& name, const Matrix& rows) const {
    write_npy(folder_ / name, rows);
    return folder_ / name;
  }
  std::filesystem::path text(const std::string& name, const std::string& bytes) const {
    std::ofstream(folder_ / name, std::ios::binary) << bytes;
    return folder_ / name;
  }
  std::filesystem::path lines(const std::string& name, const Names& names) const {
    std::string bytes;
    for (const std::string& line : names) bytes += line + "\n";
    return text(name, bytes);
  }
  EmbeddingScoreRequest request(const Matrix& queries, const Matrix& candidates,
                                const Names& names) const {
    EmbeddingScoreRequest out;
    out.evaluation.metrics = metrics(names);
    out.queries = matrix("q.npy", queries);
    out.candidates = matrix("c.npy", candidates);
    out.similarity = Similarity::kDot;
    return out;
  }
  static Score score(const EmbeddingScoreRequest& request) {
    Silent silent;
    return score_embeddings(request, silent);
  }
  static std::string refusal(const EmbeddingScoreRequest& request) {
    return message_of<DataError>([&] { score(request); });
  }
  std::string path_of(const std::string& name) const { return (folder_ / name).string(); }

  const ScratchFolder folder_;
};

}  // namespace alignlab::tests
