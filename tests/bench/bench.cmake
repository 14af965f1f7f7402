# The benchmark: `cmake --build BUILD --target bench` makes its programs (in a Release build), then
# tests/bench/run BUILD measures. One small ctest shows that it works; it measures no time.
function(moidan_bench name)
  add_executable(${name} EXCLUDE_FROM_ALL bench/${name}.c)
  target_link_libraries(${name} PRIVATE ${ARGN})
endfunction()
moidan_bench(sink base)
moidan_bench(curl_client base PkgConfig::CURL PkgConfig::EVENT Threads::Threads)
moidan_bench(load_client base)
moidan_bench(at_once PkgConfig::EVENT)
moidan_bench(store_bench store)
moidan_bench(engine_bench world PkgConfig::CURL PkgConfig::EVENT PkgConfig::SQLITE)
add_custom_target(bench DEPENDS moidan sink curl_client load_client at_once
  store_bench engine_bench)

add_test(NAME bench.build COMMAND ${CMAKE_COMMAND} --build ${CMAKE_BINARY_DIR} --target bench)
set_tests_properties(bench.build PROPERTIES LABELS bench TIMEOUT 600 FIXTURES_SETUP bench)
add_test(NAME bench.smoke
  COMMAND ${PYTHON3} ${CMAKE_CURRENT_SOURCE_DIR}/bench/run ${CMAKE_BINARY_DIR} --smoke)
set_tests_properties(bench.smoke PROPERTIES LABELS bench TIMEOUT 600 FIXTURES_REQUIRED bench)

# Hours under load and faults: tests/bench/soak says how. The ctest is twenty seconds of it.
if(MOIDAN_FAILPOINTS AND TARGET moidan)
  add_test(NAME soak.smoke COMMAND ${PYTHON3} ${CMAKE_CURRENT_SOURCE_DIR}/bench/soak
    $<TARGET_FILE:moidan> $<TARGET_FILE:bad_disk> --minutes 0.33 --every 2 --rate 80)
  set_tests_properties(soak.smoke PROPERTIES LABELS bench TIMEOUT 600)
endif()
