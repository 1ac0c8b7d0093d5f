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

EVENTS = (
    (TASK_EXCEPTION, 4, "a task raised an exception; text: file and line"),
    (TASK_RESTARTED, 3, "a task was started again; text: its name"),
    (COMMAND_REPLAY, 3, "a used command counter came with another MAC; a: counter"),
    (COMMAND_FORGED, 3, "a command without a valid MAC; a: how many since the last report"),
    (STORE_TORN, 2, "a torn record was cut from the recorder's tail; a: bytes"),
    (STORE_FAILED, 4, "the recorder could not write; text: why"),
    (SENSOR_FAULT, 3, "a sensor failed; a: sensor (0 p_gap1 … 5 t_inner, 8 ae1 … 13 ae6); text"),
    (SENSOR_RECOVERED, 1, "a sensor is healthy again; a: sensor"),
    (WAVEFORM_MISSED, 2, "a hit came while the capture buffer was in use; a: how many"),
)
