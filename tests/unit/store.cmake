moidan_unit(store_account store)
moidan_unit(store_message_state store)
moidan_unit(store_recipient store)
moidan_unit(store_store store PkgConfig::SQLITE)
