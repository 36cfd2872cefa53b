#pragma once

// Words of a text: maximal runs of ASCII letters and digits and of any non-ASCII bytes, ASCII
// letters in lower case; apostrophes inside a word are dropped ("dog's" is "dogs").

#include <string>
#include <string_view>
#include <vector>

namespace alignlab::features {

std::vector<std::string> words_of(std::string_view text);

}  // namespace alignlab::features
