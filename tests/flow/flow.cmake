# Flow tests: the real program against real servers, each in a house of its own. They need the test
# clock of a build with -DMOIDAN_FAILPOINTS=ON.
#   moidan_flow(NAME TIMEOUT [ARGUMENTS…])  runs tests/flow/NAME.py MOIDAN ARGUMENTS…
function(moidan_flow name timeout)
  add_test(NAME flow.${name}
    COMMAND ${PYTHON3} ${CMAKE_CURRENT_SOURCE_DIR}/flow/${name}.py $<TARGET_FILE:moidan> ${ARGN})
  set_tests_properties(flow.${name} PROPERTIES LABELS flow TIMEOUT ${timeout})
endfunction()

# Preloaded: they stand before the sanitizers' own libraries and must need none of them.
foreach(preload bad_disk disk_log)
  add_library(${preload} MODULE support/${preload}.c)
  target_compile_options(${preload} PRIVATE -fno-sanitize=all -fvisibility=default)
  target_link_options(${preload} PRIVATE -fno-sanitize=all)
endforeach()

if(MOIDAN_FAILPOINTS AND TARGET moidan)
  moidan_flow(answers 120)
  moidan_flow(api 120)
  moidan_flow(canary 60)
  moidan_flow(clock 180)
  moidan_flow(copies 180)
  moidan_flow(crowd 180)
  moidan_flow(console 120)
  moidan_flow(daemon 120)
  moidan_flow(door 120)
  moidan_flow(disk 180 $<TARGET_FILE:bad_disk>)
  moidan_flow(forged 120)
  moidan_flow(kannel 120)
  moidan_flow(ladder 180)
  moidan_flow(logs 120)
  moidan_flow(names 120)
  moidan_flow(permissions 120)
  set_tests_properties(flow.names PROPERTIES SKIP_RETURN_CODE 77)
  moidan_flow(never 120)
  moidan_flow(once 120)
  moidan_flow(paper 180)
  moidan_flow(operate 120)
  moidan_flow(orders 180)
  moidan_flow(power 180 $<TARGET_FILE:disk_log>)
  moidan_flow(purge 120)
  moidan_flow(receipts 120)
  moidan_flow(person 120)
  moidan_flow(replies 120)
  moidan_flow(sessions 120)
  moidan_flow(simulate 240)
  moidan_flow(stops 180)
  moidan_flow(tokens 120)
  moidan_flow(weekly 120)
  # What takes longer than the others: ctest -LE slow leaves them out.
  set_tests_properties(flow.clock flow.copies flow.crowd flow.power flow.stops PROPERTIES LABELS "flow;slow")
endif()

# A real browser; without one (or its driver) it is skipped. The pictures stay for people to look at.
if(MOIDAN_FAILPOINTS AND TARGET moidan)
  # Debian's own python3 has python3-selenium.
  add_test(NAME flow.browser COMMAND /usr/bin/python3 ${CMAKE_CURRENT_SOURCE_DIR}/flow/browser.py
    $<TARGET_FILE:moidan> ${CMAKE_BINARY_DIR}/screens)
  set_tests_properties(flow.browser PROPERTIES LABELS flow TIMEOUT 400 SKIP_RETURN_CODE 77)
endif()

# Engine and callbacks as a program of their own, to be killed.
if(MOIDAN_FAILPOINTS AND TARGET world AND TARGET sandbox)
  add_executable(gateway support/gateway_main.c)
  target_include_directories(gateway PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
  target_link_libraries(gateway PRIVATE world web PkgConfig::EVENT)
  set(crash ${PYTHON3} ${CMAKE_CURRENT_SOURCE_DIR}/flow/crash.py)
  add_test(NAME flow.crash COMMAND ${crash} $<TARGET_FILE:gateway> $<TARGET_FILE:sandbox>
    --cycles 16 --messages 4000)
  set_tests_properties(flow.crash PROPERTIES LABELS flow TIMEOUT 240)
  moidan_release(gateway_program gateway)
  moidan_release(sandbox_program sandbox)
  add_test(NAME flow.crash_often COMMAND ${crash} ${gateway_program} ${sandbox_program}
    --points 0 --cycles 120 --messages 24000 --house 6000 --jobs 4)
  set_tests_properties(flow.crash_often PROPERTIES LABELS flow TIMEOUT 600)
  moidan_release_test(flow.crash_often)
endif()
