"""The sections of a Darknet .cfg, with every value checked where it is asked for."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from inference.errors import ImportFailed
from inference.intake.importers.files import read_file

LARGEST_CFG = 1_000_000   # bytes
MOST_LAYERS = 2000
LARGEST = 1_000_000       # no size, count or index of a real network comes near


@dataclass(frozen=True, slots=True)
class Section:
    """One [section]: its kind, its place, its `key = value` lines."""

    file: str
    kind: str
    index: int                # of the layer; -1 is [net]
    options: dict[str, str] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """How messages name it: layer 12 [convolutional]."""
        return f"layer {self.index} [{self.kind}]" if self.index >= 0 else f"[{self.kind}]"

    def fail(self, what: str, hint: str = "Mend the .cfg.") -> ImportFailed:
        """The error to raise, with the file and the layer in front."""
        return ImportFailed(f"{self.file}, {self.title}: {what}.", hint)

    def integer(self, key: str, default: int | None = None, *, least: int = 0, most: int = LARGEST) -> int:
        """A whole number within limits; None as default: it must be there.

        Raises:
            ImportFailed: it is missing, no number, or out of the limits.
        """
        text = self.options.get(key)
        if text is None:
            if default is None:
                raise self.fail(f"{key} is missing")
            return default
        (value,) = self._integers(key, text, least, most)[:1] or [least - 1]
        if "," in text or value < least:
            raise self.fail(f"{key} is {text[:40]!r}, which is not one number of at least {least}")
        return value

    def integers(self, key: str, default: list[int] | None = None, *, least: int = -LARGEST) -> list[int]:
        """Whole numbers with commas between them.

        Raises:
            ImportFailed: as `integer`.
        """
        text = self.options.get(key)
        if text is None:
            if default is None:
                raise self.fail(f"{key} is missing")
            return default
        return self._integers(key, text, least, LARGEST)

    def number(self, key: str, default: float) -> float:
        """A number.

        Raises:
            ImportFailed: it is none.
        """
        (value,) = self.numbers(key, [default])[:1] or [math.nan]
        if math.isnan(value):
            raise self.fail(f"{key} is no number")
        return value

    def numbers(self, key: str, default: list[float]) -> list[float]:
        """Numbers with commas between them.

        Raises:
            ImportFailed: one is none, or is infinite.
        """
        text = self.options.get(key)
        if text is None:
            return default
        try:
            values = [float(part) for part in _parts(text)]
        except ValueError as error:
            raise self.fail(f"{key} is {text[:40]!r}, which is not a list of numbers") from error
        if not all(abs(value) <= LARGEST for value in values):
            raise self.fail(f"{key} has a number that is impossibly large")
        return values

    def text(self, key: str, default: str) -> str:
        """A word."""
        return self.options.get(key, default)

    def _integers(self, key: str, text: str, least: int, most: int) -> list[int]:
        try:
            values = [int(part) for part in _parts(text)]
        except ValueError as error:
            raise self.fail(f"{key} is {text[:40]!r}, which is no whole number") from error
        if not all(least <= value <= most for value in values):
            raise self.fail(f"{key} is {text[:40]!r}, which is out of {least}..{most}")
        return values


def read_cfg(path: Path, name: str) -> tuple[Section, list[Section]]:
    """The [net] section and the layers.

    Raises:
        ImportFailed: it is no Darknet .cfg.
    """
    text = read_file(path, LARGEST_CFG).decode("utf-8", errors="replace")
    sections: list[Section] = []
    for number, line in enumerate(text.splitlines(), 1):
        line = line.partition("#")[0].partition(";")[0].strip()
        if line.startswith("["):
            sections.append(Section(name, line.strip("[] \t")[:40], len(sections) - 1))
        elif line:
            key, equals, value = line.partition("=")
            if not equals or not sections:
                raise ImportFailed(
                    f"{name}, line {number}: {line[:40]!r} is neither a [section] nor key = value.",
                    "Choose a Darknet .cfg, or mend the line.",
                )
            sections[-1].options.setdefault(key.strip(), value.strip())   # the first one counts, as in Darknet
    if not sections or sections[0].kind not in ("net", "network"):
        raise ImportFailed(f"{name} does not begin with [net].", "Choose a Darknet .cfg.")
    if not 1 < len(sections) <= MOST_LAYERS + 1:
        raise ImportFailed(f"{name} has {len(sections) - 1} layers.", f"It must have 1 to {MOST_LAYERS}.")
    return sections[0], sections[1:]


def refuse_unknown(layers: list[Section], kinds: Mapping[str, object], activations: Mapping[str, object]) -> None:
    """Name everything in a .cfg that cannot be converted, all in one message.

    Raises:
        ImportFailed: there is something.
    """
    unknown: dict[str, list[int]] = {}
    for layer in layers:
        if layer.kind not in kinds:
            unknown.setdefault(f"[{layer.kind}]", []).append(layer.index)
            continue
        activation = layer.text("activation", "linear")
        if activation not in activations:
            unknown.setdefault(f"activation={activation[:30]}", []).append(layer.index)
        for key, plain in PLAIN.get(layer.kind, {}).items():
            if layer.text(key, plain) != plain:
                unknown.setdefault(f"[{layer.kind}] {key}={layer.options[key][:30]}", []).append(layer.index)
    if unknown:
        what = "; ".join(
            f"{name} (layer {', '.join(map(str, at[:8]))}{', …' if at[8:] else ''})" for name, at in unknown.items()
        )
        raise ImportFailed(
            f"{layers[0].file} has what cannot be converted: {what}.", "Choose a network without these layers."
        )


# Options that change what a layer computes and that are not known here: only these values are harmless.
PLAIN: dict[str, dict[str, str]] = {
    "convolutional": {"binary": "0", "xnor": "0", "antialiasing": "0", "deform": "0", "flipped": "0", "sway": "0",
                      "rotate": "0", "stretch": "0", "stretch_sway": "0", "coordconv": "0"},
    "maxpool": {"maxpool_depth": "0", "antialiasing": "0"},
    "shortcut": {"weights_type": "none"},
    "reorg": {"reverse": "0", "flatten": "0", "extra": "0"},
    "softmax": {"tree": "", "spatial": "0"},
    "region": {"tree": "", "background": "0"},
    "route": {"stream": "0"},
}  # fmt: skip


def _parts(text: str) -> list[str]:
    """"1, 2,3," → ["1", "2", "3"]; Darknet forgives a comma at the end."""
    return [part.strip() for part in text.removesuffix(",").split(",")] if text else []
