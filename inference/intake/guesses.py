"""What `models add` guessed about a network, in words."""

from models.card import ModelCard

WORDS = {
    "input.size": "the size of the picture", "input.layout": "where the channels stand", "input.order": "RGB or BGR",
    "input.range": "the range of the values", "input.mean": "the mean that is subtracted",
    "input.std": "what is divided by", "input.fit": "how the picture is fitted in",
    "input.resample": "how it is resized", "input.invert": "whether a bright picture is inverted",
    "labels": "the list of labels", "decoder": "how its outputs are read", "options.anchors": "its anchors",
    "options.first_class": "whether classes count from 0 or from 1", "options.offset": "where a cell has its middle",
}  # fmt: skip


def guessed_text(card: ModelCard) -> str:
    """The guesses of a card in words, "" where there are none: "RGB or BGR, the list of labels"."""
    return ", ".join(WORDS.get(key, key) for key in card.guessed)
