"""The comparators' threshold, from a PWM output behind a low-pass filter."""

from firmware.world.fixed import amplitude_nv

_FULL_DUTY = 65535
_NV_A_MV = 1000000


class PwmThreshold:
    """`pwm` makes 0 … `supply_mv`; the sensors' amplifier has a gain of `gain` (as a factor)."""

    def __init__(self, pwm, gain, supply_mv):
        self._pwm = pwm
        self._gain = gain
        self._supply_nv = supply_mv * _NV_A_MV

    def set(self, threshold_cdb):
        """Set it to a level in 0.01 dB_AE; what the supply cannot reach is its full duty."""
        duty = amplitude_nv(threshold_cdb) * self._gain * _FULL_DUTY // self._supply_nv
        self._pwm.duty_u16(min(duty, _FULL_DUTY))
