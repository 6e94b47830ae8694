"""Whatever is in a file, every reader ends with a network or with a sentence, and soon."""

from contextlib import suppress
from pathlib import Path
from time import perf_counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from model_files import foreign_card, foreseen

from inference.errors import ImportFailed
from inference.intake.importers import IMPORTERS, converted_bytes
from inference.intake.importers.caffe.prototext import read_text
from inference.intake.importers.wire import fields
from inference.intake.propose import propose

# One file of each format that has several, by what it is called.
FILES = {
    "caffe": ("net.prototxt", "net.caffemodel"), "coreml": ("net.mlmodel", "weight.bin"),
    "darknet": ("net.cfg", "net.weights"), "efficientnet-lite-torch": ("net.pth",), "squeezenet-pickle": ("net.pkl",),
    "tensorflow": ("net.pb", "net.pbtxt"),
    "caffe-opencv": ("net.prototxt", "net.caffemodel"),
    "darknet-opencv": ("net.cfg", "net.weights"),
}  # fmt: skip
QUICK = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
VARINTS = st.integers(0, 2**64 - 1)


@st.composite
def messages(draw: st.DrawFn, depth: int = 4) -> bytes:
    """Protocol buffers that hold together, with any numbers in them."""
    out = b""
    for _ in range(draw(st.integers(0, 5))):
        number = draw(st.sampled_from([1, 2, 3, 4, 5, 6, 7, 10, 20, 30, 40, 90, 91, 100, 120, 130, 140, 403, 500, 502]))
        inner = draw(st.one_of(st.binary(max_size=20), messages(depth - 1) if depth else st.just(b"")))
        if draw(st.booleans()):
            out += varint(number << 3) + varint(draw(VARINTS))
        else:
            out += varint(number << 3 | 2) + varint(len(inner)) + inner
    return out


def varint(value: int) -> bytes:
    out = b""
    while value > 127:
        out, value = out + bytes([value & 127 | 128]), value >> 7
    return out + bytes([value])


def test_a_bug_of_ours_would_be_seen(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def broken(files: object, card: object) -> None:
        raise KeyError("ours")

    monkeypatch.setattr("inference.intake.importers.darknet.convert", broken)
    with pytest.raises(KeyError), foreseen():
        converted_bytes([tmp_path / "a", tmp_path / "b"], foreign_card("darknet", (32, 32), FILES["darknet"]))


def test_every_format_is_tried() -> None:
    assert set(FILES) == set(IMPORTERS)


@pytest.mark.parametrize("kind", FILES)
@QUICK
@given(data=st.data())
def test_bytes_of_any_kind_end_as_a_sentence(kind: str, data: st.DataObject, tmp_path: Path) -> None:
    paths = [tmp_path / name for name in FILES[kind]]
    for path in paths:
        path.write_bytes(data.draw(st.one_of(st.binary(max_size=300), messages())))
    start = perf_counter()
    with foreseen():
        converted_bytes(paths, foreign_card(kind, (32, 32), FILES[kind]))
    assert perf_counter() - start < 5   # a hang, not a speed


@QUICK
@given(data=st.one_of(st.binary(max_size=300), messages()))
def test_an_onnx_file_of_any_bytes_ends_as_a_sentence(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "net.onnx"
    path.write_bytes(data)
    with foreseen():
        propose([path], tmp_path)
        pytest.fail("it was taken for a network")


@QUICK
@given(text=st.text("{}<>[]:;,\\'\"#ab1 \n", max_size=200))
def test_any_text_is_read_or_refused(text: str) -> None:
    with suppress(ImportFailed):
        read_text(text, "net.prototxt")


@QUICK
@given(data=st.binary(max_size=200))
def test_any_bytes_are_fields_or_refused(data: bytes) -> None:
    with suppress(ImportFailed):
        total = sum(len(value) for _n, _k, value in fields(memoryview(data), "net") if not isinstance(value, int))
        assert total <= len(data)


@QUICK
@given(data=messages())
def test_what_holds_together_is_read_whole(data: bytes) -> None:
    assert all(number for number, _kind, _value in fields(memoryview(data), "net"))
