#pragma once
#include <vector>

#include "features/text/segmentation.h"
namespace alignlab::features {
/// For each token, whether it is an English noun, verb, adjective or adverb.
std::vector<bool> content_words(const std::vector<Token>& folded);
}  // namespace alignlab::features
