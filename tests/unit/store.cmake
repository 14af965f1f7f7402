moidan_unit(store_message_state store)
moidan_unit(store_recipient store)
moidan_unit(store_store store PkgConfig::SQLITE)

# How fast the store is: run by hand, in a release build.
add_executable(store_bench EXCLUDE_FROM_ALL bench/store_bench.c)
target_link_libraries(store_bench PRIVATE store)
