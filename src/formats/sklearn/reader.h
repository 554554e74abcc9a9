// The reader of scikit-learn models: bytes of a pickle or joblib file to a Graph.
//
//   ReadModel model = TRY(sklearn::read(std::move(bytes), {}, limits));
//   auto executable = TRY(engine::compile(model.graph));
#pragma once

#include <memory>
#include <string>

#include "base/limits.h"
#include "base/status.h"
#include "formats/model_format.h"
#include "formats/read_report.h"

namespace slipway::sklearn {

using formats::Candidate;
using formats::Gap;
using formats::ModelInfo;
using formats::ReadOptions;
using formats::ReadReport;

/// Errors only if the bytes are no readable pickle at all, or `select` leads nowhere.
/// `formats` reads models of other libraries that lie inside.
Result<ReadReport> read(FileBytes bytes, const ReadOptions& options, const Limits& limits,
                        const formats::FormatSet& formats = {});

/// The same as a format by the name of "pickle".
std::unique_ptr<const formats::ModelFormat> make_format();
/// Skops files, which hold the same models, by the name of "skops".
std::unique_ptr<const formats::ModelFormat> make_skops_format();

}  // namespace slipway::sklearn
