// Random: the one generator of everything in training that is drawn by lot: splits, bootstrap,
// permutations.
//
// It is the Mersenne Twister of 64 bits (std::mt19937_64, whose sequence the C++ standard fixes),
// seeded by std::seed_seq from the 32-bit halves, low half first, of the seed and of the stream:
// the same on every machine and library. Streams of one seed are independent: work on several
// threads draws from one stream for each item, so that the result does not depend on how many
// threads there are. Thread rule: single-sequence.
//
//   Random random(seed, replicate);
//   random.shuffle(rows);
#pragma once

#include <cstdint>
#include <random>
#include <span>
#include <vector>

namespace slipway::training {

class Random {
 public:
  explicit Random(uint64_t seed, uint64_t stream = 0);

  /// Uniform over 0 .. count - 1 (count > 0), without bias: the high half of the product of
  /// count and 64 random bits, drawn again where that would favour some (Lemire,
  /// arXiv:1805.10941).
  uint64_t below(uint64_t count);
  /// Uniform in [0, 1): the upper 53 bits.
  double uniform();
  /// Fisher and Yates's shuffle, from the last entry down.
  void shuffle(std::span<uint32_t> values);
  /// 0 .. count - 1 in random order.
  std::vector<uint32_t> permutation(uint32_t count);

 private:
  std::mt19937_64 engine_;
};

}  // namespace slipway::training
