"""What every key does: each action of the table in gui.actions has its slot here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from gui.panes import PANES
from gui.snapshot import save_picture
from inference.data import Mode
from inference.live.session import MAX_LANES

if TYPE_CHECKING:
    from gui.main_window import MainWindow

SCALE_STEP = 1.1   # of the text, for one press


def slots_of(window: MainWindow) -> dict[str, Callable[..., None]]:
    """By the action's name; a checkable one takes its new state."""
    desk, session = window.desk, window.desk.session
    slots: dict[str, Callable[..., None]] = {
        "freeze": desk.freeze,
        "mode": lambda: desk.set_mode(Mode.TURNS if session.mode is Mode.TOGETHER else Mode.TOGETHER),
        "choose_source": lambda: window.bar.source.showMenu(),
        "next_source": window.next_source,
        "mirror": desk.set_mirror,
        "add_lane": window.show_add_lane,
        "add_file": window.choose_files,
        "remove_lane": window.remove_focused,
        "next_lane": lambda: window.enlarge_step(1),
        "previous_lane": lambda: window.enlarge_step(-1),
        "retry": desk.retry_failed,
        "more_labels": lambda: desk.set_topk(session.ask.topk + 1),
        "fewer_labels": lambda: desk.set_topk(session.ask.topk - 1),
        "smoothing": lambda on: desk.set_ask(replace(session.ask, smoothing=on)),
        "settings": lambda: window.show_drawer("settings"),
        **{key: lambda on, key=key: window.show_pane(key if on else "") for key in PANES},
        "larger": lambda: window.set_text_scale(window.text_scale * SCALE_STEP),
        "smaller": lambda: window.set_text_scale(window.text_scale / SCALE_STEP),
        "theme": lambda: window.set_theme("light" if window.theme.name == "dark" else "dark"),
        "full_screen": window.set_full_screen,
        "picture": lambda: save_picture(window, window.say),
        "record": desk.record,
        "blank": lambda on: window.cover("blank", on),
        "help": lambda: window.cover("help", window.help.isHidden()),
        "back": window.back,
        "quit": window.close_window,
    }
    for slot in range(MAX_LANES):
        slots[f"lane_{slot + 1}"] = lambda _on, slot=slot: desk.toggle_lane(slot)
    return slots
