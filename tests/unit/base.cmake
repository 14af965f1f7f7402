moidan_unit(base_err base)
moidan_unit(base_conf base)
moidan_unit(base_clock base)
moidan_unit(base_log base)
