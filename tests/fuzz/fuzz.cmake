# SPDX-License-Identifier: Apache-2.0
# Fuzz targets: tests/fuzz/fuzz_NAME.c has LLVMFuzzerTestOneInput, corpus/NAME/ its first inputs.
#   moidan_fuzz(phone text)   against the floor `text`
# With -DMOIDAN_FUZZ=ON and clang each is a libFuzzer program:
#   tests/fuzz_phone tests/fuzz/corpus/phone
# Otherwise a plain one which runs each input once; ctest does that as fuzz.NAME.
function(moidan_fuzz name floor)
  add_executable(fuzz_${name} fuzz/fuzz_${name}.c)
  target_link_libraries(fuzz_${name} PRIVATE ${floor} ${ARGN})
  if(MOIDAN_FUZZ)
    target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
    set(args -runs=0)
  else()
    target_sources(fuzz_${name} PRIVATE fuzz/replay.c)
  endif()
  add_test(NAME fuzz.${name}
    COMMAND fuzz_${name} ${args} ${CMAKE_CURRENT_SOURCE_DIR}/fuzz/corpus/${name})
  set_tests_properties(fuzz.${name} PROPERTIES LABELS fuzz TIMEOUT 120)
endfunction()

moidan_fuzz(encoding text)
moidan_fuzz(lint text)
moidan_fuzz(phone text)
moidan_fuzz(template text)
moidan_fuzz(vdate text)
