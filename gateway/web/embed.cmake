# SPDX-License-Identifier: Apache-2.0
# cmake -DIN=openapi.yaml -DOUT=openapi.c -P embed.cmake: a file as bytes in C.
file(READ "${IN}" hex HEX)
string(REGEX REPLACE "(..)" "0x\\1," bytes "${hex}")
file(WRITE "${OUT}" "#include <stddef.h>\n
extern const unsigned char web_openapi[];
extern const size_t web_openapi_len;
const unsigned char web_openapi[] = {${bytes}0};
const size_t web_openapi_len = sizeof(web_openapi) - 1;\n")
