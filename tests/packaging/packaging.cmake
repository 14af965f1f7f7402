# What is installed around the program is taken by those it is written for: systemd, nginx, dpkg.
# Each test is there when its tool is.
find_program(PYTHON3 python3 REQUIRED)
set(packaging ${CMAKE_CURRENT_SOURCE_DIR}/packaging)
find_program(SYSTEMD_ANALYZE systemd-analyze)
find_program(NGINX nginx PATHS /usr/sbin)
find_program(OPENSSL openssl)

if(SYSTEMD_ANALYZE AND TARGET moidan)
  add_test(NAME packaging.systemd COMMAND ${packaging}/systemd
    ${CMAKE_SOURCE_DIR}/contrib/systemd $<TARGET_FILE:moidan>)
  set_tests_properties(packaging.systemd PROPERTIES LABELS packaging TIMEOUT 60)
endif()
if(NGINX AND OPENSSL AND MOIDAN_FAILPOINTS AND TARGET moidan)
  add_test(NAME packaging.nginx COMMAND ${PYTHON3} ${packaging}/nginx.py
    $<TARGET_FILE:moidan> ${CMAKE_SOURCE_DIR}/contrib/nginx/moidan.conf ${NGINX})
  set_tests_properties(packaging.nginx PROPERTIES LABELS packaging TIMEOUT 120)
endif()
