"""MicroPython's `rp2` in a test: the assembler, and state machines whose FIFOs the test fills."""

from array import array

LATCH = {"pins": 0, "x": 1, "y": 2, "null": 3, "isr": 6, "osr": 7}
CONDITIONS = {"x_dec": 2, "y_dec": 4, "pin": 6}
MACHINES = {}  # by id


class _Assembler:
    """The instructions that edge_times uses, as in the RP2040 datasheet, 3.4."""

    def __init__(self):
        self.words = array("H")
        self.labels = {}
        self.bottom, self.top = 0, 31
        self.second = False

    def names(self):
        names = dict(LATCH)
        names.update(CONDITIONS)
        names.update({"noblock": 1, "invert": lambda source: source | 8})
        for name in ("label", "wrap_target", "wrap", "jmp", "wait", "push", "pull", "mov"):
            names[name] = getattr(self, name)
        return names

    def label(self, name):
        self.labels[name] = len(self.words)

    def wrap_target(self):
        self.bottom = len(self.words)

    def wrap(self):
        self.top = len(self.words) - 1

    def jmp(self, condition, label=None):
        if label is None:
            condition, label = 0, condition
        target = self.labels[label] if self.second else 0
        self.words.append(condition << 5 | target)

    def wait(self, polarity, source, index):
        assert source == CONDITIONS["pin"]
        self.words.append(0x2000 | polarity << 7 | 1 << 5 | index)

    def push(self, noblock=0):
        self.words.append(0x8000 | (0 if noblock else 0x20))

    def pull(self):
        self.words.append(0x80A0)

    def mov(self, target, source):
        self.words.append(0xA000 | target << 5 | source)


def asm_pio(**options):
    assert not options

    def assemble(function):
        made = _Assembler()
        names = function.__globals__
        before = names.copy()
        names.clear()
        names.update(made.names())
        function()
        made.words, made.second = array("H"), True
        function()
        names.clear()
        names.update(before)
        return made

    return assemble


class StateMachine:
    def __init__(self, id, program, in_base, jmp_pin):
        assert 0 <= id < 8 and id not in MACHINES
        self.program, self.in_base, self.jmp_pin = program, in_base, jmp_pin
        self.runs, self.sent, self.fifo = False, [], []
        MACHINES[id] = self

    def active(self, value):
        self.runs = bool(value)

    def restart(self):
        assert not self.runs

    def put(self, value):
        self.sent.append(value)

    def rx_fifo(self):
        return len(self.fifo)

    def get(self):
        return self.fifo.pop(0)
