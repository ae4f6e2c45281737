"""`ExactSum`: sums of numbers that do not depend on the order in which they were added.

Adding floats is not associative: shards that add in another order would differ in the last bits. Here a number is its
whole part and so many 2^-40, and both are added as integers.
"""

from typing import Self

import numpy as np

_BITS = 40
_PART = 1 << _BITS


class ExactSum:
    """Sums of many numbers at once.

    Attributes:
        whole: whole parts, int64 of any shape.
        parts: what is left in units of 2^-40, int64 from 0 to 2^40 - 1, so that equal sums have equal bytes.
    """

    def __init__(self, whole: np.ndarray, parts: np.ndarray) -> None:
        self.whole, self.parts = whole, parts

    @classmethod
    def zeros(cls, shape: tuple[int, ...]) -> Self:
        """Nothing added yet."""
        return cls(np.zeros(shape, np.int64), np.zeros(shape, np.int64))

    def add(self, values: np.ndarray, times: np.ndarray | None = None) -> None:
        """Add finite numbers, [n, *shape] for n times the shape of the sums; what is below 2^-40 of each is rounded.

        Args:
            values: the numbers.
            times: how often each counts, whole numbers [k, n] for sums of the shape [k, *shape]; once by default.
        """
        whole = np.floor(values)
        parts = np.rint((values - whole) * _PART)
        for sums, numbers in ((self.whole, whole), (self.parts, parts)):
            # Whole numbers below 2^53 are exact as float64, whose products of matrices are many times faster.
            added = numbers.sum(0) if times is None else times.astype(float) @ numbers.reshape(len(numbers), -1)
            sums += added.reshape(sums.shape).astype(np.int64)
        self._carry()

    def join(self, other: "ExactSum") -> None:
        """Add all that was added to another one."""
        self.whole += other.whole
        self.parts += other.parts
        self._carry()

    @property
    def value(self) -> np.ndarray:
        """The sums, float64."""
        return self.whole + self.parts / _PART

    def _carry(self) -> None:
        self.whole += self.parts >> _BITS
        self.parts &= _PART - 1
