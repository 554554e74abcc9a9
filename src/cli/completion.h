// Shell completion and the manual page, made from the description of the commands, so that neither
// can fall behind the flags.
#pragma once

#include <string>
#include <vector>

namespace slipway::cli {

struct FlagDescription {
  std::string name;  // "--port"; a positional's plain name
  std::string description;
  std::string type;      // "SIZE", "FILE", ...; empty for a switch
  std::string fallback;  // default value; may be empty
  std::string environment;
  bool is_positional = false;
};

struct CommandDescription {
  std::string name;
  std::string description;
  std::vector<FlagDescription> flags;
};

/// `shell` is "bash", "zsh" or "fish".
std::string completion_script(const std::vector<CommandDescription>& commands,
                              const std::string& shell);
/// troff for man(1).
std::string manual_page(const std::vector<CommandDescription>& commands,
                        const std::string& version);

}  // namespace slipway::cli
