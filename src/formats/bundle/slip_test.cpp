#include "formats/bundle/slip.h"

#include <gtest/gtest.h>

#include "base/file.h"
#include "formats/bundle/bundle.h"
#include "formats/tar_writer.h"

namespace slipway::bundle {
namespace {

using formats::FormatSet;
using formats::ReadReport;

/// Reads any text that begins with "alpha".
class Alpha final : public formats::ModelFormat {
 public:
  std::string_view name() const override { return "alpha"; }
  std::string_view description() const override { return "alpha"; }
  bool recognises(std::string_view start) const override { return start.starts_with("alpha"); }
  Result<ReadReport> read(FileBytes bytes, const formats::ReadOptions& /*options*/,
                          const FormatSet& /*all*/, const Limits& /*limits*/) const override {
    ReadReport report;
    report.info.class_name = std::string(bytes.view());
    report.info.container = "alpha";
    return report;
  }
};

const FormatSet& formats() {
  static const FormatSet all = [] {
    FormatSet set;
    set.add(make_format());
    set.add(std::make_unique<Alpha>());
    return set;
  }();
  return all;
}

SlipContents contents() {
  return {.name = "iris",
          .version = "2",
          .model = "model.alpha",
          .details = "\"seed\": 7",
          .files = {{"model.alpha", "alpha model"}, {"expected.csv", "x0,predict\n1,2\n"}}};
}

Result<ReadReport> read(const std::string& bytes) {
  return formats().find(bytes)->read(bytes, {}, formats(), Limits());
}

/// The same archive with other bytes in one file.
std::string with_file(const std::string& tar, const std::string& name, const std::string& bytes) {
  const auto files = formats::open_tar(tar, Limits());
  std::string out;
  bool is_new = true;
  for (size_t i = 0; i < (*files)->files().size(); ++i) {
    const std::string& other = (*files)->files()[i].name;
    if (other == name) is_new = false;
    formats::append_tar_file(out, other, other == name ? bytes : *(*files)->read(i));
  }
  if (is_new) formats::append_tar_file(out, name, bytes);
  formats::finish_tar(out);
  return out;
}

TEST(Slip, IsReadWithWhatLiesBesideTheModel) {
  const auto slip = write_slip(contents());
  ASSERT_TRUE(slip.ok()) << slip.status().message();
  EXPECT_EQ(*slip, *write_slip(contents()));
  const auto report = read(*slip);
  ASSERT_TRUE(report.ok()) << report.status().message();
  EXPECT_EQ(report->info.class_name, "alpha model");
  ASSERT_EQ(report->companions.size(), 2u);
  EXPECT_EQ(report->companions[0].name, "expected.csv");
  EXPECT_EQ(report->companions[1].name, kSlipManifest);
  const auto names = identify_archive(*slip, Limits());
  ASSERT_TRUE(names.ok());
  EXPECT_EQ(names->name, "iris");
  EXPECT_EQ(names->version, "2");
}

TEST(Slip, LongNamesAndFoldersComeThroughTheArchive) {
  SlipContents packed = contents();
  const std::string deep = "model/" + std::string(150, 'd') + "/weights";
  packed.model = "model/";
  packed.files = {{"model/one.alpha", "alpha in a folder"}, {deep, "w"}};
  const auto slip = write_slip(packed);
  ASSERT_TRUE(slip.ok()) << slip.status().message();
  EXPECT_TRUE((*formats::open_tar(*slip, Limits()))->find(deep).has_value());
  const auto report = read(*slip);
  ASSERT_TRUE(report.ok()) << report.status().message();
  EXPECT_EQ(report->info.class_name, "alpha in a folder");
}

TEST(Slip, AChangedMissingOrAddedFileIsNamed) {
  const std::string slip = *write_slip(contents());
  const auto changed = read(with_file(slip, "model.alpha", "alpha m0del"));
  EXPECT_EQ(changed.status().code(), StatusCode::kDataLoss);
  EXPECT_NE(changed.status().message().find("model.alpha was changed"), std::string::npos);
  const auto shorter = read(with_file(slip, "expected.csv", ""));
  EXPECT_NE(shorter.status().message().find("expected.csv has 0 bytes"), std::string::npos);
  const auto added = read(with_file(slip, "other.alpha", "alpha"));
  EXPECT_NE(added.status().message().find("other.alpha is not listed"), std::string::npos);
  std::string manifest_only;
  const auto files = formats::open_tar(slip, Limits());
  formats::append_tar_file(manifest_only, kSlipManifest, *(*files)->read(0));
  formats::finish_tar(manifest_only);
  EXPECT_NE(read(manifest_only).status().message().find("expected.csv is missing"),
            std::string::npos);
}

TEST(Slip, NamesThatLeadElsewhereAreNotWritten) {
  for (const std::string name : {"../model", "/model", "slipway.json", "slipway.sig"}) {
    SlipContents packed = contents();
    packed.files.emplace_back(name, "x");
    EXPECT_FALSE(write_slip(packed).ok()) << name;
  }
  SlipContents packed = contents();
  packed.model = "other";
  EXPECT_FALSE(write_slip(packed).ok());
}

TEST(Slip, AManifestSaysWhatIsWrongWithIt) {
  const auto message = [](std::string_view text) {
    return parse_slip_manifest(text).status().message();
  };
  EXPECT_NE(message("[").find("no JSON object"), std::string::npos);
  EXPECT_NE(message("{}").find("slipway_bundle"), std::string::npos);
  EXPECT_EQ(parse_slip_manifest(R"({"slipway_bundle": 2})").status().code(),
            StatusCode::kUnimplemented);
  EXPECT_NE(message(R"({"slipway_bundle": 1, "model": "m"})").find("\"files\""), std::string::npos);
  EXPECT_NE(message(R"({"slipway_bundle": 1, "model": "m", "files": {"m": {"bytes": 1}}})")
                .find("sha256"),
            std::string::npos);
  EXPECT_NE(message(R"({"slipway_bundle": 1, "name": "a/b", "files": {}})").find("\"name\""),
            std::string::npos);
}

TEST(Slip, ASignatureIsOfOneKeyAndOneManifest) {
  const auto keys = make_ed25519_pair();
  ASSERT_TRUE(keys.ok()) << keys.status().message();
  const auto own = parse_private_key(keys->private_pem);
  ASSERT_TRUE(own.ok()) << own.status().message();
  const Ed25519Key known = *parse_public_key(keys->public_pem);
  EXPECT_EQ(known.bytes, public_half(*own)->bytes);
  const Ed25519Key stranger = *parse_public_key(make_ed25519_pair()->public_pem);

  const auto slip = sign_slip(*write_slip(contents()), *own);
  ASSERT_TRUE(slip.ok()) << slip.status().message();
  EXPECT_EQ(*sign_slip(*slip, *own), *slip);
  const auto report = read(*slip);
  ASSERT_TRUE(report.ok()) << report.status().message();
  ASSERT_EQ(report->companions.size(), 3u);
  const std::string& manifest = report->companions[1].bytes;
  const std::string& signature = report->companions[2].bytes;
  const Ed25519Key both[] = {stranger, known};
  EXPECT_EQ(signer_of(manifest, signature, both), &both[1]);
  EXPECT_EQ(signer_of(manifest, signature, {both, 1}), nullptr);
  EXPECT_EQ(signer_of(manifest + " ", signature, both), nullptr);
  EXPECT_EQ(signer_of(manifest, signature.substr(1), both), nullptr);
}

// Made by openssl 3.0: `openssl genpkey -algorithm ed25519`, `openssl pkey -pubout`,
// `printf slipway | openssl pkeyutl -sign -rawin`.
TEST(Slip, OpenSslsKeysAndSignaturesAreTheSame) {
  const auto own = parse_private_key(
      "-----BEGIN PRIVATE KEY-----\n"
      "MC4CAQAwBQYDK2VwBCIEIM+1EmXPUZR99a+bCA3C+XMKY429sWjMaDdSSl53eKZn\n"
      "-----END PRIVATE KEY-----\n");
  ASSERT_TRUE(own.ok()) << own.status().message();
  EXPECT_EQ(sha256_hex(*sign_bytes("slipway", *own)),
            "db8db7d17219568258fad1272b44b934ac8ea3f6151b9d663e69fbb127ff85d4");
  EXPECT_EQ(key_name(*public_half(*own)),
            "sha256:1f40497a31a5f8f1bcb5e6fd68d73d6a676bfb5a6b033fccfd15af5529a3ff19");
}

TEST(Slip, OtherKeysAreRefused) {
  EXPECT_FALSE(parse_private_key("").ok());
  EXPECT_FALSE(parse_private_key("-----BEGIN PRIVATE KEY-----\nAAAA\n").ok());
  EXPECT_FALSE(parse_public_key(make_ed25519_pair()->private_pem).ok());
  EXPECT_FALSE(sign_slip("no archive", *parse_private_key(make_ed25519_pair()->private_pem)).ok());
}

}  // namespace
}  // namespace slipway::bundle
