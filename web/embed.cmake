# Writes FILES into OUTPUT as C++ arrays, each named as its file is, with what is no letter or
# digit as "_". References to source maps, which would not be there, are left out:
#
#   cmake -DOUTPUT=assets.cc -DFILES=a.js;b.css -P embed.cmake
file(WRITE ${OUTPUT}.new "#include <string_view>\n\nnamespace millrace::web::assets {\n")
foreach(file IN LISTS FILES)
  get_filename_component(name ${file} NAME)
  string(REGEX REPLACE "[^A-Za-z0-9]" "_" name ${name})
  file(READ ${file} text)
  string(REGEX REPLACE "/[/*]# sourceMappingURL=[^\n]*" "" text "${text}")
  string(HEX "${text}" hex)
  string(REGEX REPLACE "(..)" "0x\\1," bytes ${hex})
  file(APPEND ${OUTPUT}.new
       "static constexpr unsigned char ${name}_bytes[] = {${bytes}};\n"
       "extern const std::string_view ${name};\n"
       "const std::string_view ${name}(reinterpret_cast<const char*>(${name}_bytes), sizeof ${name}_bytes);\n")
endforeach()
file(APPEND ${OUTPUT}.new "}  // namespace millrace::web::assets\n")
file(RENAME ${OUTPUT}.new ${OUTPUT})
