"""The kinds of trouble that a person can act on while pictures flow. The root is models.errors.LabError."""

from models.errors import CardError, LabError, StoreError


class SourceError(LabError):
    """A camera, file, folder or stream cannot be read."""


class BackendError(LabError):
    """A backend is missing, or cannot run this model."""


class ImportFailed(LabError):
    """A model file of another format cannot be turned into ONNX."""


class Cancelled(Exception):  # noqa: N818  not an error: somebody asked for it
    """The work was given up because somebody asked for it."""


__all__ = ["BackendError", "Cancelled", "CardError", "ImportFailed", "LabError", "SourceError", "StoreError"]
