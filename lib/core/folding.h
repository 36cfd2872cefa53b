#pragma once

// What is the same about texts that differ in case, punctuation and spaces only.

#include <string>
#include <string_view>

namespace alignlab {

/// The words of a UTF-8 text, one space apart: letters, marks and digits in compatibility form
/// (NFKC: Unicode Standard Annex 15) and folded case; whatever else parts words. Empty where there
/// are none. A text that is not UTF-8 comes back as it is.
std::string folded_words(std::string_view text);

}  // namespace alignlab
