#include "engine/kernels/internal/neighbor_select.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace slipway::engine {

void NeighborHeap::reset() {
  std::fill_n(distances_, size_, std::numeric_limits<double>::infinity());
  std::fill_n(points_, size_, 0U);
}

void NeighborHeap::replace_root(double distance, uint32_t point) {
  size_t place = 0;
  for (;;) {
    const size_t left = 2 * place + 1;
    if (left >= size_) break;
    const size_t right = left + 1;
    const size_t larger = right < size_ && distances_[right] > distances_[left] ? right : left;
    if (!(distances_[larger] > distance)) break;
    distances_[place] = distances_[larger];
    points_[place] = points_[larger];
    place = larger;
  }
  distances_[place] = distance;
  points_[place] = point;
}

namespace {

/// numpy's introselect over an index array.
class ArgSelect {
 public:
  ArgSelect(const double* values, uint32_t* order) : values_(values), order_(order) {}

  void select(size_t count, size_t kth) {
    size_t low = 0;
    size_t high = count - 1;
    if (kth < 3) {
      select_few(count, kth);
      return;
    }
    if (kth == count - 1) {
      select_last(count);
      return;
    }
    int depth = 2 * most_significant_bit(count);
    while (low + 1 < high) {
      size_t left = low + 1;
      size_t right = high;
      if (depth > 0 || right - left < 5) {
        median_to_low(low, low + (high - low) / 2, high);
      } else {
        const size_t middle = left + median_of_medians(left, right - left);
        std::swap(order_[middle], order_[low]);
        --left;
        ++right;
      }
      --depth;
      partition(at(low), left, right);
      std::swap(order_[low], order_[right]);
      if (right >= kth) high = right - 1;
      if (right <= kth) low = left;
    }
    if (high == low + 1 && less(at(high), at(low))) std::swap(order_[high], order_[low]);
  }

 private:
  double at(size_t i) const { return values_[order_[i]]; }
  static bool less(double a, double b) { return a < b || (b != b && a == a); }

  static int most_significant_bit(size_t value) {
    int bit = 0;
    while (value >>= 1U) ++bit;
    return bit;
  }

  /// The kth is among the first three: simple selection.
  void select_few(size_t count, size_t kth) {
    for (size_t i = 0; i <= kth; ++i) {
      size_t least = i;
      for (size_t k = i + 1; k < count; ++k) {
        if (less(at(k), at(least))) least = k;
      }
      std::swap(order_[i], order_[least]);
    }
  }

  void select_last(size_t count) {
    size_t most = 0;
    for (size_t k = 1; k < count; ++k) {
      if (!less(at(k), at(most))) most = k;
    }
    std::swap(order_[count - 1], order_[most]);
  }

  /// The median of three goes to `low`, the least to low + 1.
  void median_to_low(size_t low, size_t middle, size_t high) {
    if (less(at(high), at(middle))) std::swap(order_[high], order_[middle]);
    if (less(at(high), at(low))) std::swap(order_[high], order_[low]);
    if (less(at(low), at(middle))) std::swap(order_[low], order_[middle]);
    std::swap(order_[middle], order_[low + 1]);
  }

  size_t median_of_five(size_t first) {
    const auto order_pair = [&](size_t a, size_t b) {
      if (less(at(first + b), at(first + a))) std::swap(order_[first + a], order_[first + b]);
    };
    order_pair(0, 1);
    order_pair(3, 4);
    order_pair(0, 3);
    order_pair(1, 4);
    order_pair(1, 2);
    if (less(at(first + 3), at(first + 2))) return less(at(first + 3), at(first + 1)) ? 1 : 3;
    return 2;
  }

  /// Offset of the median of the medians of groups of five.
  size_t median_of_medians(size_t first, size_t count) {
    const size_t groups = count / 5;
    for (size_t i = 0; i < groups; ++i) {
      const size_t median = median_of_five(first + 5 * i);
      std::swap(order_[first + 5 * i + median], order_[first + i]);
    }
    if (groups > 2) ArgSelect(values_, order_ + first).select(groups, groups / 2);
    return groups / 2;
  }

  void partition(double pivot, size_t& left, size_t& right) {
    for (;;) {
      do ++left;
      while (less(at(left), pivot));
      do --right;
      while (less(pivot, at(right)));
      if (right < left) return;
      std::swap(order_[left], order_[right]);
    }
  }

  const double* values_;
  uint32_t* order_;
};

}  // namespace

void arg_partition(const double* values, uint32_t* order, size_t count, size_t k) {
  ArgSelect(values, order).select(count, k - 1);
}

void sort_neighbors(double* distances, uint32_t* points, size_t count) {
  const auto after = [&](size_t a, double distance, uint32_t point) {
    return distances[a] > distance || (distances[a] == distance && points[a] > point);
  };
  // Heap sort for many, insertion for few; neither needs memory.
  const auto sift = [&](size_t root, size_t end) {
    const double distance = distances[root];
    const uint32_t point = points[root];
    for (size_t child = 2 * root + 1; child < end; child = 2 * root + 1) {
      if (child + 1 < end && after(child + 1, distances[child], points[child])) ++child;
      if (!after(child, distance, point)) break;
      distances[root] = distances[child];
      points[root] = points[child];
      root = child;
    }
    distances[root] = distance;
    points[root] = point;
  };
  if (count > 16) {
    for (size_t i = count / 2; i-- > 0;) sift(i, count);
    for (size_t end = count; end-- > 1;) {
      std::swap(distances[0], distances[end]);
      std::swap(points[0], points[end]);
      sift(0, end);
    }
    return;
  }
  for (size_t i = 1; i < count; ++i) {
    const double distance = distances[i];
    const uint32_t point = points[i];
    size_t place = i;
    for (; place > 0 && after(place - 1, distance, point); --place) {
      distances[place] = distances[place - 1];
      points[place] = points[place - 1];
    }
    distances[place] = distance;
    points[place] = point;
  }
}

double numpy_sum(const double* values, size_t count) {
  if (count < 8) {
    double sum = 0;
    for (size_t i = 0; i < count; ++i) sum += values[i];
    return sum;
  }
  if (count > 128) {
    const size_t half = count / 2 - count / 2 % 8;
    return numpy_sum(values, half) + numpy_sum(values + half, count - half);
  }
  double sums[8];
  std::copy_n(values, 8, sums);
  size_t i = 8;
  for (; i < count - count % 8; i += 8) {
    for (size_t lane = 0; lane < 8; ++lane) sums[lane] += values[i + lane];
  }
  double sum =
      ((sums[0] + sums[1]) + (sums[2] + sums[3])) + ((sums[4] + sums[5]) + (sums[6] + sums[7]));
  for (; i < count; ++i) sum += values[i];
  return sum;
}

}  // namespace slipway::engine
