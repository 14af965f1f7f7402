moidan_unit(dispatch_judge dispatch)
moidan_unit(dispatch_pace dispatch)
moidan_unit(dispatch_queue dispatch Threads::Threads)

# A commune to test with, for whoever drives the outbox.
add_library(world STATIC support/world.c)
target_include_directories(world PUBLIC ${CMAKE_CURRENT_SOURCE_DIR})
target_compile_definitions(world PRIVATE SOURCE_DIR="${CMAKE_SOURCE_DIR}")
target_link_libraries(world PUBLIC dispatch)
moidan_unit(dispatch_outbox dispatch world)
moidan_unit(dispatch_settle dispatch world)
moidan_unit(dispatch_ladder dispatch world)
moidan_unit(dispatch_ask dispatch world)
moidan_unit(dispatch_failover dispatch world)
