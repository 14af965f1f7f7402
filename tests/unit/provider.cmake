moidan_unit(provider_http provider PkgConfig::EVENT)
