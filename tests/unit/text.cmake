moidan_unit(text_vi text)
moidan_unit(text_sms text)
moidan_unit(text_phone text)
moidan_unit(text_template text)
