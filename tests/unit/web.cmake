moidan_unit(web_gate web PkgConfig::EVENT)
moidan_unit(web_guard web)
moidan_unit(web_route web)
