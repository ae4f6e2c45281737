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

    def add(self, values: np.ndarray) -> None:
        """Add finite numbers of the same shape; what is below 2^-40 of each is rounded."""
        whole = np.floor(values)
        self.whole += whole.astype(np.int64)
        self.parts += np.rint((values - whole) * _PART).astype(np.int64)
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
