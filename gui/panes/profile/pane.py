"""Where the time of a lane's network goes, on a copy of its session; and the steps of its optimisation."""

from collections.abc import Sequence
from threading import Event
from typing import TYPE_CHECKING

from PySide6.QtCore import QSignalBlocker
from PySide6.QtGui import QGuiApplication, QShowEvent

from gui.long_job import LongJob, Tell
from gui.panes import Services
from gui.panes.profile.form import ProfileForm
from gui.settle import TAKEN, settled
from gui.style import set_role
from inference.backends import NATIVE, usual_backend
from inference.data import LaneSpec, LaneState
from inference.errors import LabError
from inference.live.lane import Lane

if TYPE_CHECKING:
    from inference.lab.profile.run import Profile
    from inference.lab.steps.run import Steps

STATES = (LaneState.RUNNING, LaneState.LOADING)
BEGIN = {True: "Optimise and time", False: "Measure"}   # whether it is the steps
NOTHING = {
    True: "Each step of optimisation, timed in turns and compared with the network as it came. A double click on one "
    "runs it as a lane.",
    False: "Every operator of a network: its time and its multiply-adds, on a copy of it. Click one to read more.",
}


class Pane(ProfileForm):
    """What the form says is measured, on a thread of its own, while lanes and source rest."""

    def __init__(self, services: Services) -> None:
        super().__init__(services)
        self.job = LongJob(self)
        self.profiles: dict[str, Profile] = {}   # by the card's name
        self.steps: dict[str, Steps] = {}
        self._listed: tuple[tuple[str, str, int], ...] = ()   # model, title, threads
        self._of_steps_now = False               # what is running
        self.faces.group.buttonClicked.connect(self.show_all)
        self.choice.currentIndexChanged.connect(self.show_all)
        for view in (self.layers, self.roof):
            view.chosen_changed.connect(self._show_facts)
        self.layers.chosen_changed.connect(lambda: self._follow(self.layers.chosen))
        self.roof.chosen_changed.connect(lambda: self._follow(self.roof.chosen))
        self.stairs.clicked.connect(self.run_step)
        self.buttons["begin"].clicked.connect(self.begin)
        self.buttons["cancel"].clicked.connect(self.job.cancel)
        self.buttons["copy"].clicked.connect(self.copy)
        self.buttons["lane"].clicked.connect(self._run_chosen)
        self.job.changed.connect(self._show_progress)
        self.job.ended.connect(self._ended)
        self.show_all()

    # --- what the window calls --------------------------------------------------------------------------------------

    def state(self) -> dict[str, str | bool | float]:
        """Which face is shown."""
        return {"face": self.faces.key}

    def restore(self, state: object) -> None:
        """Choose what `state` said once; what is wrong or missing stays as it is."""
        if isinstance(state, dict) and state.get("face") in self.faces.buttons:
            self.faces.key = str(state["face"])
            self.show_all()

    def end(self) -> None:
        """Give up what is running."""
        self.job.cancel()

    def refresh(self, lanes: Sequence[Lane]) -> None:
        """List the lanes' networks anew when they have changed."""
        found: dict[str, tuple[str, str, int]] = {}
        for lane in lanes:
            card = self.desk.catalogue.get(lane.spec.model)
            if card and lane.status.state in STATES and card.format not in NATIVE:
                found.setdefault(card.name, (card.name, card.title, lane.spec.threads))
        listed = tuple(found.values())
        if listed != self._listed and not self.job.running:
            self._listed = listed
            chosen = self.choice.currentData()
            with QSignalBlocker(self.choice):
                self.choice.clear()
                for name, title, _ in listed:
                    self.choice.addItem(title, name)
                self.choice.setCurrentIndex(max(0, self.choice.findData(chosen)) if listed else -1)
            self.show_all()
        if self.pictures.buttons["held"].isEnabled() != bool(self.services.held):
            self.show_all()

    def showEvent(self, event: QShowEvent) -> None:
        """Begin with the lanes of now, and the one that was clicked last."""
        super().showEvent(event)
        self.refresh(self.desk.session.lanes)
        if (lane := self.desk.chosen_lane()) and (place := self.choice.findData(lane.spec.model)) >= 0:
            self.choice.setCurrentIndex(place)

    # --- what is shown ----------------------------------------------------------------------------------------------

    @property
    def stepping(self) -> bool:
        """Whether the steps are shown, not a profile."""
        return self.faces.key == "steps"

    def show_all(self) -> None:
        """What can be pressed now, and what is known of the chosen network."""
        running, name = self.job.running, self.choice.currentData() or ""
        profile, steps = self.profiles.get(name), self.steps.get(name)
        self.stack.setCurrentIndex(list(self.faces.buttons).index(self.faces.key))
        for view in (self.layers, self.roof):
            if view.profile is not profile:
                view.show_profile(profile)
        if self.stairs.steps is not steps:
            self.stairs.show_steps(steps)
        known = steps if self.stepping else profile
        self.buttons["begin"].setText(BEGIN[self.stepping])
        self.buttons["begin"].setEnabled(bool(name))
        for button, shown in (
            ("begin", not running), ("cancel", running), ("copy", not running and known is not None),
            ("lane", self.stepping and not running and steps is not None),
        ):  # fmt: skip
            self.buttons[button].setVisible(shown)
        for widget in self._of_steps:
            widget.setVisible(self.stepping)
        self.pictures.buttons["held"].setEnabled(bool(self.services.held))
        if not self.services.held:
            self.pictures.key = "samples"
        self.choice.setEnabled(not running)
        self.pictures.setEnabled(not running)
        self.bar.setVisible(running)
        if not running:
            set_role(self.note, "quiet")
            self.note.setText("" if known else NOTHING[self.stepping] if name else "Add a network first: A.")
        self._show_facts()

    def _follow(self, place: int) -> None:
        """Both views mean the same operator."""
        for view in (self.layers, self.roof):
            if view.chosen != place:
                view.choose(place)

    def _show_facts(self) -> None:
        name = self.choice.currentData() or ""
        profile, steps = self.profiles.get(name), self.steps.get(name)
        facts, words = "", ""
        if self.stepping and steps:
            from inference.lab.steps.words import sentences

            words = " ".join((*sentences(steps), *(trouble.sentence for trouble in steps.troubles)))
            facts = (
                f"{steps.runs} runs of each in turns, {steps.threads} threads; answers on {steps.pictures} pictures of "
                f"{steps.source}."
            )
        elif profile and not self.stepping:
            from inference.lab.profile.words import head, operator_text

            words = head(profile).replace("\n", " ")
            if 0 <= self.layers.chosen < len(profile.nodes):
                facts = operator_text(profile, profile.nodes[self.layers.chosen])
        self.facts.setText(facts)
        self.words.setText(words)

    # --- measuring --------------------------------------------------------------------------------------------------

    def begin(self) -> None:
        """Begin; the window goes on."""
        session, store, name = self.desk.session, self.desk.store, self.choice.currentData()
        if self.job.running or not name:
            return
        if session.resting:
            self.desk.say(TAKEN)
            return
        card, stepping = self.desk.catalogue[name], self.stepping
        asked = next(threads for model, _, threads in self._listed if model == name)
        held = [frame.pixels for frame in self.services.held] if self.pictures.key == "held" else []
        ask = session.ask
        self._of_steps_now = stepping
        session.rest(True, "profiling")

        def work(tell: Tell, cancelled: Event) -> object:
            from inference.intake.provide import ready
            from inference.live.threads import engine_for

            settled(session, cancelled)
            path = ready(card, store, lambda *_: None, cancelled)
            threads = engine_for(LaneSpec(name, usual_backend(card), asked), linger=False).threads

            def said(words: str, part: float) -> None:
                tell((words, part))

            if not stepping:
                from inference.lab.profile.run import profile

                return profile(card, path, threads, said, cancelled)
            from inference.backends.steps import STEPS
            from inference.lab.looks import Given, Looks
            from inference.lab.steps.run import MOST, optimise
            from inference.places import reel_of

            looks = Given("those that were frozen", held) if held else Looks(reel_of([card]), MOST)
            return optimise(card, path, store.cache, STEPS, looks, ask, threads, said, cancelled)

        self.bar.setValue(0)
        self.job.begin(work)
        self.show_all()
        set_role(self.note, "quiet")
        self.note.setText("Lanes and source rest meanwhile.")

    def _show_progress(self) -> None:
        if self.job.running and self.job.said:
            words, part = self.job.said[-1]
            self.note.setText(words)
            self.bar.setValue(round(1000 * part))

    def _ended(self) -> None:
        self.desk.session.rest(False)
        if found := self.job.result:
            (self.steps if self._of_steps_now else self.profiles)[found.model] = found
        self.show_all()
        if isinstance(self.job.trouble, LabError):
            set_role(self.note, "trouble")
            self.note.setText(self.job.trouble.sentence)

    # --- what is done with it ---------------------------------------------------------------------------------------

    def _run_chosen(self) -> None:
        if steps := self.stairs.steps:
            self.run_step(steps.steps[self.stairs.chosen].name)

    def run_step(self, step: str) -> None:
        """Let a step of the chosen network be a lane."""
        if name := self.choice.currentData():
            self.desk.add_lane(LaneSpec(name, "steps", precision=step))

    def copy(self) -> None:
        """All figures as text into the clipboard."""
        from inference.lab.profile.words import text_of_profile
        from inference.lab.steps.words import text_of_steps

        name = self.choice.currentData() or ""
        text = ""
        if self.stepping and name in self.steps:
            text = text_of_steps(self.steps[name])
        elif name in self.profiles:
            text = text_of_profile(self.profiles[name])
        if text:
            QGuiApplication.clipboard().setText(text)
            self.desk.say("The figures are copied, as text.")
