"""Every key of a card is checked where it is read: what is refused, and in which words."""

from dataclasses import fields, is_dataclass
from typing import Annotated, Any, get_args, get_origin, get_type_hints

import pytest

from gui.settings import Settings
from models.card import ModelCard, parse_card
from models.errors import CardError
from models.schema import must_be

SHA = "a" * 64
CARD = f"""
title = "T"
family = "F"
task = "classify"
decoder = "softmax"
labels = "digits.txt"
licence = "MIT"
source = "here"
[input]
size = [8, 9]
[[files]]
name = "n.onnx"
sha256 = "{SHA}"
bytes = 5
"""


def test_a_card_is_read() -> None:
    card = parse_card(CARD, "net")
    assert (card.name, card.input.size, card.files[0].bytes, card.options, card.golden) == ("net", (8, 9), 5, {}, None)


def test_whole_numbers_are_numbers_and_lists_are_fixed() -> None:
    card = parse_card(CARD.replace("size = [8, 9]", "size = [8, 9]\nmean = [1, 2, 3]\nshare = 1"), "net")
    assert card.input.mean == (1.0, 2.0, 3.0)
    assert all(isinstance(value, float) for value in (*card.input.mean, card.input.share))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('title = "T"', "", "net.toml: the key 'title' is missing. Add it."),
        ('title = "T"', 'title = " "', "net.toml: title is ' '. It must be a text."),
        ('title = "T"', "title = 5", "net.toml: title is 5. It must be a text."),
        ('task = "classify"', 'task = "guess"',
         "net.toml: task is 'guess'. It must be one of 'classify', 'detect'."),
        ('title = "T"', 'titel = "T"', "net.toml: unknown key 'titel'. Did you mean 'title'?"),
        ("size = [8, 9]", "size = [8, 9]\nwidth = 3",
         "net.toml, [input]: unknown key 'width'. Known keys: size, layout, order, dtype, range, mean, "
         "std, fit, share, resample, pad, invert."),
        ("size = [8, 9]", "", "net.toml, [input]: the key 'size' is missing. Add it."),
        ("size = [8, 9]", "size = [0, 9]", "net.toml: input.size[0] is 0. It must be 1 to 4096."),
        ("size = [8, 9]", "size = [8, -9]", "net.toml: input.size[1] is -9. It must be 1 to 4096."),
        ("size = [8, 9]", "size = [8, 5000]", "net.toml: input.size[1] is 5000. It must be 1 to 4096."),
        ("size = [8, 9]", "size = [8]", "net.toml: input.size is [8]. It must be a list of the right length."),
        ("size = [8, 9]", "size = [8, 9.5]", "net.toml: input.size[1] is 9.5. It must be 1 to 4096."),
        ("size = [8, 9]", "size = [8, true]", "net.toml: input.size[1] is True. It must be 1 to 4096."),
        ("size = [8, 9]", "size = [8, 9]\npad = 300", "net.toml: input.pad is 300. It must be 0 to 255."),
        ("size = [8, 9]", "size = [8, 9]\npad = 256", "net.toml: input.pad is 256. It must be 0 to 255."),
        ("size = [8, 9]", "size = [8, 9]\npad = -1", "net.toml: input.pad is -1. It must be 0 to 255."),
        ("size = [8, 9]", "size = [8, 9]\nmean = [0.5]", "net.toml: input.mean is (0.5,). It must be 3 numbers."),
        ("size = [8, 9]", "size = [8, 9]\nmean = [1, 2, 2e6]",
         "net.toml: input.mean[2] is 2000000.0. It must be no larger than 1e+06."),
        ("size = [8, 9]", "size = [8, 9]\nstd = [1, 0, 1]",
         "net.toml: input.std is (1.0, 0.0, 1.0). It must be 1e-06 or more, not 0."),
        ("size = [8, 9]", 'size = [8, 9]\norder = "GRAY"\nmean = [0.0]\nstd = [1.0, 1.0]',
         "net.toml: input.std is (1.0, 1.0). It must be 1 numbers."),
        ("size = [8, 9]", "size = [8, 9]\nshare = 0", "net.toml: input.share is 0. It must be above 0 and at most 1."),
        ("[input]\nsize = [8, 9]", "", "net.toml: the key 'input' is missing. Add it."),
        ("[input]\nsize = [8, 9]", "input = 3\n", "net.toml: input is 3. It must be a table."),
        (SHA, "abc", "net.toml: files[0].sha256 is 'abc'. It must be 64 hexadecimal digits."),
        (SHA, "z" * 64, "It must be 64 hexadecimal digits."),
        (f'"{SHA}"', f'"{SHA}\\n"', "It must be 64 hexadecimal digits."),
        ("bytes = 5", "bytes = 0", "net.toml: files[0].bytes is 0. It must be 1 to 2^40."),
        ("bytes = 5", 'bytes = 5\nurl = "ftp://x"',
         "net.toml: files[0].url is 'ftp://x'. It must be an address that begins with https://."),
        ("bytes = 5", 'bytes = 5\nmore_urls = ["https://a", "file:///b"]',
         "net.toml: files[0].more_urls[1] is 'file:///b'. It must be an address that begins with https://."),
        ('name = "n.onnx"', 'name = "../n.onnx"',
         "net.toml: files[0].name is '../n.onnx'. It must be a plain file name."),
        ('labels = "digits.txt"', 'labels = "../secret.txt"',
         "net.toml: labels is '../secret.txt'. It must be the plain name of a .txt file beside the card."),
        ("bytes = 5", 'bytes = 5\n[accuracy]\ndataset = "d"\nrecipe = "r"\ntop1 = 101',
         "net.toml: accuracy.top1 is 101. It must be 0 to 100 %."),
        ("bytes = 5", "bytes = 5\n[options]\nmost = -1",
         "net.toml: options.most is -1. It must be a number, 0 or more."),
        ('title = "T"', 'title = "T"\nyear = -3', "net.toml: year is -3. It must be a year."),
        ('title = "T"', 'title = "T"\nparameters = -1', "net.toml: parameters is -1. It must be 0 or more."),
        ('title = "T"', 'title = "T"\ngmacs = inf', "net.toml: gmacs is inf. It must be a finite number below 10^15."),
    ],
)  # fmt: skip
def test_what_is_refused(old: str, new: str, said: str) -> None:
    assert old in CARD
    with pytest.raises(CardError) as caught:
        parse_card(CARD.replace(old, new), "net")
    assert said in caught.value.sentence


def parts(kind: Any) -> list[tuple[str, Any]]:
    """Every key of a dataclass and of those inside it, with its annotation."""
    found = []
    hints = get_type_hints(kind, include_extras=True)
    for field in fields(kind):
        hint = hints[field.name]
        found.append((f"{kind.__name__}.{field.name}", hint))
        inner = [hint]
        while inner:
            one = inner.pop()
            if is_dataclass(one):
                found += parts(one)
            elif get_origin(one) is Annotated or get_args(one):
                inner += [arg for arg in get_args(one) if not isinstance(arg, str)]
    return found


@pytest.mark.parametrize("kind", [ModelCard, Settings])
def test_every_number_has_its_range_and_every_key_its_words(kind: Any) -> None:
    for name, hint in parts(kind):
        assert must_be(hint) != "a value" or name in ("ModelCard.options", "Settings.panes", "Settings.unknown"), name
        if hint in (int, float):
            raise AssertionError(f"{name} takes any number")
