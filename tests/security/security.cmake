# What the security checklist asks for and no other test shows, each by a command.
find_program(PYTHON3 python3 REQUIRED)
set(security ${CMAKE_CURRENT_SOURCE_DIR}/security)

add_test(NAME security.source COMMAND ${PYTHON3} ${security}/source.py ${CMAKE_SOURCE_DIR})
set_tests_properties(security.source PROPERTIES LABELS security TIMEOUT 120)

if(MOIDAN_FAILPOINTS AND TARGET moidan)
  foreach(name secrets sheets)
    add_test(NAME security.${name} COMMAND ${PYTHON3} ${security}/${name}.py $<TARGET_FILE:moidan>)
    set_tests_properties(security.${name} PROPERTIES LABELS security TIMEOUT 600)
  endforeach()
endif()

# Builds a release of its own, unless this is one.
find_program(READELF readelf)
find_program(OBJDUMP objdump)
if(READELF AND OBJDUMP AND TARGET moidan)
  if(CMAKE_BUILD_TYPE STREQUAL Release AND NOT MOIDAN_SANITIZE AND NOT MOIDAN_FAILPOINTS)
    set(release $<TARGET_FILE:moidan>)
  else()
    set(release)
  endif()
  add_test(NAME security.hardening
    COMMAND ${security}/hardening ${CMAKE_SOURCE_DIR} ${CMAKE_BINARY_DIR} ${release})
  set_tests_properties(security.hardening PROPERTIES LABELS "security;slow" TIMEOUT 600
    PROCESSORS 2)
endif()
