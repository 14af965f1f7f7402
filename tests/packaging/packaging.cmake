# What is installed around the program is taken by those it is written for: systemd, nginx, dpkg.
# Each test is there when its tool is.
set(packaging ${CMAKE_CURRENT_SOURCE_DIR}/packaging)
find_program(SYSTEMD_ANALYZE systemd-analyze)
find_program(NGINX nginx PATHS /usr/sbin)
find_program(OPENSSL openssl)

if(SYSTEMD_ANALYZE AND TARGET moidan)
  add_test(NAME packaging.systemd COMMAND ${packaging}/systemd
    ${CMAKE_SOURCE_DIR}/contrib/systemd $<TARGET_FILE:moidan>)
  set_tests_properties(packaging.systemd PROPERTIES LABELS packaging TIMEOUT 600)
endif()
if(NGINX AND OPENSSL AND MOIDAN_FAILPOINTS AND TARGET moidan)
  add_test(NAME packaging.console COMMAND ${PYTHON3} ${packaging}/console.py $<TARGET_FILE:moidan> ${NGINX}
    ${CMAKE_SOURCE_DIR}/contrib/nginx/moidan.conf ${CMAKE_SOURCE_DIR}/contrib/nginx/moidan-console.conf)
  set_tests_properties(packaging.console PROPERTIES LABELS packaging TIMEOUT 600)
  add_test(NAME packaging.nginx COMMAND ${PYTHON3} ${packaging}/nginx.py
    $<TARGET_FILE:moidan> ${CMAKE_SOURCE_DIR}/contrib/nginx/moidan.conf ${NGINX})
  set_tests_properties(packaging.nginx PROPERTIES LABELS packaging TIMEOUT 600)
endif()

# Needs the manual pages, and dpkg-shlibdeps for what the package depends on.
find_program(DPKG_SHLIBDEPS dpkg-shlibdeps)
find_program(FILE_PROGRAM file)
if(DPKG_SHLIBDEPS AND FILE_PROGRAM AND SCDOC AND TARGET moidan)
  add_test(NAME packaging.deb COMMAND ${packaging}/deb ${CMAKE_BINARY_DIR} ${CMAKE_CPACK_COMMAND})
  set_tests_properties(packaging.deb PROPERTIES LABELS packaging TIMEOUT 600)
endif()
