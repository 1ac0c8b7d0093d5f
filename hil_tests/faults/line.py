"""A seeded model of one direction of a line: what goes in may come out damaged, late or never."""

from __future__ import annotations

import heapq
import math
import random
from dataclasses import dataclass, field

S = 1_000_000
NOISE_BYTES = 40


@dataclass
class Line:
    """Probabilities are those of a frame, the error rate that of a bit. Times in µs."""

    seed: int
    bit_error_rate: float = 0.0
    drop: float = 0.0
    duplicate: float = 0.0
    reorder: float = 0.0
    """A reordered frame comes up to 3 s late, behind those that follow it."""
    noise: float = 0.0
    """Bursts of random bytes, each with a frame."""
    dead_us: tuple[tuple[int, int], ...] = ()
    """When nothing passes: (from, to)."""
    carried: int = 0
    harmed: int = 0
    """Faults so far."""
    _queue: list[tuple[int, int, bytes]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)

    def heal(self) -> None:
        """No fault from here on."""
        self.bit_error_rate = self.drop = self.duplicate = self.reorder = self.noise = 0.0
        self.dead_us = ()

    def send(self, now_us: int, frame: bytes) -> None:
        """Put a frame in."""
        self.carried += 1
        if any(start <= now_us < end for start, end in self.dead_us) or self._happens(self.drop):
            self.harmed += 1
            return
        copies = 2 if self._happens(self.duplicate) else 1
        self.harmed += copies - 1
        for _ in range(copies):
            late_us = self._random.randrange(3 * S) if self._happens(self.reorder) else 0
            data = self._damage(frame)
            self.harmed += data != frame or late_us > 0
            heapq.heappush(self._queue, (now_us + late_us, self.carried, data))
        if self._happens(self.noise):
            burst = self._random.randbytes(self._random.randrange(1, NOISE_BYTES))
            heapq.heappush(self._queue, (now_us, self.carried, burst))
            self.harmed += 1

    def arrivals(self, now_us: int) -> bytes:
        """What has come out by now."""
        out = []
        while self._queue and self._queue[0][0] <= now_us:
            out.append(heapq.heappop(self._queue)[2])
        return b"".join(out)

    def _happens(self, probability: float) -> bool:
        return probability > 0 and self._random.random() < probability

    def _damage(self, frame: bytes) -> bytes:
        """Independent bit errors: the distance to the next one is geometric."""
        if not self.bit_error_rate:
            return frame
        data = bytearray(frame)
        bit = -1
        while True:
            gap = math.log(1.0 - self._random.random()) / math.log1p(-self.bit_error_rate)
            bit += 1 + int(gap)
            if bit >= 8 * len(data):
                return bytes(data)
            data[bit // 8] ^= 1 << bit % 8
