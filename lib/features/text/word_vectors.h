#pragma once

// Vectors of words from a file, of which only the words asked for are kept. The format is seen in
// the content:
//
//   GloVe text (Pennington, Socher and Manning, EMNLP 2014,
//   https://nlp.stanford.edu/projects/glove):
//     a line a word, the word and its numbers separated by a space or tab each; the first line says
//     how many numbers. Words may hold spaces themselves: the numbers are the last of the line.
//   word2vec text and fastText .vec (https://code.google.com/archive/p/word2vec,
//     https://fasttext.cc/docs/en/english-vectors.html): the same behind a line "words numbers".
//   word2vec binary: that line, then for each word its bytes, a space and float32 numbers, little
//     endian; line ends before a word are skipped.
//
// A first line of two whole numbers is always such a header. Words are bytes: these files hold some
// that are no UTF-8. The file is read once, front to back, in memory of one line and of what is
// kept; a header is believed about nothing that is allocated. Numbers are read where they are kept
// and on the first line; of other lines they are only counted.

#include <filesystem>
#include <string>
#include <vector>

#include "core/hash.h"
#include "core/matrix.h"
#include "core/progress.h"
#include "core/string_column.h"

namespace alignlab::features {

struct WordVectors {
  StringColumn words;  // those found, in the order of `wanted`
  Matrix vectors;      // a row each; has the file's width even where no word was found
  Hash128 hash;        // of the whole file, as hash_of_file() gives it
};

/// The vectors of the words in `wanted`, which are distinct. With `any_case` a word that the file
/// does not have gets the vector of the first one that is the same after case folding. Of a word
/// that is there twice the first counts, and `progress` is warned. DataError "file:line: ..." (in a
/// binary file "file: word n: ...") for what is no such file, ends early, or has a number that is
/// not finite among those read.
WordVectors read_word_vectors(const std::filesystem::path& path,
                              const std::vector<std::string>& wanted, bool any_case,
                              Progress& progress);

}  // namespace alignlab::features
