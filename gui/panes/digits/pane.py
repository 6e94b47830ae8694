"""Draw a digit: all the networks of the digit line-up answer while it is drawn, and show what they went by."""

import numpy as np
from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QShowEvent

from gui.jobs import Job
from gui.panes import Services
from gui.panes.digits.canvas import PENS, SIZE
from gui.panes.digits.form import FACES, NETS, DigitForm
from gui.stage.answer import milliseconds
from inference.data import LaneSpec
from inference.errors import LabError
from inference.lab.digits.readers import Reader, Readers
from inference.lab.digits.weights import Layer, dense_layers, taken_apart
from inference.places import RESOURCES
from models import ModelCard
from models.card import DIGITS
from models.lineups import line_ups
from models.user_cards import is_own

PRECISIONS = {"fp32": "32 bit", "fp16": "16 bit", "int8": "8 bit"}   # of the weights of an exported network


def forms_of(card: ModelCard) -> list[Reader]:
    """A network, and what is exported of it, read back by the program's own reader."""
    return [Reader.usual(card)] + [
        Reader(card, LaneSpec(card.name, "coreml", precision=precision), f"Core ML, {words}")
        for precision, words in PRECISIONS.items()
    ]


class Pane(DigitForm):
    """The board is read on a thread of its own; what comes back is painted here."""

    _read = Signal()   # from the readers' thread

    def __init__(self, services: Services) -> None:
        super().__init__(services)
        self.readers: Readers | None = None
        self._which = ""   # whose export was shown last
        self._layers: dict[str, list[Layer]] = {}   # of NETS, once they were asked for
        self._read.connect(self._show_reading, Qt.ConnectionType.QueuedConnection)
        self.canvas.changed.connect(self._drawn)
        self.canvas.pen_changed.connect(self._pen_from_canvas)
        for name, slot in (("clear", self.canvas.clear), ("undo", self.canvas.undo), ("take", self.take)):
            self.buttons[name].clicked.connect(slot)
        self.pens.group.buttonClicked.connect(lambda _: self._choose_pen())
        for segments in (self.faces, self.nets):
            segments.group.buttonClicked.connect(lambda _: self._chosen())
        self.which.currentIndexChanged.connect(lambda _: self._ask())
        self._drawn()
        self._chosen()

    # --- what the window calls --------------------------------------------------------------------------------------

    def state(self) -> dict[str, str | bool | float]:
        """What is chosen."""
        chosen = {
            "face": self.faces.key, "net": self.nets.key, "pen": self.canvas.pen,
            "exported": self.which.currentData() or self._which,
        }  # fmt: skip
        return chosen | self.train.state() | self.chart.state()

    def restore(self, state: object) -> None:
        """Choose what `state` said once; what is wrong or missing stays as it is."""
        if not isinstance(state, dict):
            return
        for segments, key, known in ((self.faces, "face", FACES), (self.nets, "net", NETS), (self.pens, "pen", PENS)):
            if state.get(key) in known:
                segments.key = str(state[key])
        self._which = str(state.get("exported") or "")
        self.which.setCurrentIndex(max(0, self.which.findData(self._which)))
        self.train.restore(state)
        self.chart.restore(state)
        self._choose_pen()
        self._chosen()

    def end(self) -> None:
        """Let go of the networks, and give up what is being trained or measured."""
        self.train.end()
        self.chart.end()
        if self.readers:
            self.readers.close()

    def showEvent(self, event: QShowEvent) -> None:
        """Open the networks when they are first wanted."""
        super().showEvent(event)
        if self.readers is None:
            self.readers = Readers(self.desk.store, self._read.emit)
            self.desk.catalogue.listen(lambda _: self._use())
            self._use()
            self._drawn()

    # --- drawing ----------------------------------------------------------------------------------------------------

    def take(self) -> None:
        """Begin with the digit of the live picture."""
        frame = self.desk.session.frozen or self.desk.session.latest
        if frame is None:
            self.desk.say("There is no picture yet.")
            return

        def work() -> object:
            from inference.ink import ink_in

            return ink_in(frame, SIZE)

        def found(ink: object) -> None:
            if ink is None:
                self.desk.say("No digit in sight: hold a sheet of paper with one digit to the camera.")
            else:
                self.canvas.take(ink.picture)  # type: ignore[attr-defined]

        Job(work, found, self.desk.fail, self)

    def _choose_pen(self) -> None:
        self.canvas.pen = self.pens.key

    def _pen_from_canvas(self) -> None:
        self.pens.key = self.canvas.pen

    def _drawn(self) -> None:
        digit = self.canvas.digit()
        self.buttons["undo"].setEnabled(self.canvas.can_undo)
        self.buttons["clear"].setEnabled(digit is not None)
        if self.readers:
            self.readers.read(digit)
        if self.faces.key == "why":
            self._show_why()

    # --- what comes of it -------------------------------------------------------------------------------------------

    def cards(self) -> list[ModelCard]:
        """The line-up, and the user's own networks that read digits."""
        known = self.desk.catalogue
        names = [name for name in line_ups()["digits"].models if name in known]
        own = [name for name, card in known.items() if card.labels == DIGITS and is_own(card)]
        return [known[name] for name in (*names, *own)]

    def _use(self) -> None:
        cards = self.cards()
        self.train.show_cards(cards)
        self.chart.show_cards(cards)
        chosen = self.which.currentData() or self._which
        with QSignalBlocker(self.which):
            self.which.clear()
            for card in cards:
                self.which.addItem(card.title, card.name)
            self.which.setCurrentIndex(max(0, self.which.findData(chosen)))
        self._ask()

    def _ask(self) -> None:
        """Let those read that the face in front shows."""
        cards = self.cards()
        exported = self.faces.key == "coreml" and cards
        if exported:
            readers = forms_of(self.desk.catalogue[self.which.currentData()])
        else:
            readers = [Reader.usual(card) for card in cards]
        (self.exported if exported else self.columns).show_readers(readers)
        if self.readers:
            self.readers.use(readers)

    def _show_reading(self) -> None:
        reading = self.readers.latest if self.readers else None
        if reading is None:
            return
        for columns in (self.columns, self.exported):
            columns.show_answers(reading.answers, reading.digit)
        said = reading.digit is not None and any(answer.scores is not None for answer in reading.answers)
        self.note.setText(f"all in {milliseconds(reading.ms)}" if said else "")

    def _chosen(self) -> None:
        self.show_face()
        if self.readers:
            self._ask()
        if self.faces.key == "why":
            self._show_why()

    def _show_why(self) -> None:
        name = self.nets.key
        try:
            layers = self._layers.get(name) or dense_layers(RESOURCES / "digits" / f"{name}.onnx")
        except (LabError, OSError) as error:
            self.words.setText(f"{name}.onnx cannot be read: {error}. Install Lineup anew.")
            return
        self._layers[name] = layers
        digit = self.canvas.digit()
        shown = digit if digit is not None else np.zeros(SIZE, np.uint8)
        answers = [str(i) for i in range(len(layers[-1].bias))]
        self.weights.show_apart(answers, taken_apart(layers, shown), drawn=digit is not None)
