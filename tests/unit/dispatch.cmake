moidan_unit(dispatch_judge dispatch)
moidan_unit(dispatch_pace dispatch)
moidan_unit(dispatch_queue dispatch Threads::Threads)
