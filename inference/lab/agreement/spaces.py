"""Which label of one network is which label of another: 1000 words of ImageNet and 1001, 80 of COCO and 20 of VOC."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

LEAST_COMMON = 2    # labels, of which something can be chosen
LEAST_SHARE = 0.1   # of the smaller list: fewer are chance

# What COCO's own list, Darknet's copy of it and PASCAL VOC call the same thing.
ALIASES = {
    "aeroplane": "airplane", "motorbike": "motorcycle", "sofa": "couch", "pottedplant": "potted plant",
    "diningtable": "dining table", "tvmonitor": "tv", "cell phone": "mobile phone", "cellphone": "mobile phone",
}  # fmt: skip
NOTHING = frozenset({"", "n/a", "background", "__background__", "???"})   # places of a list that name nothing

Places = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Common:
    """What two lists of labels have in common."""

    first: Places     # (n,) places in the first list
    second: Places    # (n,) those of the same labels in the second
    how: str          # "the same list", "the same names", "340 of 1000 and 1203 labels by name"

    def __len__(self) -> int:
        return len(self.first)


def common(first: Sequence[str], second: Sequence[str]) -> Common | None:
    """The labels that both lists have; None where they are too few to compare by.

    Lists that are equal are compared place by place, so that a word that stands twice (ImageNet has two cranes) stays
    two; else by name: the whole entry, or the first of its synonyms, where it stands once in each list.
    """
    if tuple(first) == tuple(second):
        named = np.array([i for i, name in enumerate(first) if name.casefold() not in NOTHING], np.int64)
        return Common(named, named, "the same list") if len(named) >= LEAST_COMMON else None
    for ahead, behind, turned in ((first, second, False), (second, first, True)):
        if len(ahead) == len(behind) + 1 and tuple(ahead[1:]) == tuple(behind) and ahead[0].casefold() in NOTHING:
            places = np.arange(len(behind))
            return Common(places if turned else places + 1, places + 1 if turned else places, "the same names")
    pairs: dict[int, int] = {}
    for of in (_whole, _first_synonym):
        left, right = _once(first, of), _once(second, of)
        taken = set(pairs.values())
        for name in left.keys() & right.keys():
            if left[name] not in pairs and right[name] not in taken:
                pairs[left[name]] = right[name]
                taken.add(right[name])
    if len(pairs) < max(LEAST_COMMON, LEAST_SHARE * min(len(first), len(second))):
        return None
    places = np.array(sorted(pairs.items()), np.int64)
    whole = len(pairs) == len(first) == len(second)
    how = "the same names" if whole else f"{len(pairs)} of {len(first)} and {len(second)} labels by name"
    return Common(places[:, 0], places[:, 1], how)


def _whole(label: str) -> str:
    name = " ".join(label.replace("_", " ").casefold().split())
    return ALIASES.get(name, name)


def _first_synonym(label: str) -> str:
    return _whole(label.partition(",")[0])


def _once(labels: Sequence[str], of: Callable[[str], str]) -> dict[str, int]:
    """Names that stand once in a list, and where."""
    found: dict[str, list[int]] = {}
    for place, label in enumerate(labels):
        if (name := of(label)) not in NOTHING:
            found.setdefault(name, []).append(place)
    return {name: places[0] for name, places in found.items() if len(places) == 1}


def places_of(names: Sequence[str], labels: Sequence[str], *, numbers: bool = False) -> list[int]:
    """Where each of these names stands in a network's list of labels; -1 where it does not, or in several places.

    By the whole entry, by the first of its synonyms, by any of them; with `numbers`, where all names are numbers and
    none is a label, they are places in the list, from 0.
    """
    found = [-1] * len(names)
    for of in (_whole, _first_synonym):
        known = _once(labels, of)
        found = [place if place >= 0 else known.get(_whole(name), -1) for name, place in zip(names, found, strict=True)]
    synonyms: dict[str, list[int]] = {}
    for place, label in enumerate(labels):
        for word in {_whole(part) for part in label.split(",")}:
            synonyms.setdefault(word, []).append(place)
    for i, name in enumerate(names):
        places = synonyms.get(_whole(name), [])
        if found[i] < 0 and len(places) == 1:
            found[i] = places[0]
    if numbers and all(place < 0 for place in found) and all(name.isdecimal() for name in names):
        found = [int(name) if int(name) < len(labels) else -1 for name in names]
    return found
