#include "cli/completion.h"

#include <fmt/format.h>

#include <algorithm>

namespace slipway::cli {
namespace {

std::string flag_names(const CommandDescription& command) {
  std::string names;
  for (const FlagDescription& flag : command.flags) {
    if (!flag.is_positional) names += (names.empty() ? "" : " ") + flag.name;
  }
  return names;
}

std::string command_names(const std::vector<CommandDescription>& commands) {
  std::string names;
  for (const CommandDescription& command : commands) {
    names += (names.empty() ? "" : " ") + command.name;
  }
  return names;
}

std::string bash_script(const std::vector<CommandDescription>& commands) {
  std::string script = fmt::format(
      "_slipway() {{\n"
      "  local word=\"${{COMP_WORDS[COMP_CWORD]}}\" flags=\"\"\n"
      "  if [ \"$COMP_CWORD\" -eq 1 ]; then\n"
      "    COMPREPLY=($(compgen -W \"{} --help --version\" -- \"$word\"))\n"
      "    return\n"
      "  fi\n"
      "  case \"${{COMP_WORDS[1]}}\" in\n",
      command_names(commands));
  for (const CommandDescription& command : commands) {
    script += fmt::format("    {}) flags=\"{}\" ;;\n", command.name, flag_names(command));
  }
  script +=
      "  esac\n"
      "  case \"$word\" in\n"
      "    -*) COMPREPLY=($(compgen -W \"$flags\" -- \"$word\")) ;;\n"
      "    *) COMPREPLY=($(compgen -f -- \"$word\")) ;;\n"
      "  esac\n"
      "}\n"
      "complete -o filenames -F _slipway slipway\n";
  return script;
}

/// Text inside single quotes of a shell script or a zsh specification.
std::string quoted(std::string text) {
  for (const char c : {'\'', '[', ']', ':'}) std::replace(text.begin(), text.end(), c, ' ');
  return text;
}

std::string zsh_script(const std::vector<CommandDescription>& commands) {
  std::string script = "#compdef slipway\n_slipway() {\n  local -a commands\n  commands=(\n";
  for (const CommandDescription& command : commands) {
    script += fmt::format("    '{}:{}'\n", command.name, quoted(command.description));
  }
  script +=
      "  )\n  if (( CURRENT == 2 )); then _describe command commands; return; fi\n"
      "  case \"$words[2]\" in\n";
  for (const CommandDescription& command : commands) {
    script += fmt::format("    {}) _arguments", command.name);
    for (const FlagDescription& flag : command.flags) {
      if (flag.is_positional) continue;
      script += fmt::format(" '{}{}[{}]{}'", flag.name, flag.type.empty() ? "" : "=",
                            quoted(flag.description), flag.type.empty() ? "" : ": :_files");
    }
    script += " '*:file:_files' ;;\n";
  }
  script += "  esac\n}\n_slipway \"$@\"\n";
  return script;
}

std::string fish_script(const std::vector<CommandDescription>& commands) {
  std::string script;
  for (const CommandDescription& command : commands) {
    script += fmt::format("complete -c slipway -n __fish_use_subcommand -a {} -d '{}'\n",
                          command.name, quoted(command.description));
    for (const FlagDescription& flag : command.flags) {
      if (flag.is_positional) continue;
      script += fmt::format(
          "complete -c slipway -n '__fish_seen_subcommand_from {}' -l {}{} -d '{}'\n", command.name,
          flag.name.substr(2), flag.type.empty() ? "" : " -r", quoted(flag.description));
    }
  }
  return script;
}

/// Text for troff: a leading dot or quote would be a request, and '-' a hyphen.
std::string troff(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\') {
      out += "\\\\";
    } else if (c == '-') {
      out += "\\-";
    } else {
      out += c;
    }
  }
  if (!out.empty() && (out[0] == '.' || out[0] == '\'')) out.insert(0, "\\&");
  return out;
}

}  // namespace

std::string completion_script(const std::vector<CommandDescription>& commands,
                              const std::string& shell) {
  if (shell == "zsh") return zsh_script(commands);
  if (shell == "fish") return fish_script(commands);
  return bash_script(commands);
}

std::string manual_page(const std::vector<CommandDescription>& commands,
                        const std::string& version) {
  std::string page = fmt::format(
      ".TH SLIPWAY 1 \"\" \"slipway {}\" \"User Commands\"\n"
      ".SH NAME\nslipway \\- serve trained models\n"
      ".SH SYNOPSIS\n.B slipway\n.I COMMAND\n[\\fIOPTION\\fR]...\n"
      ".SH DESCRIPTION\n"
      "Slipway reads scikit\\-learn pickle and joblib files without Python and without running a\n"
      "byte of them, and serves them over REST (a simple interface and the Open Inference\n"
      "Protocol).\n"
      ".SH COMMANDS\n",
      version);
  for (const CommandDescription& command : commands) {
    page +=
        fmt::format(".SS {}\n{}.\n", troff("slipway " + command.name), troff(command.description));
    for (const FlagDescription& flag : command.flags) {
      page += fmt::format(
          ".TP\n\\fB{}\\fR{}\n{}.", troff(flag.name),
          flag.type.empty() || flag.is_positional ? "" : "=\\fI" + troff(flag.type) + "\\fR",
          troff(flag.description));
      if (!flag.fallback.empty()) page += " Default: " + troff(flag.fallback) + ".";
      if (!flag.environment.empty()) page += " Environment: " + troff(flag.environment) + ".";
      page += "\n";
    }
  }
  page +=
      ".SH EXIT STATUS\n0: done. 1: it could not be done; the message says why. 2: the model "
      "holds\n"
      "something that Slipway cannot compute; every such part is listed.\n";
  return page;
}

}  // namespace slipway::cli
