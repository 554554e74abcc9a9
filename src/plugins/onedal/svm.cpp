#include "plugins/onedal/svm.h"

#include <tbb/task_arena.h>

#include <cmath>
#include <oneapi/dal/algo/linear_kernel.hpp>
#include <oneapi/dal/algo/polynomial_kernel.hpp>
#include <oneapi/dal/algo/rbf_kernel.hpp>
#include <oneapi/dal/algo/sigmoid_kernel.hpp>
#include <oneapi/dal/algo/svm.hpp>
#include <oneapi/dal/table/homogen.hpp>
#include <oneapi/dal/table/row_accessor.hpp>
#include <oneapi/dal/train.hpp>
#include <stdexcept>
#include <vector>

namespace slipway::onedal {
namespace {

namespace dal = oneapi::dal;
namespace svm = oneapi::dal::svm;

dal::table table_of(const double* numbers, size_t rows, size_t columns) {
  return dal::homogen_table::wrap(numbers, static_cast<std::int64_t>(rows),
                                  static_cast<std::int64_t>(columns));
}

template <typename Task, typename Kernel>
void train(const SlipwaySvmTask& task, const Kernel& kernel, const SlipwaySvmResult& result) {
  svm::descriptor<double, svm::method::thunder, Task, Kernel> machine(kernel);
  machine.set_c(task.c)
      .set_accuracy_threshold(task.tolerance)
      .set_max_iteration_count(task.iterations_max)
      .set_cache_size(task.cache_mb)
      .set_shrinking(task.shrinking != 0);
  if constexpr (std::is_same_v<Task, svm::task::regression>) machine.set_epsilon(task.epsilon);
  const dal::table x = table_of(task.x, task.rows, task.columns);
  const dal::table y = table_of(task.y, task.rows, 1);
  const dal::table weights =
      task.weights == nullptr ? dal::table{} : table_of(task.weights, task.rows, 1);
  svm::train_result<Task> trained;
  tbb::task_arena arena(static_cast<int>(task.threads));
  arena.execute([&] { trained = dal::train(machine, x, y, weights); });
  const auto count = static_cast<size_t>(trained.get_support_vector_count());
  const double bias = dal::row_accessor<const double>(trained.get_biases()).pull({0, 1})[0];
  std::vector<std::int64_t> rows(count);
  std::vector<double> coefficients(count);
  if (count > 0) {
    const auto indices = dal::row_accessor<const double>(trained.get_support_indices()).pull();
    const auto weights_of = dal::row_accessor<const double>(trained.get_coeffs()).pull();
    for (size_t i = 0; i < count; ++i) {
      rows[i] = static_cast<std::int64_t>(indices[static_cast<std::int64_t>(i)]);
      coefficients[i] = weights_of[static_cast<std::int64_t>(i)];
    }
  }
  result.take(result.context, rows.data(), coefficients.data(), count, bias);
}

template <typename Task>
void train_by_kernel(const SlipwaySvmTask& task, const SlipwaySvmResult& result) {
  switch (task.kernel) {
    case 0: return train<Task>(task, dal::linear_kernel::descriptor<double>(), result);
    case 1:
      return train<Task>(task,
                         dal::polynomial_kernel::descriptor<double>()
                             .set_scale(task.gamma)
                             .set_shift(task.coef0)
                             .set_degree(task.degree),
                         result);
    case 2:
      return train<Task>(
          task, dal::rbf_kernel::descriptor<double>().set_sigma(std::sqrt(0.5 / task.gamma)),
          result);
    case 3:
      return train<Task>(
          task,
          dal::sigmoid_kernel::descriptor<double>().set_scale(task.gamma).set_shift(task.coef0),
          result);
    default: throw std::invalid_argument("unknown kernel");
  }
}

}  // namespace

void train_svm(const SlipwaySvmTask& task, const SlipwaySvmResult& result) {
  task.regression != 0 ? train_by_kernel<svm::task::regression>(task, result)
                       : train_by_kernel<svm::task::classification>(task, result);
}

}  // namespace slipway::onedal
