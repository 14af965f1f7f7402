moidan_unit(roster_programme roster)
moidan_unit(roster_import roster PkgConfig::UTF8PROC PkgConfig::XLSXWRITER)
moidan_unit(roster_sheet roster PkgConfig::UTF8PROC PkgConfig::XLSXWRITER PkgConfig::ZIP)
