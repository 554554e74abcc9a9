#include "formats/file_set.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <zlib.h>

namespace slipway::formats {
namespace {

template <typename T>
void put(std::string& out, T value) {
  for (size_t i = 0; i < sizeof(T); ++i) out.push_back(static_cast<char>(value >> (8 * i)));
}

std::string deflated(const std::string& plain) {
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, 9, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string in = plain;
  std::string out(deflateBound(&stream, in.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(in.data());
  stream.avail_in = static_cast<uInt>(in.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

struct ZipEntry {
  std::string name;
  std::string content;
  bool deflate = false;
};

/// What a test changes about an archive that is otherwise right.
struct ZipLies {
  std::string local_name;  // of the first entry's own header
  uint32_t size = 0;       // that the directory gives for the first entry
  uint16_t flags = 0;
  uint32_t header_shift = 0;  // of the second entry's place
};

std::string zip_of(const std::vector<ZipEntry>& entries, const ZipLies& lies = {}) {
  std::string out;
  std::string directory;
  for (size_t i = 0; i < entries.size(); ++i) {
    const ZipEntry& entry = entries[i];
    const auto offset = static_cast<uint32_t>(out.size());
    const std::string packed = entry.deflate ? deflated(entry.content) : entry.content;
    const auto crc =
        static_cast<uint32_t>(crc32(0, reinterpret_cast<const Bytef*>(entry.content.data()),
                                    static_cast<uInt>(entry.content.size())));
    const std::string& local = i == 0 && !lies.local_name.empty() ? lies.local_name : entry.name;
    const auto size = static_cast<uint32_t>(entry.content.size());
    const auto method = static_cast<uint16_t>(entry.deflate ? 8 : 0);
    const auto fields = [&](std::string& to, uint32_t declared) {
      put<uint16_t>(to, 20);
      put<uint16_t>(to, lies.flags);
      put<uint16_t>(to, method);
      put<uint32_t>(to, 0);
      put<uint32_t>(to, crc);
      put<uint32_t>(to, static_cast<uint32_t>(packed.size()));
      put<uint32_t>(to, declared);
    };
    out += "PK\x03\x04";
    fields(out, size);
    put<uint16_t>(out, static_cast<uint16_t>(local.size()));
    put<uint16_t>(out, 0);
    out += local + packed;
    directory += "PK\x01\x02";
    put<uint16_t>(directory, 20);
    fields(directory, i == 0 && lies.size != 0 ? lies.size : size);
    put<uint16_t>(directory, static_cast<uint16_t>(entry.name.size()));
    put<uint16_t>(directory, 0);
    put<uint16_t>(directory, 0);
    put<uint32_t>(directory, 0);
    put<uint32_t>(directory, 0);
    put<uint32_t>(directory, i == 1 ? offset - lies.header_shift : offset);
    directory += entry.name;
  }
  const auto begin = static_cast<uint32_t>(out.size());
  out += directory + "PK\x05\x06";
  put<uint32_t>(out, 0);
  put<uint16_t>(out, static_cast<uint16_t>(entries.size()));
  put<uint16_t>(out, static_cast<uint16_t>(entries.size()));
  put<uint32_t>(out, static_cast<uint32_t>(directory.size()));
  put<uint32_t>(out, begin);
  put<uint16_t>(out, 0);
  return out;
}

std::string tar_entry(const std::string& name, const std::string& content, char type = '0') {
  std::string header(512, '\0');
  header.replace(0, name.size(), name);
  const std::string size = fmt::format("{:011o}", content.size());
  header.replace(124, size.size(), size);
  header[156] = type;
  header.replace(257, 5, "ustar");
  header.replace(148, 8, "        ");
  unsigned sum = 0;
  for (const char c : header) sum += static_cast<unsigned char>(c);
  header.replace(148, 6, fmt::format("{:06o}", sum));
  header[154] = '\0';
  std::string data = content;
  data.resize((content.size() + 511) / 512 * 512);
  return header + data;
}

const std::string kTarEnd(1024, '\0');

TEST(Zip, GivesStoredAndDeflatedFiles) {
  const std::string text(5000, 'x');
  const std::string bytes = zip_of({{"a.txt", "alpha"}, {"folder/", ""}, {"folder/b", text, true}});
  ASSERT_TRUE(looks_like_zip(bytes));
  const auto files = open_zip(bytes, {}).value();
  ASSERT_EQ(files->files().size(), 2U);
  EXPECT_EQ(files->read(*files->find("a.txt")).value(), "alpha");
  EXPECT_EQ(files->read(*files->find("folder/b")).value(), text);
  EXPECT_EQ(files->read_start(*files->find("folder/b"), 3).value(), "xxx");
  EXPECT_TRUE(files->stored(*files->find("a.txt")).has_value());
  EXPECT_FALSE(files->stored(*files->find("folder/b")).has_value());
}

TEST(Zip, NamesThatLeadOutOfItAreRefused) {
  for (const char* name : {"../x", "a/../../x", "/etc/passwd", "..", "a\\b", "C:x", "a\nb"}) {
    EXPECT_EQ(open_zip(zip_of({{name, "x"}}), {}).status().code(), StatusCode::kInvalidArgument)
        << name;
  }
  EXPECT_TRUE(open_zip(zip_of({{"a..b/...", "x"}}), {}).ok());
}

TEST(Zip, AnArchiveThatReadersCouldSeeDifferentlyIsRefused) {
  const std::vector<ZipEntry> two = {{"a", std::string(200, 'a')}, {"b", "bb"}};
  EXPECT_EQ(open_zip(zip_of({{"a", "x"}, {"a", "y"}}), {}).status().code(),
            StatusCode::kInvalidArgument);
  EXPECT_EQ(open_zip(zip_of(two, {.local_name = "z"}), {}).status().code(), StatusCode::kDataLoss);
  EXPECT_EQ(open_zip(zip_of(two, {.size = 201}), {}).status().code(), StatusCode::kDataLoss);
  EXPECT_EQ(open_zip(zip_of(two, {.header_shift = 5}), {}).status().code(), StatusCode::kDataLoss);
  EXPECT_EQ(open_zip(zip_of(two, {.flags = 1}), {}).status().code(), StatusCode::kUnimplemented);
}

TEST(Zip, EntriesThatShareTheirDataAreRefused) {
  // The second entry is the first one once more, under the same name in both places.
  std::string bytes = zip_of({{"a", "one"}, {"b", "two"}});
  const size_t directory = bytes.find("PK\x01\x02");
  const size_t second = bytes.find("PK\x01\x02", directory + 1);
  bytes.replace(second, 47, bytes.substr(directory, 47));
  bytes[second + 46] = 'a';
  EXPECT_EQ(open_zip(bytes, {}).status().code(), StatusCode::kDataLoss);
}

TEST(Zip, ABombIsRefusedBeforeItIsUnpacked) {
  const std::string bytes = zip_of({{"zeros", std::string(8 << 20, '\0'), true}});
  Limits limits;
  limits.decompressed_bytes_free = 1 << 20;
  limits.decompression_ratio_max = 100;
  EXPECT_EQ(open_zip(bytes, limits).status().code(), StatusCode::kResourceExhausted);
  limits.decompression_ratio_max = 2000;
  EXPECT_TRUE(open_zip(bytes, limits).ok());
  limits.decompressed_bytes_max = 1 << 20;
  EXPECT_EQ(open_zip(bytes, limits).status().code(), StatusCode::kResourceExhausted);
}

TEST(Zip, ASizeThatDeflateCannotReachIsMalformed) {
  const std::string bytes = zip_of({{"a", "text text text", true}}, {.size = 1U << 30});
  EXPECT_EQ(open_zip(bytes, {}).status().code(), StatusCode::kDataLoss);
}

TEST(Zip, DataThatAreNotAsDeclaredAreFoundWhenTheyAreRead) {
  for (const uint32_t size : {13U, 15U}) {
    const std::string bytes = zip_of({{"a", "text text text", true}}, {.size = size});
    const auto files = open_zip(bytes, {});
    ASSERT_TRUE(files.ok()) << size;
    EXPECT_EQ((*files)->read(0).status().code(), StatusCode::kDataLoss) << size;
  }
  std::string damaged = zip_of({{"a", "alpha"}});
  damaged[damaged.find("alpha")] = 'b';
  EXPECT_EQ(open_zip(damaged, {}).value()->read(0).status().code(), StatusCode::kDataLoss);
}

TEST(Zip, WhereverItIsCutItIsAnError) {
  const std::string bytes = zip_of({{"a", "alpha"}, {"b", std::string(900, 'b'), true}});
  for (size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(open_zip(std::string_view(bytes).substr(0, size), {}).ok()) << size;
  }
}

TEST(Tar, GivesFilesAndPassesOverLinks) {
  const std::string bytes = tar_entry("./", "", '5') + tar_entry("./model.pkl", "pickle") +
                            tar_entry("link", "", '2') + tar_entry("b", std::string(513, 'b')) +
                            kTarEnd;
  ASSERT_TRUE(looks_like_tar(bytes));
  const auto files = open_tar(bytes, {}).value();
  ASSERT_EQ(files->files().size(), 2U);
  EXPECT_EQ(files->read(*files->find("model.pkl")).value(), "pickle");
  EXPECT_EQ(files->read(*files->find("b")).value().size(), 513U);
}

TEST(Tar, LongNamesComeFromExtendedHeaders) {
  const std::string name(150, 'n');
  const std::string record = "160 path=" + name + "\n";
  const std::string pax = tar_entry("x", record, 'x') + tar_entry("short", "1") + kTarEnd;
  EXPECT_TRUE(open_tar(pax, {}).value()->find(name).has_value());
  const std::string gnu = tar_entry("././@LongLink", name, 'L') + tar_entry("short", "1") + kTarEnd;
  EXPECT_TRUE(open_tar(gnu, {}).value()->find(name).has_value());
}

TEST(Tar, NamesThatLeadOutOfItAreRefused) {
  EXPECT_EQ(open_tar(tar_entry("../x", "x") + kTarEnd, {}).status().code(),
            StatusCode::kInvalidArgument);
  EXPECT_EQ(open_tar(tar_entry("x", "1") + tar_entry("x", "2") + kTarEnd, {}).status().code(),
            StatusCode::kInvalidArgument);
}

TEST(Tar, ATruncatedOrDamagedArchiveIsAnError) {
  const std::string bytes = tar_entry("model.pkl", std::string(700, 'p'));
  EXPECT_EQ(open_tar(bytes.substr(0, 1000), {}).status().code(), StatusCode::kDataLoss);
  EXPECT_EQ(open_tar(bytes + "rest", {}).status().code(), StatusCode::kDataLoss);
  std::string damaged = bytes + tar_entry("b", "b");
  damaged[bytes.size()] = 'c';
  EXPECT_EQ(open_tar(damaged, {}).status().code(), StatusCode::kDataLoss);
}

}  // namespace
}  // namespace slipway::formats
