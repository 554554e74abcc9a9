#include "cli/internal/data_flags.h"
#include "cli/internal/flag_values.h"

namespace slipway::cli {

void add_table_flags(CLI::App& command, TableFlags& flags) {
  command
      .add_option("--schema", flags.schema, "Types, formats, units of columns, in this YAML file")
      ->type_name("FILE");
  command
      .add_option("--type", flags.types,
                  "COLUMN=TYPE: number, boolean, category, text, time[:FORMAT], ignore")
      ->allow_extra_args(false)
      ->type_name("C=TYPE");
  command
      .add_option("--missing", flags.missing,
                  "Texts that mean no value, beside the empty one (default: NA, NaN, null, ?, "
                  "-, ...)")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->type_name("TEXTS");
  command
      .add_option("--input-format", flags.input_format, "By default told from the name and content")
      ->capture_default_str()
      ->check(CLI::IsMember({"auto", "csv", "tsv", "jsonl", "arrow", "parquet"}));
  command
      .add_option("--separator", flags.separator,
                  "Between fields (default: the commonest of , ; tab |)")
      ->transform(separator_value())
      ->type_name("CHAR");
  command.add_flag("--no-header", flags.no_header,
                   "The first line of the CSV is a row, not column names");
}

void add_data(CLI::App& app, DataOptions& o) {
  CLI::App& c = *app.add_subcommand(
      "data", "Show what a table holds: types, missing values, statistics, what looks wrong");
  c.add_option("file", o.file, "CSV, TSV, JSON lines (.gz, .zst), Arrow or Parquet; - for stdin")
      ->required()
      ->type_name("FILE");
  c.add_option("--target", o.target, "The column that a model would predict")->type_name("COLUMN");
  add_table_flags(c, o.table);
  c.add_flag("--json", o.json, "As JSON");
  c.add_option("--html", o.html, "Write a page with plots, too")->type_name("FILE");
  c.add_option("--write-schema", o.write_schema, "Write the types as a schema, too")
      ->type_name("FILE");
}

}  // namespace slipway::cli
