# What needs speed more than sanitizers runs the release beside them: a build in BUILD/release, made by
# the ctest release.build when somebody needs it. A build that is a release is its own.
#   moidan_release(VARIABLE PROGRAM)           where the program lies
#   moidan_release_test(NAME)                  waits for the build
if(MOIDAN_SANITIZE OR MOIDAN_COVERAGE OR NOT CMAKE_BUILD_TYPE STREQUAL "Release")
  set(release_dir ${CMAKE_BINARY_DIR}/release)
  add_test(NAME release.build COMMAND sh -ec
    "cmake -S '${CMAKE_SOURCE_DIR}' -B '${release_dir}' -G '${CMAKE_GENERATOR}' \
      -DCMAKE_BUILD_TYPE=Release -DMOIDAN_FAILPOINTS=ON -DMOIDAN_WERROR=${MOIDAN_WERROR}
     cmake --build '${release_dir}' --target gateway sandbox sim weeks")
  set_tests_properties(release.build PROPERTIES
    LABELS release TIMEOUT 900 FIXTURES_SETUP release PROCESSORS 2 COST 300)
else()
  set(release_dir ${CMAKE_BINARY_DIR})
endif()

function(moidan_release variable program)
  set(${variable} ${release_dir}/tests/${program} PARENT_SCOPE)
endfunction()

function(moidan_release_test name)
  set_tests_properties(${name} PROPERTIES FIXTURES_REQUIRED release)
endfunction()
