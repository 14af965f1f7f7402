moidan_unit(paper_paper paper)
moidan_unit(paper_book roster PkgConfig::ZIP)
