"""What was asked for at the start, before anything heavy is imported: no numpy, no OpenCV, no engine here."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from inference.data import MOST_THREADS
from models.card import ModelCard
from models.catalog import find_card, suggest
from models.errors import CardError, LabError
from models.lineups import expanded, line_ups

if TYPE_CHECKING:
    from inference.data import Ask, LaneSpec
    from models.store import Store

MODES = ("turns", "together")  # the values of inference.data.Mode
THEMES = ("dark", "light")


class WrongUse(LabError):
    """The command line asks for something that does not exist; the program ends with 2."""


@dataclass(frozen=True, slots=True)
class Options:
    """The command line as given. None: not given, so that a saved setting or the usual value holds."""

    source: str | None = None
    models: tuple[str, ...] | None = None  # a line-up, "name", "name@backend" or "name@backend:threads"
    backend: str | None = None
    providers: tuple[str, ...] | None = None  # the first that a backend has here is taken
    mode: str | None = None  # one of MODES
    topk: int | None = None
    conf: float | None = None  # 0..1, least score of a box
    iou: float | None = None  # 0..1
    mirror_dir: str | None = None  # folder with model files
    cache: str | None = None
    mirror_picture: bool | None = None
    offline: bool | None = None
    threads: int | None = None  # of a lane; 0: what suits the mode
    fullscreen: bool | None = None
    theme: str | None = None  # one of THEMES


class LaneText(NamedTuple):
    """A lane as it is written; what is not said is "" and 0."""

    name: str
    backend: str
    precision: str
    threads: int


def split_lane(text: str) -> LaneText:
    """Take `name`, `name@backend`, `name@backend:threads` or `name@backend/precision:threads` apart.

    Raises:
        WrongUse: the threads are no number, or the name is missing.
    """
    name, _, rest = text.strip().partition("@")
    backend, _, threads = rest.partition(":")
    backend, _, precision = backend.partition("/")
    count = 0
    if threads:
        if not threads.isdecimal() or not 1 <= int(threads) <= MOST_THREADS:
            raise WrongUse(
                f"{threads!r} in {text!r} is no number of threads.",
                f"Write name@backend:threads, 1 to {MOST_THREADS}.",
            )
        count = int(threads)
    if not name:
        raise WrongUse(
            f"There is no model name in {text!r}.", "Write name, name@backend or name@backend:threads."
        )
    return LaneText(name, backend, precision, count)


def lane_specs(
    options: Options, names: Iterable[str], catalog: Mapping[str, ModelCard]
) -> "tuple[LaneSpec, ...]":
    """One lane for each of `names` as the options ask for it; what a name says of itself comes first.

    Raises:
        WrongUse: an unknown model, backend or provider; the hint suggests the nearest.
        BackendError: the backend is not installed; asked only when a provider was chosen.
    """
    from inference.backends import backends, usual_backend
    from inference.data import LaneSpec

    known = backends()
    specs = []
    for text in expanded(names):
        name, backend, precision, threads = split_lane(text)
        try:
            card = find_card(name, catalog)
        except CardError as error:
            raise WrongUse(str(error), suggest(name, (*catalog, *line_ups()))) from error
        engine = backend or options.backend or usual_backend(card)
        if engine not in known:
            raise WrongUse(f"There is no backend called {engine!r}.", suggest(engine, known))
        provider = _provider(engine, options.providers or ())
        choices = known[engine].precisions_of(card)
        if precision and precision not in choices:
            raise WrongUse(
                f"{known[engine].title} has no precision {precision!r}.",
                suggest(precision, choices) if choices
                else "Only Core ML and the steps have precisions: name@coreml/int8, name@steps/int8.",
            )
        precision = precision or (choices[0] if choices else "")
        specs.append(LaneSpec(name, engine, threads or options.threads or 0, provider, precision))
    return tuple(specs)


def ask_of(options: Options) -> "Ask":
    """The thresholds, with the usual value where none was given."""
    from inference.data import Ask

    usual = Ask()
    return Ask(
        topk=usual.topk if options.topk is None else options.topk,
        confidence=usual.confidence if options.conf is None else options.conf,
        iou=usual.iou if options.iou is None else options.iou,
    )


def _provider(backend: str, wanted: Sequence[str]) -> str:
    """The first of `wanted` that the backend has here; "" when none was asked for."""
    if not wanted:
        return ""
    from inference.backends import backend_module

    names: list[str] = backend_module(backend).providers()
    here = {_short(name).lower(): name for name in names}
    for name in wanted:
        if found := here.get(_short(name).lower()):
            return found
    raise WrongUse(
        f"The backend {backend} has no provider {' or '.join(map(repr, wanted))} here.",
        suggest(wanted[0], [_short(name) for name in here.values()]),
    )


def _short(provider: str) -> str:
    """CPUExecutionProvider → CPU, as people write it."""
    return provider.removesuffix("ExecutionProvider")


def open_store(options: Options) -> "Store":
    """The store that the options ask for; the environment and the platform's folder where they say nothing.

    Raises:
        WrongUse: the folder with model files does not exist.
    """
    from models.store import Store, is_address

    cache = Path(options.cache).expanduser() if options.cache else None
    if options.mirror_dir and is_address(options.mirror_dir):
        return Store(cache, mirror_url=options.mirror_dir, offline=bool(options.offline))
    mirror = Path(options.mirror_dir).expanduser() if options.mirror_dir else None
    if mirror and not mirror.is_dir():
        raise WrongUse(
            f"The folder {mirror} does not exist.", "Give --mirror a folder with model files below it."
        )
    return Store(cache, mirror, offline=bool(options.offline))


def named(names: Iterable[str], catalog: Mapping[str, ModelCard]) -> list[ModelCard]:
    """The cards of these names; those of a line-up, where one is named.

    Raises:
        WrongUse: there is no such model; the hint suggests the nearest.
    """
    try:
        return [find_card(name, catalog) for name in dict.fromkeys(expanded(names))]
    except CardError as error:
        raise WrongUse(str(error), error.hint) from error
