moidan_unit(roster_programme roster)
