// Problem: a table and what is to be learnt from it: the target, its classes, the features.
//
//   Frame, --target--> Problem --cross_validate, fit_model--> models
//
// Everything that can be known to be wrong is said here, before any work: no such target, one class
// only, a target without values.
//
// Ownership: points to the frame, which must live. Thread rule: immutable once made.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/status.h"
#include "data/frame.h"
#include "graph/signature.h"
#include "training/learners/learner.h"

namespace slipway::training {

struct Problem {
  const data::Frame* frame = nullptr;
  std::string target;
  Task task = Task::kClassification;
  std::vector<std::string> features;  // columns, in the table's order
  std::vector<uint32_t> rows;         // those that have a target; ordered by time if there is one
  LabelTable labels;                  // of a classification, ascending
  std::vector<int32_t> classes;       // of each row of the frame; -1: no target
  std::vector<double> values;         // of a regression, of each row of the frame; NaN: no target
  std::vector<int32_t> groups;        // of each row of the frame; empty: there are none
  std::vector<double> times;          // likewise
  std::vector<double> weights;        // likewise; empty: all 1
  std::vector<std::string> notes;     // what was left out, and why
};

struct ProblemOptions {
  std::string target;
  std::optional<Task> task;  // nullopt: texts, truth values and few whole numbers are classes
  std::vector<std::string> ignored;  // columns that are neither feature nor target
  // Columns, no features either; empty: none.
  std::string group;   // rows of one value belong together
  std::string time;    // the order of the rows
  std::string weight;  // how much each row counts
};

/// Rows of the frame, of places in problem.rows.
std::vector<uint32_t> frame_rows(const Problem& problem, std::span<const uint32_t> places);

/// INVALID_ARGUMENT names the column: the target or an ignored column is not there (with the
/// nearest name), it has no value, one class only, texts for a regression; groups, times or weights
/// that are none (role_columns.h).
Result<Problem> make_problem(const data::Frame& frame, const ProblemOptions& options);

}  // namespace slipway::training
