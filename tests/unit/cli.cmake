if(TARGET cli)
  moidan_unit(cli_config cli)
endif()
