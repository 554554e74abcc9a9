// `slipway data`: what a table holds.
#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "cli/commands.h"
#include "cli/output_file.h"
#include "cli/profile_output.h"
#include "data/profile.h"
#include "data/read_frame.h"

namespace slipway::cli {
namespace {

constexpr size_t kWidthMin = 60;
constexpr size_t kWidthElsewhere = 120;  // in files and pipes

size_t terminal_width() {
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return kWidthElsewhere;
  return std::max<size_t>(size.ws_col, kWidthMin);
}

Status show(const DataOptions& options) {
  const data::ReadOptions read = TRY(table_options(options.table));
  Result<data::Frame> frame = data::read_frame(options.file, read);
  if (!frame.ok()) {
    return std::move(frame).status().with_context(options.file == "-" ? "standard input"
                                                                      : options.file);
  }
  const data::Profile profile = TRY(data::profile_frame(*frame, options.target));
  if (!options.write_schema.empty()) {
    TRY_STATUS(write_output(options.write_schema, data::write_schema(*frame, read.schema)));
  }
  if (!options.html.empty()) {
    TRY_STATUS(write_output(options.html, profile_page(profile, options.file)));
  }
  return write_output("-", options.json ? profile_json(profile, options.file)
                                        : profile_table(profile, options.file, terminal_width()));
}

}  // namespace

int data(const DataOptions& options) {
  const Status status = show(options);
  if (status.ok()) return kExitOk;
  fmt::print(stderr, "slipway: {}\n", status.message());
  return kExitFailure;
}

}  // namespace slipway::cli
