"""What the window remembers: one value, one JSON file. A wrong file never stops the start. No Qt here."""

import json
import logging
import math
import os
import reprlib
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, fields
from typing import Any

from inference.data import LaneSpec
from inference.live.session import MAX_LANES
from models.catalog import config_folder
from models.texts import read_text
from models.whole import whole_file

VERSION = 1
NAME = "settings.json"
BROKEN = "settings.broken.json"
MOST_BYTES = 1_000_000        # a settings file is a few kB; anything larger is none
TEXT_SCALES = (0.7, 2.0)
MOST_LABELS = 20
THEMES = ("dark", "light")    # gui.theme.THEMES, which needs Qt
MODES = ("", "turns", "together")

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Settings:
    """All that comes back at the next start. Change it with dataclasses.replace."""

    geometry: str = ""                           # the window's place as Qt gives it, base64
    source: str = ""                             # as on the command line; "": whatever is found
    lanes: tuple[LaneSpec, ...] | None = None    # None: the line-up of the first start
    mode: str = ""                               # of MODES; "": what suits the machine
    topk: int = 5                                # 1..20
    confidence: float = 0.25                     # 0..1
    iou: float = 0.45                            # 0..1
    smoothing: bool = False
    mirror: bool = False
    models_folder: str = ""                      # with model files, as chosen in the window; "": none
    theme: str = "dark"                          # of THEMES
    text_scale: float = 1.0                      # 0.7..2.0
    pane: str = "latency"                        # below the lanes: a key of gui.panes.PANES; "": none
    panes: Mapping[str, Mapping[str, str | bool | float]] = field(default_factory=dict)   # what is chosen in each
    unknown: Mapping[str, Any] = field(default_factory=dict, repr=False)   # of another version: kept

    @classmethod
    def load(cls) -> "Settings":
        """The settings of the last time; what is wrong in them is the default again. Never raises.

        A file that cannot be understood at all is put aside as settings.broken.json.
        """
        path = config_folder() / NAME
        try:
            if path.stat().st_size > MOST_BYTES:
                raise ValueError("it is too large")
            stored = json.loads(read_text(path, MOST_BYTES))
            if not isinstance(stored, dict):
                raise ValueError("it is not an object")
        except FileNotFoundError:
            return cls()
        except OSError as error:
            log.warning("The settings in %s cannot be read: %s.", path, error.strerror)
            return cls()
        except (ValueError, RecursionError, OverflowError) as error:
            log.warning("The settings in %s cannot be understood: %s. They are kept as %s.", path, error, BROKEN)
            with suppress(OSError):
                os.replace(path, path.with_name(BROKEN))
            return cls()
        return from_json(stored)

    def save(self) -> str:
        """Write the settings, whole or not at all. "" when it worked, else a sentence that says why not."""
        path = config_folder() / NAME
        try:
            path = path.resolve()   # a link stays a link: its target is replaced
            text = json.dumps(to_json(self), indent=2)   # ASCII: a path may hold bytes that are no text
            with whole_file(path) as file:
                file.write(f"{text}\n".encode())
        # ValueError, RuntimeError: a value that JSON has no word for; a link that leads to itself.
        except (OSError, ValueError, RuntimeError) as error:
            why = error.strerror if isinstance(error, OSError) and error.strerror else error
            return f"The settings cannot be saved in {path.parent}: {why}."
        return ""


def to_json(settings: Settings) -> dict[str, Any]:
    """The settings as JSON has them; unknown keys of the file that was read are among them."""
    lanes = settings.lanes
    return {
        **settings.unknown,
        "version": VERSION,
        **{name: getattr(settings, name) for name in _CHECKS if name != "panes"},
        "lanes": None if lanes is None else [
            {spec.name: getattr(lane, spec.name) for spec in fields(LaneSpec)} for lane in lanes
        ],
        "panes": {key: dict(state) for key, state in settings.panes.items()},
    }  # fmt: skip


def from_json(stored: Mapping[str, Any]) -> Settings:
    """The settings in `stored`; a value that is wrong is the default again, for that key alone."""
    values: dict[str, Any] = {}
    for key, check in _CHECKS.items():
        if key in stored:
            try:
                values[key] = check(stored[key])
            except (ValueError, OverflowError) as error:
                log.warning("The setting %s is %s: %s. The default is used.", key, reprlib.repr(stored[key]), error)
    known = {*_CHECKS, "version"}
    return Settings(**values, unknown={key: value for key, value in stored.items() if key not in known})


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError("it must be true or false")
    return value


def _text(value: object) -> str:
    if not isinstance(value, str) or len(value) > 4096 or "\0" in value:
        raise ValueError("it must be a text")
    value.encode()   # half a character is none: UnicodeEncodeError is a ValueError
    return value


def _one_of(*known: str) -> Callable[[object], str]:
    def check(value: object) -> str:
        if not isinstance(value, str) or value not in known:
            raise ValueError(f"it must be one of {', '.join(map(repr, known))}")
        return value

    return check


def _whole(low: int, high: int) -> Callable[[object], int]:
    def check(value: object) -> int:
        number = _number(low, high)(value)
        if number != int(number):
            raise ValueError("it must be a whole number")
        return int(number)

    return check


def _number(low: float, high: float) -> Callable[[object], float]:
    def check(value: object) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ValueError("it must be a number")
        if not low <= value <= high:   # false for NaN too
            raise ValueError(f"it must be {low} to {high}")
        return float(value)

    return check


def _lane(value: object) -> LaneSpec:
    if not isinstance(value, dict):
        raise ValueError("a lane must be an object")
    model = _text(value.get("model"))
    if not model:
        raise ValueError("a lane needs a model")
    return LaneSpec(
        model=model,
        backend=_text(value.get("backend", "onnxruntime")),
        threads=_whole(0, 256)(value.get("threads", 0)),
        provider=_text(value.get("provider", "")),
        precision=_text(value.get("precision", "")),
    )


def _lanes(value: object) -> tuple[LaneSpec, ...] | None:
    """Wrong lanes are left out; when all are wrong, so is the list."""
    if value is None:
        return None
    if not isinstance(value, list):
        raise ValueError("it must be a list")
    lanes = []
    for item in value:
        try:
            lanes.append(_lane(item))
        except (ValueError, OverflowError) as error:
            log.warning("A lane of the settings is left out: %s.", error)
    if value and not lanes:
        raise ValueError("no lane of it can be used")
    return tuple(lanes[:MAX_LANES])


def _options(value: object) -> dict[str, str | bool | float]:
    if not isinstance(value, dict):
        raise ValueError("it must be an object")
    return {
        key: item
        for key, item in value.items()
        if isinstance(item, str | bool) or (isinstance(item, int | float) and math.isfinite(item))
    }


def _panes(value: object) -> dict[str, dict[str, str | bool | float]]:
    if not isinstance(value, dict):
        raise ValueError("it must be an object")
    return {key: _options(state) for key, state in value.items() if isinstance(state, dict)}


# One check a setting; a test holds this table and the dataclass together.
_CHECKS: dict[str, Callable[[object], Any]] = {
    "geometry": _text,
    "source": _text,
    "lanes": _lanes,
    "mode": _one_of(*MODES),
    "topk": _whole(1, MOST_LABELS),
    "confidence": _number(0.0, 1.0),
    "iou": _number(0.0, 1.0),
    "smoothing": _flag,
    "mirror": _flag,
    "models_folder": _text,
    "theme": _one_of(*THEMES),
    "text_scale": _number(*TEXT_SCALES),
    "pane": _text,
    "panes": _panes,
}
