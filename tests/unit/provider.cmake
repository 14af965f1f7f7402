moidan_unit(provider_description provider)
moidan_unit(provider_form provider)
moidan_unit(provider_http provider PkgConfig::EVENT)
moidan_unit(provider_mail provider)
moidan_unit(provider_rules provider)
moidan_unit(provider_forgery provider PkgConfig::SODIUM)
moidan_unit(provider_sandbox provider PkgConfig::EVENT)
moidan_unit(provider_verify provider)
moidan_unit(provider_xml provider)

# The sandbox provider as a program, for tests of the whole daemon.
add_executable(sandbox support/sandbox_main.c)
target_link_libraries(sandbox PRIVATE provider)
