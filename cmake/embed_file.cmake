# Makes a C++ source of a file's bytes: the function FUNCTION in NAMESPACE, declared in HEADER, gives
# them as a std::string_view.
#
#   cmake -DINPUT=FILE -DOUTPUT=FILE.cpp -DHEADER=x/y.h -DNAMESPACE=a::b -DFUNCTION=f -P embed_file.cmake
file(READ ${INPUT} bytes HEX)
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
string(REGEX REPLACE "(................................................................................)"
  "\\1\n" bytes "${bytes}")
file(WRITE ${OUTPUT} "#include \"${HEADER}\"

namespace ${NAMESPACE} {
namespace {

constexpr unsigned char kBytes[] = {
${bytes}};

}  // namespace

std::string_view ${FUNCTION}() {
  return {reinterpret_cast<const char*>(kBytes), sizeof(kBytes)};
}

}  // namespace ${NAMESPACE}
")
