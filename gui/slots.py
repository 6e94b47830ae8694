"""What every key does: each action of the table in gui.actions has its slot here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from gui.panes import PANES
from gui.snapshot import save_picture
from gui.stage.views import VIEWS
from inference.data import Mode
from inference.live.session import MAX_LANES

if TYPE_CHECKING:
    from gui.main_window import MainWindow

SCALE_STEP = 1.1   # of the text, for one press


def slots_of(window: MainWindow) -> dict[str, Callable[..., None]]:
    """By the action's name; a checkable one takes its new state."""
    desk, session, meant = window.desk, window.desk.session, window.meant
    slots: dict[str, Callable[..., None]] = {
        "freeze": desk.freeze,
        "mode": lambda: desk.set_mode(Mode.TURNS if session.mode is Mode.TOGETHER else Mode.TOGETHER),
        "choose_source": lambda: window.bar.source.showMenu(),
        "next_source": window.next_source,
        "mirror": desk.set_mirror,
        "play": lambda on: window.play_bar.play(on),   # the bar is made of these actions
        "loop": lambda on: window.play_bar.loop(on),
        "step_back": lambda: window.play_bar.step(-1),
        "step_on": lambda: window.play_bar.step(1),
        "slower": lambda: window.play_bar.change_speed(-1),
        "faster": lambda: window.play_bar.change_speed(1),
        "replay": lambda on: window.play_bar.replay(on),
        "burn": lambda on: window.play_bar.burn(on),
        "add_lane": window.show_add_lane,
        "add_file": window.choose_files,
        "large": lambda: meant.toggle_alone(meant.lane()),
        "lane_menu": lambda: meant.do(meant.menu),
        "move_up": lambda: meant.move(-1),
        "move_down": lambda: meant.move(1),
        "remove_lane": lambda: meant.do(desk.take_away),
        "undo": desk.undo,
        "copy_table": lambda: _copy(window, "markdown"),
        "copy_csv": lambda: _copy(window, "csv"),
        "measure": lambda: _measure(window),
        "next_lane": lambda: meant.step(1),
        "previous_lane": lambda: meant.step(-1),
        "retry": desk.retry_failed,
        "more_labels": lambda: desk.set_topk(session.ask.topk + 1),
        "fewer_labels": lambda: desk.set_topk(session.ask.topk - 1),
        "smoothing": lambda on: desk.set_ask(replace(session.ask, smoothing=on)),
        "settings": lambda: window.show_drawer("settings"),
        **{key: lambda on, key=key: window.show_pane(key if on else "") for key in PANES},
        "view": lambda: window.show_view(window.views.following),
        **{f"view_{name}": lambda _on, name=name: window.show_view(name) for name in VIEWS},
        "larger": lambda: window.set_text_scale(window.text_scale * SCALE_STEP),
        "smaller": lambda: window.set_text_scale(window.text_scale / SCALE_STEP),
        "theme": lambda: window.set_theme("light" if window.theme.name == "dark" else "dark"),
        "full_screen": window.set_full_screen,
        "picture": lambda: save_picture(window, window.desk),
        "record": desk.record,
        "blank": lambda on: window.cover("blank", on),
        "help": lambda: window.cover("help", window.help.isHidden()),
        "back": window.back,
        "quit": window.close_window,
    }
    for slot in range(MAX_LANES):
        slots[f"alone_{slot + 1}"] = lambda slot=slot: meant.toggle_alone(desk.lane_of(slot))
        slots[f"lane_{slot + 1}"] = lambda _on, slot=slot: desk.toggle_lane(slot)
    return slots


def _copy(window: MainWindow, form: str) -> None:
    """The table of this moment, also while another view is on screen."""
    figures = {lane: lane.figures() for lane in window.desk.session.lanes}
    window.views["table"].refresh_figures(window.desk.session.source, figures)
    window.views["table"].copy(form)   # type: ignore[attr-defined]
    window.say(f"The table is copied, as {'CSV' if form == 'csv' else 'Markdown'}.")


def _measure(window: MainWindow) -> None:
    """The catalogue does it, and shows how far it is."""
    window.show_pane("catalogue")
    window.deck.pane.measure.click()   # type: ignore[union-attr]
