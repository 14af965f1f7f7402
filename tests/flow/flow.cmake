# Flow tests: the real program against real servers, each in a house of its own. They need the test
# clock of a build with -DMOIDAN_FAILPOINTS=ON.
#   moidan_flow(NAME [ARGUMENTS…])  runs tests/flow/NAME.py MOIDAN ARGUMENTS…
# The limit is for what hangs: on a machine that is busy with others all of them take several times as long.
function(moidan_flow name)
  add_test(NAME flow.${name}
    COMMAND ${PYTHON3} ${CMAKE_CURRENT_SOURCE_DIR}/flow/${name}.py $<TARGET_FILE:moidan> ${ARGN})
  set_tests_properties(flow.${name} PROPERTIES LABELS flow TIMEOUT 600)
endfunction()

# Preloaded: they stand before the sanitizers' own libraries and must need none of them.
foreach(preload bad_disk disk_log)
  add_library(${preload} MODULE support/${preload}.c)
  target_compile_options(${preload} PRIVATE -fno-sanitize=all -fvisibility=default)
  target_link_options(${preload} PRIVATE -fno-sanitize=all)
endforeach()

if(MOIDAN_FAILPOINTS AND TARGET moidan)
  moidan_flow(answers)
  moidan_flow(api)
  moidan_flow(audience)
  moidan_flow(batch)
  moidan_flow(canary)
  moidan_flow(clock)
  moidan_flow(commands)
  moidan_flow(copies)
  moidan_flow(crowd)
  moidan_flow(console)
  moidan_flow(daemon)
  moidan_flow(demo)
  moidan_flow(door)
  moidan_flow(disk $<TARGET_FILE:bad_disk>)
  moidan_flow(duty)
  moidan_flow(forged)
  moidan_flow(kannel)
  moidan_flow(ladder)
  moidan_flow(logs)
  moidan_flow(mail)
  add_executable(bad_client support/bad_client.c)
  target_include_directories(bad_client PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
  target_link_libraries(bad_client PRIVATE web)
  moidan_flow(malformed $<TARGET_FILE:bad_client>)
  moidan_flow(names)
  moidan_flow(permissions)
  set_tests_properties(flow.names PROPERTIES SKIP_RETURN_CODE 77)
  moidan_flow(never)
  moidan_flow(once)
  moidan_flow(paper)
  moidan_flow(operate)
  moidan_flow(orders)
  moidan_flow(power $<TARGET_FILE:disk_log>)
  moidan_flow(purge)
  moidan_flow(quota)
  moidan_flow(receipts)
  moidan_flow(person)
  moidan_flow(replies)
  moidan_flow(sessions)
  moidan_flow(simulate)
  moidan_flow(spoofed)
  moidan_flow(stops)
  moidan_flow(tokens)
  moidan_flow(hand_in)
  moidan_flow(notices)
  moidan_flow(own_hamlet)
  moidan_flow(rollup)
  moidan_flow(texts)
  moidan_flow(undo)
  moidan_flow(weekly)
  # What takes longer than the others: ctest -LE slow leaves them out.
  set_tests_properties(flow.clock flow.copies flow.crowd flow.power flow.stops PROPERTIES LABELS "flow;slow")
  # Seconds, nearly: the longest start first (fuzz.run and the simulation say theirs).
  set_tests_properties(flow.disk flow.paper flow.copies flow.power flow.stops PROPERTIES COST 100)
endif()

# A real browser; without one (or its driver) it is skipped. The pictures stay for people to look at.
if(MOIDAN_FAILPOINTS AND TARGET moidan)
  # Debian's own python3 has python3-selenium.
  add_test(NAME flow.browser COMMAND /usr/bin/python3 ${CMAKE_CURRENT_SOURCE_DIR}/flow/browser.py
    $<TARGET_FILE:moidan> ${CMAKE_BINARY_DIR}/screens)
  set_tests_properties(flow.browser PROPERTIES LABELS flow TIMEOUT 600 SKIP_RETURN_CODE 77
    ENVIRONMENT MOIDAN_AXE=${CMAKE_BINARY_DIR}/package/axe.min.js)
endif()

# Engine and callbacks as a program of their own, to be killed.
if(MOIDAN_FAILPOINTS AND TARGET world AND TARGET sandbox)
  add_executable(gateway support/gateway_main.c)
  target_include_directories(gateway PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
  target_link_libraries(gateway PRIVATE world web PkgConfig::EVENT)
  set(crash ${PYTHON3} ${CMAKE_CURRENT_SOURCE_DIR}/flow/crash.py)
  add_test(NAME flow.crash COMMAND ${crash} $<TARGET_FILE:gateway> $<TARGET_FILE:sandbox>
    --cycles 16 --messages 4000)
  set_tests_properties(flow.crash PROPERTIES LABELS flow TIMEOUT 600)
  moidan_release(gateway_program gateway)
  moidan_release(sandbox_program sandbox)
  add_test(NAME flow.crash_often COMMAND ${crash} ${gateway_program} ${sandbox_program}
    --points 0 --cycles 120 --messages 24000 --house 6000 --jobs 4)
  set_tests_properties(flow.crash_often PROPERTIES LABELS flow TIMEOUT 900)
  moidan_release_test(flow.crash_often)
endif()
