#include "transport/tls.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "transport/internal/tls_tickets.h"
#include "transport/tls_files_test.h"

namespace slipway::transport {
namespace {

using namespace std::chrono_literals;

std::string error_of(const TlsOptions& options) {
  const auto context = TlsContext::create(options);
  return context.ok() ? "good" : context.status().message();
}

TEST(TlsContext, TellsWhichFileIsWrongAndWhy) {
  const TlsFolder folder;
  const TlsFiles good = folder.make("good", "a.example");
  const TlsFiles other = folder.make("other", "b.example");
  EXPECT_EQ(error_of({.certificates = {good}}), "good");
  EXPECT_EQ(error_of({.certificates = {{.certificate = folder.path("none.pem"), .key = good.key}}}),
            "the TLS certificate " + folder.path("none.pem") +
                " cannot be used: No such file or directory");
  EXPECT_EQ(error_of({.certificates = {{.certificate = good.certificate, .key = other.key}}}),
            "the TLS key " + other.key + " cannot be used: it does not belong to the certificate " +
                good.certificate);
  EXPECT_NE(error_of({.certificates = {{.certificate = good.key, .key = good.key}}})
                .find("the TLS certificate " + good.key),
            std::string::npos);
  EXPECT_NE(error_of({.certificates = {good},
                      .client_ca = good.key,
                      .client_certificate = ClientCertificate::kRequired})
                .find("the TLS client CA " + good.key),
            std::string::npos);
  EXPECT_NE(error_of({}).find("needs a certificate"), std::string::npos);
}

TEST(TlsContext, RefusesAKeyOfAnotherKindAndOneWithAPassword) {
  const TlsFolder folder;
  const TlsFiles good = folder.make("good", "a.example");
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> rsa(EVP_RSA_gen(2048), &EVP_PKEY_free);
  for (const bool locked : {false, true}) {
    std::FILE* const file = std::fopen(folder.path("rsa.key").c_str(), "w");
    unsigned char password[] = "secret";
    PEM_write_PrivateKey(file, rsa.get(), locked ? EVP_aes_128_cbc() : nullptr,
                         locked ? password : nullptr, locked ? 6 : 0, nullptr, nullptr);
    std::fclose(file);
    const std::string error = error_of(
        {.certificates = {{.certificate = good.certificate, .key = folder.path("rsa.key")}}});
    EXPECT_EQ(error.find("the TLS key " + folder.path("rsa.key")), 0U) << error;
    EXPECT_EQ(error.find("belong") == std::string::npos, locked) << error;
  }
}

TEST(TlsContext, WarnsOnlyOfAnExpiredCertificate) {
  const TlsFolder folder;
  EXPECT_EQ(error_of({.certificates = {folder.make("old", "a.example", -1)}}), "good");
}

TEST(TlsContext, ReloadsWhatHasChangedAndKeepsItselfWhenThatIsBroken) {
  const TlsFolder folder;
  const TlsFiles files = folder.make("server", "a.example");
  const auto context = TlsContext::create({.certificates = {files}}).value();
  EXPECT_FALSE(context->reload_if_changed().value());
  folder.make("server", "a.example");
  EXPECT_TRUE(context->reload_if_changed().value());
  EXPECT_FALSE(context->reload_if_changed().value());
  std::filesystem::copy_file(folder.make("other", "b.example").key, files.key,
                             std::filesystem::copy_options::overwrite_existing);
  EXPECT_FALSE(context->reload_if_changed().ok());
  EXPECT_TRUE(context->reload_if_changed().ok());  // told once
  EXPECT_FALSE(context->reload().ok());
  const Protocols spoken;
  const TlsContext::Connection connection = context->new_connection(spoken);
  EXPECT_NE(connection.ssl, nullptr);
  SSL_free(connection.ssl);
}

TEST(TlsTicketKeys, RotateAndAreForgotten) {
  TlsTicketKeys keys;
  const SteadyTime begin = SteadyTime{} + 1h;
  const auto first = keys.sealing_key(begin);
  ASSERT_TRUE(first.has_value());
  EXPECT_EQ(keys.sealing_key(begin + 11h)->name, first->name);
  bool is_old = true;
  EXPECT_TRUE(keys.opening_key(first->name.data(), begin + 11h, is_old).has_value());
  EXPECT_FALSE(is_old);
  const auto second = keys.sealing_key(begin + 13h);
  EXPECT_NE(second->name, first->name);
  EXPECT_NE(second->cipher, first->cipher);
  EXPECT_EQ(keys.opening_key(first->name.data(), begin + 14h, is_old)->cipher, first->cipher);
  EXPECT_TRUE(is_old);
  EXPECT_FALSE(keys.opening_key(first->name.data(), begin + 24h, is_old).has_value());
  EXPECT_TRUE(keys.opening_key(second->name.data(), begin + 24h, is_old).has_value());
  EXPECT_NE(keys.sealing_key(begin + 26h)->name, second->name);
  EXPECT_FALSE(keys.opening_key(first->name.data(), begin + 26h, is_old).has_value());
}

}  // namespace
}  // namespace slipway::transport
