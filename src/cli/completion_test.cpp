#include "cli/completion.h"

#include <gtest/gtest.h>

namespace slipway::cli {
namespace {

std::vector<CommandDescription> commands() {
  return {{"serve",
           "Serve models",
           {{"paths", "Model files", "PATH", "", "", true},
            {"--port", "Port; 0: any", "UINT", "8080", "SLIPWAY_PORT", false},
            {"--json", "It's JSON", "", "", "", false}}}};
}

TEST(CompletionTest, EveryShellKnowsEveryFlag) {
  for (const char* shell : {"bash", "zsh"}) {
    const std::string script = completion_script(commands(), shell);
    EXPECT_NE(script.find("--port"), std::string::npos) << shell;
    EXPECT_NE(script.find("serve"), std::string::npos) << shell;
  }
  EXPECT_NE(completion_script(commands(), "fish").find("-l port -r -d"), std::string::npos);
  EXPECT_NE(completion_script(commands(), "zsh").find("'--json[It s JSON]'"), std::string::npos);
}

TEST(CompletionTest, TheManualPageNamesDefaultAndEnvironment) {
  const std::string page = manual_page(commands(), "1.2.3");
  EXPECT_NE(page.find("\\fB\\-\\-port\\fR=\\fIUINT\\fR\nPort; 0: any. Default: 8080. "
                      "Environment: SLIPWAY_PORT."),
            std::string::npos)
      << page;
}

}  // namespace
}  // namespace slipway::cli
