# Databases that were damaged, in many ways: `damage --seeds 100000`, `damage --seed N` tells of one.
if(TARGET world)
  add_executable(damage damage/damage.c)
  target_link_libraries(damage PRIVATE world)
  target_include_directories(damage PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
  add_test(NAME sim.damage COMMAND damage --seeds 300)
  set_tests_properties(sim.damage PROPERTIES LABELS "sim;slow" TIMEOUT 600)

  # Memory that runs out in a library below: `memory --points 1000`.
  add_executable(memory damage/memory.c)
  target_link_libraries(memory PRIVATE world PkgConfig::SQLITE PkgConfig::JANSSON)
  target_include_directories(memory PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
  add_test(NAME sim.memory COMMAND memory)
  set_tests_properties(sim.memory PROPERTIES LABELS "sim;slow" TIMEOUT 600)
endif()
