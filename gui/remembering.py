"""What comes back at the next start, read off the window and its desk."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gui.settings import Settings
from inference.data import LaneSpec

if TYPE_CHECKING:
    from gui.desk import Desk
    from gui.main_window import MainWindow


def settings_of(window: MainWindow) -> Settings:
    """All of it. What was not looked at yet stays as it was."""
    desk = window.desk
    session, ask = desk.session, desk.session.ask
    return replace(
        desk.settings,
        source="" if desk.source_text == "auto" else desk.source_text,
        lanes=_lanes_of(desk),
        mode=session.mode.value,
        topk=ask.topk,
        confidence=ask.confidence,
        iou=ask.iou,
        smoothing=ask.smoothing,
        mirror=session.mirror,
        models_folder=desk.models_folder,
        geometry=bytes(window.saveGeometry().toBase64().data()).decode(),
        view=window.views.key,
        theme=window.theme.name,
        text_scale=window.text_scale,
        pane=window.deck.key if desk.begun else desk.settings.pane,
        panes=window.deck.states(),
        hints=window.hints.left,
    )


def _lanes_of(desk: Desk) -> tuple[LaneSpec, ...] | None:
    """The networks; those from before, where a recording stands in their place."""
    if desk.kept_lanes is not None:
        return desk.kept_lanes
    return tuple(lane.spec for lane in desk.session.lanes) if desk.begun else desk.settings.lanes
