"""Measure how right several networks are on digits that none of them has learnt from; what was found is remembered."""

from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Event

from inference.errors import LabError
from inference.lab.accuracy import measuring
from inference.lab.accuracy.datasets import of_digits
from inference.lab.accuracy.measured import DIGITS, Measured
from inference.lab.accuracy.measuring import Step
from inference.lab.digits.sets import FIVE_THOUSAND, TESTED, DigitSet, five_thousand, read_part, without
from models.card import ModelCard
from models.store import Store


def test_digits(folder: Path, store: Store, cancelled: Event) -> DigitSet:
    """The test digits of a folder, without those that this program's own networks have learnt from.

    Raises:
        LabError: there are none.
        Cancelled: `cancelled` was set.
    """
    digits = read_part(folder, *TESTED)
    if store.find(FIVE_THOUSAND) is None:   # then nobody can tell; MNIST's test digits are none of them
        return digits
    new = without(digits, [five_thousand(store, lambda *_: None, cancelled)])
    if not len(new):
        raise LabError(f"{digits.title}: all of them were learnt from.", "Take others, as MNIST's t10k.")
    if len(new) == len(digits):
        return digits
    return DigitSet(f"{digits.title} but {len(digits) - len(new):,} that were learnt from", new.pictures, new.labels)


def measure(
    cards: Sequence[ModelCard], folder: Path, store: Store, tell: Callable[[Step], None], cancelled: Event
) -> tuple[Measured, list[LabError]]:
    """As `accuracy.measuring.measure`, on the test digits of a folder.

    Raises:
        LabError: there are no digits.
        Cancelled: `cancelled` was set; what was found until then is remembered.
    """
    tell(Step("Reading the digits", 0.0, {}))
    data = of_digits(test_digits(folder, store, cancelled))
    return measuring.measure(cards, data, DIGITS, store, tell, cancelled)
