"""What the window remembers: one value, one JSON file. A wrong file never stops the start. No Qt here."""

import json
import logging
import math
import os
import reprlib
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, fields
from typing import Annotated, Any, get_type_hints

import msgspec
from msgspec import Meta

from inference.data import LaneSpec
from inference.errors import LabError
from inference.live.session import MAX_LANES
from inference.options import MODES, THEMES
from models.catalog import config_folder
from models.schema import Text, must_be
from models.texts import read_text
from models.whole import whole_file

VERSION = 1
NAME = "settings.json"
BROKEN = "settings.broken.json"
MOST_BYTES = 1_000_000        # a settings file is a few kB; anything larger is none
TEXT_SCALES = (0.7, 2.0)
MOST_LABELS = 20
HINT_NAMES = ("mode", "freeze", "xray")   # the keys of gui.hints.HINTS; this module knows no Qt
VIEW_NAMES = ("stage", "grid", "table")   # the keys of gui.stage.views.VIEWS; this module knows no Qt

Theme = Annotated[str, Meta(pattern=rf"\A({'|'.join(THEMES)})\Z", description=f"one of {', '.join(THEMES)}")]
Mode = Annotated[str, Meta(pattern=rf"\A({'|'.join(MODES)})?\Z", description=f"one of {', '.join(MODES)}")]
View = Annotated[str, Meta(pattern=rf"\A({'|'.join(VIEW_NAMES)})\Z", description=f"one of {', '.join(VIEW_NAMES)}")]
Hint = Annotated[str, Meta(pattern=rf"\A({'|'.join(HINT_NAMES)})\Z", description=f"one of {', '.join(HINT_NAMES)}")]
Part = Annotated[float, Meta(ge=0, le=1, description="0 to 1")]

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Settings:
    """All that comes back at the next start. Change it with dataclasses.replace."""

    geometry: Text = ""                          # the window's place as Qt gives it, base64
    source: Text = ""                            # as on the command line; "": whatever is found
    lanes: tuple[LaneSpec, ...] | None = None    # None: the line-up of the first start
    mode: Mode = ""                              # "": what suits the machine
    topk: Annotated[int, Meta(ge=1, le=MOST_LABELS, description=f"1 to {MOST_LABELS}")] = 5
    confidence: Part = 0.25
    iou: Part = 0.45
    smoothing: bool = False
    mirror: bool = False
    models_folder: Text = ""                     # with model files, as chosen in the window; "": none
    view: View = "stage"                         # how the lanes are looked at: a key of gui.stage.views.VIEWS
    theme: Theme = "dark"
    text_scale: Annotated[float, Meta(ge=TEXT_SCALES[0], le=TEXT_SCALES[1], description="0.7 to 2.0")] = 1.0
    pane: Text = "latency"                       # below the lanes: a key of gui.panes.PANES; "": none
    panes: Mapping[str, Mapping[str, str | bool | float]] = field(default_factory=dict)   # what is chosen in each
    hints: tuple[Hint, ...] = ()                 # of the first start, that are still to come
    unknown: Mapping[str, Any] = field(default_factory=dict, repr=False)   # of another version: kept

    @classmethod
    def load(cls, troubles: list[LabError] | None = None) -> "Settings":
        """The settings of the last time; what is wrong in them is the default again. Never raises.

        A file that cannot be understood at all is put aside as settings.broken.json. What was wrong goes into the log
        and into `troubles`.
        """
        path = config_folder() / NAME
        try:
            if path.stat().st_size > MOST_BYTES:
                raise ValueError("it is too large")
            stored = json.loads(read_text(path, MOST_BYTES))
            if not isinstance(stored, dict):
                raise ValueError("it is not an object")
        except FileNotFoundError:
            return cls(hints=HINT_NAMES)   # the first start
        except OSError as error:
            _tell(troubles, f"The settings in {path} cannot be read: {error.strerror}.", "The usual ones are used.")
            return cls()
        except (ValueError, RecursionError, OverflowError) as error:
            _tell(
                troubles, f"The settings in {path} cannot be understood: {error}.",
                f"They are kept as {BROKEN}; the usual ones are used.",
            )  # fmt: skip
            with suppress(OSError):
                os.replace(path, path.with_name(BROKEN))
            return cls()
        return from_json(stored, troubles)

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


def _kinds() -> dict[str, Any]:
    """What each setting may be."""
    return {key: kind for key, kind in get_type_hints(Settings, include_extras=True).items() if key != "unknown"}


def to_json(settings: Settings) -> dict[str, Any]:
    """The settings as JSON has them; unknown keys of the file that was read are among them."""
    lanes = settings.lanes
    return {
        **settings.unknown,
        "version": VERSION,
        **{name: getattr(settings, name) for name in _kinds() if name != "panes"},
        "lanes": None if lanes is None else [
            {spec.name: getattr(lane, spec.name) for spec in fields(LaneSpec)} for lane in lanes
        ],
        "panes": {key: dict(state) for key, state in settings.panes.items()},
    }  # fmt: skip


def _tell(troubles: list[LabError] | None, sentence: str, hint: str = "") -> None:
    log.warning("%s %s", sentence, hint)
    if troubles is not None:
        troubles.append(LabError(sentence, hint))


def from_json(stored: Mapping[str, Any], troubles: list[LabError] | None = None) -> Settings:
    """The settings in `stored`; a value that is wrong is the default again, for that key alone."""
    values: dict[str, Any] = {}
    for key, kind in _kinds().items():
        if key in stored:
            try:
                values[key] = _PARTS[key](stored[key]) if key in _PARTS else msgspec.convert(stored[key], kind)
            except (msgspec.ValidationError, ValueError, OverflowError, RecursionError):
                given = reprlib.repr(stored[key])
                _tell(troubles, f"The setting {key} is {given}, not {must_be(kind)}.", "The default is used.")
    known = {*_kinds(), "version"}
    return Settings(**values, unknown={key: value for key, value in stored.items() if key not in known})


def _lanes(value: object) -> tuple[LaneSpec, ...] | None:
    """Wrong lanes are left out; when all are wrong, so is the list."""
    if value is None:
        return None
    lanes = []
    given = msgspec.convert(value, list[Any])
    for item in given:
        try:
            lanes.append(msgspec.convert(item, LaneSpec))
        except msgspec.ValidationError as error:
            log.warning("A lane of the settings is left out: %s.", error)
    if given and not lanes:
        raise msgspec.ValidationError("no lane of it can be used")
    return tuple(lanes[:MAX_LANES])


def _panes(value: object) -> dict[str, dict[str, str | bool | float]]:
    """What is no plain option, and what is of no pane, is left out."""
    return {
        key: {name: item for name, item in state.items() if _is_option(item)}
        for key, state in msgspec.convert(value, dict[str, Any]).items() if isinstance(state, dict)
    }


def _is_option(value: object) -> bool:
    return isinstance(value, str | bool) or (isinstance(value, int | float) and math.isfinite(value))


# Settings of which a wrong part is left out, not all.
_PARTS: dict[str, Callable[[object], Any]] = {"lanes": _lanes, "panes": _panes}
