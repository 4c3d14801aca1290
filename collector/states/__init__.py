"""From checks to states, from states to uptime. Pure: functions of their arguments, without database or clock.

`track` remembers where an endpoint stands, `steps` leads it from check to check, `intervals` are what results,
`damping` tells flapping from news, `silence` what need not be told, `uptime` and `days` sum up.
"""
