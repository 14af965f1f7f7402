# What the security checklist asks for and no other test shows, each by a command.
find_program(PYTHON3 python3 REQUIRED)
set(security ${CMAKE_CURRENT_SOURCE_DIR}/security)

add_test(NAME security.source COMMAND ${PYTHON3} ${security}/source.py ${CMAKE_SOURCE_DIR})
set_tests_properties(security.source PROPERTIES LABELS security TIMEOUT 30)

if(MOIDAN_FAILPOINTS AND TARGET moidan)
  add_test(NAME security.secrets COMMAND ${PYTHON3} ${security}/secrets.py $<TARGET_FILE:moidan>)
  set_tests_properties(security.secrets PROPERTIES LABELS security TIMEOUT 120)
endif()
