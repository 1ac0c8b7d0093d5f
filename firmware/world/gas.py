"""Gas behind holes to vacuum: choked, isothermal flow.

P(t) = P0·e^(−t/τ), τ = V/(C_d·A·198.6 m/s) with C_d = 0.85 (air at 293 K). The closed form is
evaluated from the last change of the holes, so nothing accumulates however often one looks.
"""

from firmware.world.fixed import decay_q32

STANDARD_MK = 293150
_UPA_PER_DPA = 100000
# 1/τ = C_d·(π/4)·198.6 m/s·d²/V = 0.13258306 /s with d in µm and V in mm³
_CONDUCTANCE = 13258306
_CONDUCTANCE_SCALE = 100000000 * 1000000  # that number's decimals, and s → µs


class Gas:
    """The gas of one volume: a gap or the cabin."""

    def __init__(self, volume_mm3, pressure_upa, temperature_mk):
        self._volume_mm3 = volume_mm3
        self._amount_upa = pressure_upa * STANDARD_MK // temperature_mk
        self._since_us = 0
        self._hole_um2 = 0  # sum of squared diameters

    def open_hole(self, t_us, hole_um):
        """A hole of this equivalent diameter opens at t."""
        self._amount_upa = self.amount_upa(t_us)
        self._since_us = t_us
        self._hole_um2 += hole_um * hole_um

    def amount_upa(self, t_us):
        """The gas still there, as the pressure in µPa that it has at 293.15 K."""
        if not self._hole_um2:
            return self._amount_upa
        spent = (t_us - self._since_us) * self._hole_um2 * _CONDUCTANCE
        x_q32 = (spent << 32) // (self._volume_mm3 * _CONDUCTANCE_SCALE)
        return self._amount_upa * decay_q32(x_q32) >> 32

    def pressure_dpa(self, t_us, temperature_mk):
        """Pressure in 0.1 Pa with the gas at this temperature."""
        return self.amount_upa(t_us) * temperature_mk // (STANDARD_MK * _UPA_PER_DPA)
