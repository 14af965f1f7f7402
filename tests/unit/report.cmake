moidan_unit(report_deliver report world PkgConfig::EVENT Threads::Threads)
moidan_unit(report_figures report world)
moidan_unit(report_week report world)
moidan_unit(report_document report world)
