"""The kinds of trouble that a person can act on while pictures flow. The root is models.errors.LabError."""

from models.errors import Cancelled, CardError, LabError, NotHere, StoreError


class SourceError(LabError):
    """A camera, file, folder or stream cannot be read."""


class BackendError(LabError):
    """A backend is missing, or cannot run this model."""


class ImportFailed(LabError):
    """A model file of another format cannot be turned into ONNX."""


class ExportFailed(LabError):
    """A network cannot be handed to another system, or is not the same network there."""


__all__ = [
    "BackendError", "Cancelled", "CardError", "ExportFailed", "ImportFailed", "LabError", "NotHere", "SourceError",
    "StoreError",
]  # fmt: skip
