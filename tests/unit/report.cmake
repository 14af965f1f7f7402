moidan_unit(report_deliver report world PkgConfig::EVENT Threads::Threads)
