"""What the lab can recognise: cards, the catalogue, and the store of weights. Knows nothing of frames."""

from models.card import InputSpec, ModelCard, ModelFile
from models.catalog import find_card, line_up, load_catalog, read_labels
from models.errors import CardError, LabError, StoreError

__all__ = [
    "CardError",
    "InputSpec",
    "LabError",
    "ModelCard",
    "ModelFile",
    "StoreError",
    "find_card",
    "line_up",
    "load_catalog",
    "read_labels",
]
