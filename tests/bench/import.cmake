# How fast lists go in: in a Release build, BUILD/tests/import_bench [ROWS [DIR]]. The ctest shows that
# every row of every form goes in; it measures no time.
add_executable(import_bench bench/import_bench.c)
target_link_libraries(import_bench PRIVATE roster PkgConfig::UTF8PROC PkgConfig::XLSXWRITER)
target_compile_definitions(import_bench PRIVATE SOURCE_DIR="${CMAKE_SOURCE_DIR}")
add_test(NAME bench.import COMMAND import_bench 3000)
set_tests_properties(bench.import PROPERTIES LABELS bench TIMEOUT 600)
