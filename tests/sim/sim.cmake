# The simulation of store, outbox and providers: `sim --seeds 10000`, `sim --seed N` tells one.
if(TARGET world)
  add_executable(sim sim/main.c sim/sim.c sim/net.c sim/check.c sim/disk.c)
  target_link_libraries(sim PRIVATE world PkgConfig::SQLITE)
  target_include_directories(sim PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
  target_compile_definitions(sim PRIVATE SOURCE_DIR="${CMAKE_SOURCE_DIR}")
  add_test(NAME sim.seeds COMMAND sim --seeds 10000 --seconds 50)
  set_tests_properties(sim.seeds PROPERTIES LABELS sim TIMEOUT 120 PROCESSORS 2)
endif()
