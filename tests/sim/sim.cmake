# The simulation of store, outbox and providers: `sim --seeds 10000`, `sim --seed N` tells one.
if(TARGET world)
  add_executable(sim sim/main.c sim/sim.c sim/net.c sim/check.c sim/disk.c)
  target_link_libraries(sim PRIVATE world PkgConfig::SQLITE)
  target_include_directories(sim PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
  target_compile_definitions(sim PRIVATE SOURCE_DIR="${CMAKE_SOURCE_DIR}")
  # Under the sanitizers a few; as a release ten thousand, in two halves.
  add_test(NAME sim.seeds COMMAND sim --seeds 400 --seconds 50)
  set_tests_properties(sim.seeds PROPERTIES LABELS sim TIMEOUT 600)
  moidan_release(sim_program sim)
  foreach(half 1 2)
    math(EXPR from "1 + 5000 * (${half} - 1)")
    add_test(NAME sim.half_${half} COMMAND ${sim_program} --seeds 5000 --from ${from} --jobs 1)
    set_tests_properties(sim.half_${half} PROPERTIES LABELS sim TIMEOUT 900 COST 180)
    moidan_release_test(sim.half_${half})
  endforeach()

  # The weekly clockwork: `weeks 10000`.
  add_executable(weeks sim/weeks.c)
  target_link_libraries(weeks PRIVATE report world PkgConfig::CMOCKA)
  target_include_directories(weeks PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
  target_compile_definitions(weeks PRIVATE
    TESTS_DIR="${CMAKE_SOURCE_DIR}/tests" SOURCE_DIR="${CMAKE_SOURCE_DIR}")
  moidan_release(weeks_program weeks)
  add_test(NAME sim.weeks COMMAND ${weeks_program} 10000)
  set_tests_properties(sim.weeks PROPERTIES LABELS sim TIMEOUT 900 COST 90)
  moidan_release_test(sim.weeks)
endif()
