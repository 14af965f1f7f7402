# SPDX-License-Identifier: Apache-2.0
# Fuzz targets: tests/fuzz/fuzz_NAME.c has LLVMFuzzerTestOneInput, corpus/NAME/ its first inputs.
#   moidan_fuzz(phone text)   against the floor `text`
# With -DMOIDAN_FUZZ=ON and clang each is a libFuzzer program:
#   tests/fuzz_phone tests/fuzz/corpus/phone
# Otherwise a plain one which runs each input once; ctest does that as fuzz.NAME. contrib/fuzz builds and
# runs them all; with clang at hand ctest does it too, as fuzz.run.
set(fuzz_programs "")
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
  set_tests_properties(fuzz.${name} PROPERTIES LABELS fuzz TIMEOUT 600)
  target_compile_definitions(fuzz_${name} PRIVATE SOURCE_DIR="${CMAKE_SOURCE_DIR}")
  set(fuzz_programs ${fuzz_programs} fuzz_${name} PARENT_SCOPE)
endfunction()

moidan_fuzz(callback provider)
moidan_fuzz(csv roster)
moidan_fuzz(encoding text)
moidan_fuzz(lint text)
moidan_fuzz(phone text)
moidan_fuzz(reply provider)
moidan_fuzz(template text)
moidan_fuzz(vdate text)
moidan_fuzz(xlsx roster PkgConfig::ZIP)
moidan_fuzz(yaml provider roster)
moidan_fuzz(web_input web)
# The guard stands alone: what else is on its floor need not be built for it.
moidan_fuzz(web_guard base)
target_sources(fuzz_web_guard PRIVATE ${CMAKE_SOURCE_DIR}/gateway/web/guard.c)
target_include_directories(fuzz_web_guard PRIVATE ${CMAKE_BINARY_DIR}/include/web)
add_custom_target(fuzz DEPENDS ${fuzz_programs})

find_program(CLANG clang)
if(CLANG AND NOT MOIDAN_FUZZ AND NOT MOIDAN_COVERAGE)
  # One seed: what is checked twice is checked alike. contrib/fuzz by itself looks elsewhere each time.
  add_test(NAME fuzz.run COMMAND ${CMAKE_COMMAND} -E env BUILD_DIR=${CMAKE_BINARY_DIR}/libfuzzer SEED=46
    ${CMAKE_SOURCE_DIR}/contrib/fuzz 30)
  set_tests_properties(fuzz.run PROPERTIES LABELS fuzz TIMEOUT 1200 PROCESSORS 2 COST 240)
endif()
