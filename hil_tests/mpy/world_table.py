"""An event table in which everything happens."""

DURATION_US = 900000000
TABLE = {
    "version": 1,
    "seed": 0xFEDCBA9876543210,
    "epoch_us": 184377600000000,
    "duration_us": DURATION_US,
    "window": {
        "radius_um": 130000,
        "ring_um": 120000,
        "thickness_um": [14000, 12000, 12000],
        "gap_mm3": [1000000, 1000000],
        "vented": [1, 0],
        "cabin_mm3": 110000000000,
        "velocity_mm_s": 3690000,
    },
    "events": [
        [15000000, "impact", 0, 95000, -62000, 250, 10000000, 2700, 0],
        [15000400, "impact", 0, -95000, 62000, 50, 10000000, 2700, 30000],
        [20000000, "thermal", 1, 5000, 60000000],
        [30000000, "leak", 1, 100],
        [40000000, "pencil_lead_break", 30000, 20000],
        [50000000, "impact", 1, -10000, 3000, 800, 15500000, 7900, 0],
        [60000000, "impact", 0, 118000, 0, 4, 10000000, 2700, 0],
        [90000000, "sensor_fault", 13, 3],
        [95000000, "sensor_fault", 13, 1],
        [99000000, "sensor_fault", 8, 2],
        [100000000, "sensor_fault", 0, 0],
        [100000000, "sensor_fault", 1, 1],
        [100000000, "sensor_fault", 3, 2],
        [100000000, "sensor_fault", 4, 3],
        [300000000, "impact", 0, -70001, 70001, 20, 7123457, 2500, 44444],
        [400000000, "leak", 2, 5000],
    ],
}
