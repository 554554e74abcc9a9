// scikit-learn's English stop words: a model file that uses them holds only the name of the list.
#pragma once

#include <string>
#include <vector>

namespace slipway::text {

/// sklearn.feature_extraction.text.ENGLISH_STOP_WORDS, sorted.
std::vector<std::string> english_stop_words();

}  // namespace slipway::text
