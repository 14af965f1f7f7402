# Recorded conversations with providers: each directory PROVIDER/NAME with a case.yaml is a test of its
# own, also one that is added later.
add_executable(case support/case_main.c)
target_link_libraries(case PRIVATE provider)
file(GLOB cases CONFIGURE_DEPENDS RELATIVE ${CMAKE_CURRENT_SOURCE_DIR}/cases
  ${CMAKE_CURRENT_SOURCE_DIR}/cases/*/*/case.yaml)
foreach(file ${cases})
  get_filename_component(directory ${file} DIRECTORY)
  string(REPLACE "/" "." name ${directory})
  add_test(NAME case.${name}
    COMMAND case ${CMAKE_SOURCE_DIR}/config ${CMAKE_CURRENT_SOURCE_DIR}/cases/${directory})
  set_tests_properties(case.${name} PROPERTIES LABELS case TIMEOUT 120)
endforeach()
