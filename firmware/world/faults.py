"""Sensor faults and sensor numbers of the event table."""

STUCK, DRIFT, DEAD, NOISY = range(4)
HEALED = 255  # no fault any more

SLOW = 6  # p_gap1 p_gap2 p_cabin t_outer t_middle t_inner
FIRST_AE = 8  # ae1; ae6 is 13
SENSORS = 14
