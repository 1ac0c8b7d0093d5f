"""Event definitions of ST[05]: (id, severity subtype 1 info … 4 high, words)."""

TASK_EXCEPTION = 1
TASK_RESTARTED = 2
COMMAND_REPLAY = 3
COMMAND_FORGED = 4
STORE_TORN = 5
STORE_FAILED = 6
SENSOR_FAULT = 7
SENSOR_RECOVERED = 8
WAVEFORM_MISSED = 9
LEAK_SUSPECTED = 10
MONITOR_VIOLATED = 11
STIMULUS = 12
SELF_TEST_FAILED = 13
TASK_HUNG = 14
RESETS = 15
CLOCK_JUMPED = 16
MAINTENANCE = 17
SETTINGS_LOST = 18

EVENTS = (
    (TASK_EXCEPTION, 4, "a task raised an exception; text: file and line"),
    (TASK_RESTARTED, 3, "a task was started again; text: its name"),
    (COMMAND_REPLAY, 3, "a used command counter came with another MAC; a: counter"),
    (COMMAND_FORGED, 3, "a command without a valid MAC; a: how many since the last report"),
    (STORE_TORN, 2, "a torn record was cut from the recorder's tail; a: bytes"),
    (STORE_FAILED, 4, "the recorder could not write; text: why"),
    (
        SENSOR_FAULT,
        3,
        "a sensor failed; a: sensor (0 p_gap1 … 5 t_inner, 8 ae1 … 13 ae6); "
        "b: 0 stuck, 1 drifting, 2 dead, 3 noisy; text: its name",
    ),
    (SENSOR_RECOVERED, 1, "a sensor is healthy again; a: sensor"),
    (WAVEFORM_MISSED, 2, "a hit came while the capture buffer was in use; a: how many"),
    (LEAK_SUSPECTED, 3, "P/T of a volume falls; a: monitor, b: change in 0.1 Pa"),
    (MONITOR_VIOLATED, 3, "a monitored parameter left its limits; a: monitor, b: value"),
    (STIMULUS, 1, "a commanded stimulus begins; a: subtype of its command; text: kind"),
    (SELF_TEST_FAILED, 3, "sensors failed the self-test; a: those, as bits"),
    (TASK_HUNG, 4, "a task did not answer in time; a: for ms; text: its name"),
    (RESETS, 4, "resets in a row reached their limit: maintenance; a: how many"),
    (CLOCK_JUMPED, 2, "the unit's clock jumped; a: by ms"),
    (MAINTENANCE, 3, "the unit stops for maintenance"),
    (SETTINGS_LOST, 3, "stored settings were damaged: their defaults hold"),
)
