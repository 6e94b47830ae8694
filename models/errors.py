"""Errors that a person can act on."""


class LabError(Exception):
    """Something went wrong that the user can understand and change.

    `str(error)` says what happened to which thing, in one sentence; `hint` says what to do about it.
    Everything that is not a LabError is a bug.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint

    @property
    def sentence(self) -> str:
        """What happened and what to do, on one line."""
        return f"{self} {self.hint}".strip()


class CardError(LabError):
    """A model card is wrong or unknown. The message names the file, the table and the key."""


class StoreError(LabError):
    """A model's file is missing, wrong, or cannot be fetched."""


class NotHere(StoreError):
    """A model's file is not on this machine, and none of its places gave it."""


class Cancelled(Exception):
    """The work was given up because somebody asked for it."""
