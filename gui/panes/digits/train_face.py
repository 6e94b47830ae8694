"""Train it here: what learns, from which digits, how right it has become; and what was trained, in one table."""

import math
from collections.abc import Sequence
from pathlib import Path
from threading import Event

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from gui.desk import Desk
from gui.long_job import LongJob, Tell
from gui.panes.digits.results import Results
from gui.parts.number_field import NumberField
from gui.parts.plain import PlainLabel
from gui.parts.plot import Curve, Plot
from gui.parts.range import Follow
from gui.parts.segments import Segments
from gui.settle import TAKEN, settled
from gui.style import set_role
from gui.theme import Size, Theme, font
from inference.lab.digits.kept import keep
from inference.lab.digits.sets import LEARNT, five_thousand, read_part
from inference.lab.digits.teaching import EPOCHS, MOST_EPOCHS, WAYS, Progress, teach
from models.card import ModelCard
from models.texts import plain

FROM = {"five": "5,000 digits", "folder": "A folder…"}
TITLES = {"dense": "Dense 512 × 2", "forest": "Random forest", "svm": "SVM"}
NOTE = "Every tenth digit is kept apart: never learnt from, and asked at the end. Lanes and source rest meanwhile."
RIGHT, LOSS = "Right, of the digits it never sees", "Loss: mean cross-entropy"
LARGEST_SEED = 9999


class TrainFace(QWidget):
    """The form above, the curves on the left, the table on the right."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk, self.job = desk, LongJob(self)
        self.folder: Path | None = None      # of idx files
        self.ways, self.origin = Segments(TITLES, "What learns"), Segments(FROM, "Digits")
        self.origin.buttons["five"].setToolTip("500 of each digit, from MNIST's training digits; 1.4 MB, fetched once")
        self.origin.buttons["folder"].setToolTip("idx files as MNIST's: train-images-idx3-ubyte and its labels")
        self.epochs, self.seed = NumberField(1, MOST_EPOCHS, EPOCHS, "Epochs"), NumberField(0, LARGEST_SEED, 1, "Seed")
        self.start, self.stop = QPushButton("Train"), QPushButton("Stop")
        self.start.setProperty("role", "primary")
        self.bar, self.note = QProgressBar(), PlainLabel(NOTE)
        self.bar.setTextVisible(False)
        self.note.setProperty("role", "quiet")
        self.note.setWordWrap(True)
        self.right, self.loss = Plot(), Plot()
        self.captions = {words: PlainLabel() for words in (RIGHT, LOSS)}
        self._curves = {self.right: Curve(), self.loss: Curve()}
        for plot, curve in self._curves.items():
            plot.add(curve)
            plot.resized = self.show_curves
        self._losses = Follow(least=0.5)
        self.results = Results()
        self._build()
        self.start.clicked.connect(self.train)
        self.stop.clicked.connect(self.job.cancel)
        self.origin.buttons["folder"].clicked.connect(self._choose_folder)
        self.ways.group.buttonClicked.connect(lambda _: self.show_form())
        self.epochs.changed.connect(self.show_curves)
        self.job.changed.connect(self._show_progress)
        self.job.ended.connect(self._ended)
        self.show_form()

    def _build(self) -> None:
        self._labels = {"epochs": PlainLabel("Epochs"), "seed": PlainLabel("Seed")}
        first, second = QHBoxLayout(), QHBoxLayout()
        for row, widgets in (
            (first, (self.ways, self.origin)),
            (second, (self._labels["epochs"], self.epochs, self._labels["seed"], self.seed, self.start, self.stop)),
        ):
            row.setSpacing(8)
            for widget in widgets:
                row.addWidget(widget)
            row.addStretch(1)
        curves = QVBoxLayout()
        curves.setSpacing(2)
        for words, plot in ((RIGHT, self.right), (LOSS, self.loss)):
            self.captions[words].setProperty("role", "quiet")
            curves.addWidget(self.captions[words])
            curves.addWidget(plot, 1)
        table = QScrollArea()
        table.setWidget(self.results)
        table.setWidgetResizable(True)
        table.setFrameShape(QScrollArea.Shape.NoFrame)
        table.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.results.setProperty("role", "page")
        body = QHBoxLayout()
        body.setSpacing(20)
        body.addLayout(curves, 5)
        body.addWidget(table, 5)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addLayout(first)
        column.addLayout(second)
        column.addWidget(self.bar)
        column.addWidget(self.note)
        column.addLayout(body, 1)

    # --- what is chosen ---------------------------------------------------------------------------------------------

    def state(self) -> dict[str, str | bool | float]:
        """What is chosen."""
        return {
            "way": self.ways.key, "epochs": float(self.epochs.value), "seed": float(self.seed.value),
            "train_folder": str(self.folder or "") if self.origin.key == "folder" else "",
        }  # fmt: skip

    def restore(self, state: dict[str, object]) -> None:
        """Choose what `state` said once; what is wrong or missing stays as it is."""
        if state.get("way") in WAYS:
            self.ways.key = str(state["way"])
        for field, key in ((self.epochs, "epochs"), (self.seed, "seed")):
            if field.accepts(value := state.get(key)):
                field.value = int(value)   # type: ignore[call-overload]
        self._take_folder(str(state.get("train_folder") or ""))
        self.show_form()

    def _choose_folder(self) -> None:
        chosen = QFileDialog.getExistingDirectory(self, "A folder of digits", str(self.folder or Path.home()))
        self._take_folder(chosen or str(self.folder or ""))

    def _take_folder(self, name: str) -> None:
        self.folder = Path(name) if name else None
        self.origin.key = "folder" if self.folder else "five"
        self.origin.buttons["folder"].setText(plain(self.folder.name, 24) if self.folder else FROM["folder"])

    def show_form(self) -> None:
        """What can be pressed now."""
        running, dense = self.job.running, self.ways.key == "dense"
        self.start.setVisible(not running)
        self.stop.setVisible(running)
        self.bar.setVisible(running)
        for widget in (self.ways, self.origin, self.epochs, self.seed):
            widget.setEnabled(not running)
        self._labels["epochs"].setVisible(dense)
        self.epochs.setVisible(dense)
        if not running:
            self._show_plots(dense=dense)

    def _show_plots(self, *, dense: bool) -> None:
        for widget in (self.loss, self.captions[LOSS]):
            widget.setVisible(dense)

    # --- training ---------------------------------------------------------------------------------------------------

    def train(self) -> None:
        """Begin; the window goes on, lanes and source rest so that the time on the card is the training's own."""
        session = self.desk.session
        if self.job.running:
            return
        if session.resting:
            self.desk.say(TAKEN)
            return
        session.rest(True, "training")
        way, epochs, seed, store = self.ways.key, self.epochs.value, self.seed.value, self.desk.store
        folder = self.folder if self.origin.key == "folder" else None

        def work(tell: Tell, cancelled: Event) -> ModelCard:
            settled(session, cancelled)
            digits = read_part(folder, *LEARNT) if folder else five_thousand(store, lambda *said: tell(said), cancelled)
            taught = teach(way, digits, tell, cancelled, epochs=epochs, seed=seed)
            return keep(taught, store, lambda *said: tell(said), cancelled)

        set_role(self.note, "quiet")
        self.note.setText("Beginning")
        self.bar.setRange(0, 0)
        self.job.begin(work)
        self.show_form()
        self.show_curves()

    def end(self) -> None:
        """The window closes."""
        self.job.cancel()

    def _points(self) -> list[Progress]:
        return [said for said in self.job.said if isinstance(said, Progress)]

    def _show_progress(self) -> None:
        if not self.job.running or not self.job.said:
            return
        said = self.job.said[-1]
        if not isinstance(said, Progress):
            self.note.setText(said[0])
            return
        self.bar.setRange(0, said.steps if said.step else 0)
        self.bar.setValue(said.step)
        self.note.setText(progress_text(said, WAYS[self.ways.key].steps))
        self.show_curves()

    def show_curves(self) -> None:
        """Draw what was told until now."""
        points = self._points()
        steps = max(2, points[-1].steps if points else self.epochs.value)
        x = np.array([at.step for at in points], np.float64)
        right = np.array([100 * at.right for at in points])
        loss = np.array([at.loss for at in points])
        known = ~np.isnan(right)
        low = _floor(right[known])
        ticks = [low + (100 - low) * i / 4 for i in range(5)]
        whole = [0, steps // 2, steps]
        names = [(float(step), f"{step}") for step in whole[:-1]]
        unit = WAYS[self.ways.key].steps
        for plot in self._curves:
            plot.show_x(0, steps * 1.06, [*names, (float(steps), f"{steps}")])
        for words, label in self.captions.items():
            label.setText(f"{words}, after each {unit}")
        self.right.show_ticks(low, 100, [(at, f"{at:g} %") for at in ticks])
        self._curves[self.right].setData(x[known], right[known])
        self._losses.follow(0.0, float(np.nanmax(loss)) if points and not np.isnan(loss).all() else 0.5)
        self.loss.show_y(self._losses, "")
        self._curves[self.loss].setData(x[~np.isnan(loss)], loss[~np.isnan(loss)])

    def _ended(self) -> None:
        self.desk.session.rest(False)
        card, trouble = self.job.result, self.job.trouble
        set_role(self.note, "trouble" if trouble else "quiet")
        if trouble:
            self.note.setText(trouble.sentence)
        elif card is None:
            self.note.setText("Stopped. Nothing is kept of it.")
        else:
            found = card.accuracy
            self.note.setText(
                f"{card.title}: {found.top1:.1f} % of {found.dataset}, {found.recipe.partition(', ')[2]}. "
                "It reads your drawing now, and runs as a lane."
            )
            self.desk.take_model(card)
        self.show_form()

    # --- the look ---------------------------------------------------------------------------------------------------

    def show_cards(self, cards: Sequence[ModelCard]) -> None:
        """The networks that read digits, of which those that were taught here are in the table."""
        self.results.show_cards(cards)

    def restyle(self, theme: Theme, scale: float) -> None:
        """Take these colours, and type at this scale."""
        body = font(Size.BODY, scale)
        for widget in (
            *self.ways.buttons.values(), *self.origin.buttons.values(), self.epochs, self.seed, self.start, self.stop,
            self.note, *self._labels.values(), *self.captions.values(),
        ):  # fmt: skip
            widget.setFont(body)
        for box in (self.epochs, self.seed):
            box.setFixedWidth(round(76 * scale))
        for plot, curve in self._curves.items():
            plot.restyle(theme, scale)
            curve.style(QColor(theme.accent), 0, strokes=3)
        self.results.restyle(theme, scale)
        self.show_curves()


def progress_text(at: Progress, unit: str) -> str:
    """Where it stands, in words: "Epoch 5 of 24 · 93.4 % right · about 20 s left"."""
    count = f"{unit.capitalize()} {at.step} of {at.steps}"
    words = [count if at.steps > 1 else "Learning; it says nothing meanwhile"]
    if not math.isnan(at.right):
        words.append(f"{100 * at.right:.1f} % right")
    if 0 < at.step < at.steps:
        words.append(f"about {at.seconds * (at.steps - at.step) / at.step:.0f} s left")
    return " · ".join(words)


def _floor(right: np.ndarray) -> float:
    """Where the axis begins, %: a steep start must not press the end flat."""
    least = float(right.min()) if len(right) else 80.0
    return next((low for low in (90.0, 80.0, 60.0) if least >= low), 0.0)
