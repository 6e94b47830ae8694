"""The readers of pickles and PyTorch files: the same network as the reference, and nothing hostile gets through."""

import io
import os
import pickle
import pickletools
import struct
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnx
import onnxruntime as ort
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from model_files import (
    foreign_card,
    norm,
    small_lite,
    small_squeezenet,
    torch_rows,
    torch_zip,
)
from numpy.typing import NDArray
from onnx import numpy_helper

from inference.backends import DIRECT
from inference.errors import ImportFailed
from inference.intake.importers import IMPORTERS, convert
from inference.intake.importers.arrays import read_arrays
from inference.intake.importers.torch_file import read_tensors
from models.card import Format
from models.user_cards import save_card

PICKLE, LITE = "squeezenet-pickle", "efficientnet-lite-torch"
FORMS = {"zip": torch_zip, "rows": torch_rows}


def answers(model: Any, x: NDArray[np.float32]) -> NDArray[np.float32]:
    """What a model, or a file of one, makes of `x`; the model is checked first."""
    if not isinstance(model, Path):
        onnx.checker.check_model(model, full_check=True)
    session = ort.InferenceSession(str(model) if isinstance(model, Path) else model.SerializeToString())
    out: NDArray[np.float32] = session.run(None, {session.get_inputs()[0].name: x})[0]
    return out


def inputs(testdata: Path, shape: tuple[int, int, int, int], scale: float) -> list[NDArray[np.float32]]:
    """Noise, and two pictures."""
    noise = np.random.default_rng(0).uniform(-scale, scale, shape).astype(np.float32)
    pictures = [cv2.imread(str(testdata / "images" / name)) for name in ("cat.jpg", "dog_bicycle_truck.jpg")]
    size = shape[3], shape[2]
    return [noise, *(cv2.dnn.blobFromImage(p, scale / 255, size,
    swapRB=True) for p in pictures)]  # type: ignore[list-item]


def difference(a: NDArray[np.float32], b: NDArray[np.float32]) -> float:
    """Largest difference, relative to the largest value."""
    assert a.shape == b.shape
    return float(np.abs(a - b).max() / np.abs(b).max())


def assert_well_said(error: ImportFailed, file: str) -> None:
    """One line that names the file, and a hint."""
    assert file in str(error)
    assert error.hint
    assert "\n" not in str(error)


def constants(path: Path) -> dict[str, NDArray[Any]]:
    return {i.name: numpy_helper.to_array(i) for i in onnx.load(str(path)).graph.initializer}


def test_every_format_of_a_card_has_its_importer() -> None:
    assert set(IMPORTERS) | DIRECT == set(Format.__args__)  # type: ignore[attr-defined]


def test_an_unknown_format_is_said() -> None:
    with pytest.raises(ImportFailed, match="'keras'"):
        convert([], foreign_card("keras", (8, 8)))


# ---- the references ----


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_squeezenet_is_the_reference(testdata: Path, tmp_path: Path, protocol: int) -> None:
    reference = testdata / "models/reference/squeezenet1_1_ndf.onnx"
    held = constants(reference)
    table = {
        name[:-2].replace("_", "/", 1) if "fire" in name else name[:-2]: [
            np.ascontiguousarray(weights.transpose(2, 3, 1, 0)), held[name[:-2] + "_b"]
        ]
        for name, weights in held.items() if name.endswith("_w")
    }  # fmt: skip
    path = tmp_path / "weights.pkl"
    path.write_bytes(pickle.dumps(table, protocol))
    model = convert([path], foreign_card(PICKLE, (227, 227)))
    for x in inputs(testdata, (1, 3, 227, 227), 120.0)[: 3 if protocol == 3 else 1]:
        assert difference(answers(model, x), answers(reference, x)) < 1e-4


@pytest.mark.parametrize("form", FORMS)
def test_efficientnet_lite_is_the_reference(testdata: Path, tmp_path: Path, form: str) -> None:
    reference = testdata / "models/reference/efficientnet_lite0.onnx"
    path = tmp_path / "lite0.pth"
    path.write_bytes(FORMS[form](_lite0(reference)))
    model = convert([path], foreign_card(LITE, (224, 224)))
    for x in inputs(testdata, (1, 3, 224, 224), 1.0)[: 3 if form == "rows" else 1]:
        assert difference(answers(model, x), answers(reference, x)) < 1e-4


def _lite0(reference: Path) -> dict[str, NDArray[Any]]:
    """A state dictionary with the reference's numbers; its normalisations are folded away already."""
    held = constants(reference)
    table: dict[str, NDArray[Any]] = {}
    for node in onnx.load(str(reference)).graph.node:
        if node.op_type != "Conv":
            continue
        name = node.output[0].strip("/").removesuffix("/Conv_output_0").replace("/", ".")
        block, _, part = name.rpartition(".")
        first = {"_expand_conv": "_bn0", "_depthwise_conv": "_bn1", "_project_conv": "_bn2"}
        bn = f"{block}.{first[part]}" if block else {"_conv_stem": "_bn0", "_conv_head": "_bn1"}[part]
        weights, bias = held[node.input[1]], held[node.input[2]]
        table |= {f"{name}.weight": weights, **norm(bn, len(bias), bias)}
    return table | {"_fc.weight": held["_fc.weight"], "_fc.bias": held["_fc.bias"]}


def test_another_network_fails_the_comparison(testdata: Path, tmp_path: Path) -> None:
    """The gate above can fail: one normalisation that is not folded is enough."""
    reference = testdata / "models/reference/efficientnet_lite0.onnx"
    table = _lite0(reference)
    table["_blocks.7._bn1.running_var"] = table["_blocks.7._bn1.running_var"] * 1.01
    path = tmp_path / "lite0.pth"
    path.write_bytes(torch_zip(table))
    x = inputs(testdata, (1, 3, 224, 224), 1.0)[0]
    assert difference(answers(convert([path], foreign_card(LITE, (224, 224))), x), answers(reference, x)) > 1e-4


# ---- pickles of numpy ----


@pytest.mark.parametrize(
    "array",
    [
        np.zeros((0, 3), np.float32),
        np.arange(6, dtype=np.float32).reshape(2, 3),
        np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        np.arange(6, dtype=">f4").reshape(3, 2),
        np.array(7, np.int64),
        np.arange(4, dtype=np.float16),
        np.array([True, False]),
        np.arange(5, dtype=np.uint8),
    ],
    ids=lambda a: f"{a.dtype.str}-{a.ndim}",
)
@pytest.mark.parametrize("protocol", range(2, 6))
@pytest.mark.parametrize("module", ["numpy._core", "numpy.core"])
def test_arrays_come_back(tmp_path: Path, array: NDArray[Any], protocol: int, module: str) -> None:
    data = pickle.dumps({"a": array, "b": [array, array]}, protocol)
    if module == "numpy.core" and protocol < 4:   # numpy 1; later protocols state lengths
        data = data.replace(b"numpy._core", b"numpy.core")
    path = tmp_path / "arrays.pkl"
    path.write_bytes(data)
    table = read_arrays(path)
    assert [len(entry) for entry in table.values()] == [1, 2]
    for found in (*table["a"], *table["b"]):
        assert found.dtype == array.dtype
        np.testing.assert_array_equal(found, array)


class _Call:
    """Pickles as the call of something."""

    def __init__(self, *parts: Any) -> None:
        self._parts = parts

    def __reduce__(self) -> Any:
        return self._parts[0], self._parts[1:]


def _hostile(tmp_path: Path) -> dict[str, bytes]:
    mark = tmp_path / "executed"
    text = str(mark).encode()
    return {
        "os.system": pickle.dumps({"conv1": _Call(os.system, f'echo > "{mark}"')}),
        "open": pickle.dumps({"conv1": _Call(open, str(mark), "w")}, 2),
        "eval": pickle.dumps({"conv1": _Call(eval, f"open({str(mark)!r}, 'w')")}, 4),
        "getattr": pickle.dumps(_Call(getattr, "x", "y")),
        "old instruction INST": b"(S'" + text + b"'\nios\nmkdir\n.",
        "OBJ": b"(cos\nmkdir\nS'" + text + b"'\no.",
        "NEWOBJ": b"\x80\x02cnumpy\nndarray\n)\x81.",
        "extension registry": b"\x80\x02\x82\x01.",
        "numpy load": b"cnumpy\nload\n(S'x'\ntR.",
        "nested name": b"\x80\x04\x8c\x05numpy\x8c\x10ndarray.__class__\x93.",
        "objects": pickle.dumps({"conv1": np.array([{}, 1], object)}),
        "records": pickle.dumps({"conv1": np.zeros(2, [("a", "f4")])}),
        "texts": pickle.dumps({"conv1": np.array(["a"])}),
    }


def test_nothing_of_a_pickle_is_executed(tmp_path: Path) -> None:
    path = tmp_path / "hostile.pkl"
    for name, data in _hostile(tmp_path).items():
        path.write_bytes(data)
        with pytest.raises(ImportFailed, match=r"hostile\.pkl") as caught:
            convert([path], foreign_card(PICKLE, (32, 32)))
        assert not (tmp_path / "executed").exists(), name
        assert caught.value.hint
    path.write_bytes(_hostile(tmp_path)["os.system"])
    with pytest.raises(ImportFailed, match=r"asks for '(posix|nt)\.system'"):
        read_arrays(path)


def test_the_hostile_pickle_is_a_real_one(tmp_path: Path) -> None:
    """Python's own reader does execute it: otherwise the test above proves nothing."""
    pickle.loads(_hostile(tmp_path)["open"])["conv1"].close()
    assert (tmp_path / "executed").exists()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b".",
        b"\x80\x02",
        b"hello, this is no pickle",
        b"\x80\x02}.",                                                     # an empty table: no layers
        b"\x80\x02]r\xff\xff\xff\xff.",                                    # memory slot 4294967295
        b"\x80\x04\x8e" + struct.pack("<Q", 2**62) + b"x.",                # bytes without end
        b"\x80\x04\x95" + struct.pack("<Q", 2**62) + b"N.",                # a frame without end
        b"\x80\x02" + b"(" * 5000 + b".",
        b"\x80\x02" + b"]" * 5000 + b"a" * 4999 + b".",                    # lists 5000 deep
        b"\x80\x02)" + b"q\x00h\x00\x86" * 300 + b"}q\x01h\x00Ns.",        # a key whose hash takes for ever
        b"\x80\x02}q\x00(h\x00K\x01u.",
        pickle.dumps({"conv1": [np.zeros((3, 3, 3, 2), np.float32)]}).replace(b"K\x03K\x03K\x03", b"K\xffK\xffK\xff"),
        pickle.dumps([1, 2, 3]),
        pickle.dumps({"conv1": 7}),
    ],
    ids=range(15),
)
def test_broken_pickles_are_said(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "weights.pkl"
    path.write_bytes(data)
    with pytest.raises(ImportFailed, match=r"weights\.pkl"):
        convert([path], foreign_card(PICKLE, (32, 32)))


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(ImportFailed, match=r"gone\.pkl cannot be read"):
        convert([tmp_path / "gone.pkl"], foreign_card(PICKLE, (32, 32)))


def test_wrong_layers_are_all_named(tmp_path: Path) -> None:
    path = tmp_path / "weights.pkl"
    table = small_squeezenet()
    del table["fire4/expand3x3"], table["conv10"]
    path.write_bytes(pickle.dumps(table))
    with pytest.raises(ImportFailed, match="fire4/expand3x3, conv10"):
        convert([path], foreign_card(PICKLE, (32, 32)))
    table = small_squeezenet()
    table["fire3/expand1x1"][0] = np.zeros((1, 1, 3, 2), np.float32)
    table["fire9/squeeze1x1"] = [np.zeros((1, 1, 4, 2), np.float32)]
    path.write_bytes(pickle.dumps(table))
    with pytest.raises(ImportFailed, match="fire3/expand1x1, fire9/squeeze1x1"):
        convert([path], foreign_card(PICKLE, (32, 32)))
    table = small_squeezenet()
    table["conv1"][1][0] = np.nan
    path.write_bytes(pickle.dumps(table))
    with pytest.raises(ImportFailed, match="no numbers, near conv1"):
        convert([path], foreign_card(PICKLE, (32, 32)))


# ---- PyTorch files ----


@pytest.mark.parametrize("form", FORMS)
def test_tensors_come_back(tmp_path: Path, form: str) -> None:
    arrays = {
        "plain": np.arange(6, dtype=np.float32).reshape(2, 3),
        "one": np.array(3, np.int64),
        "half": np.arange(3, dtype=np.float16),
    }
    path = tmp_path / "a.pth"
    path.write_bytes(FORMS[form](arrays))
    found = read_tensors(path)
    assert list(found) == list(arrays)
    for name, array in arrays.items():
        assert found[name].dtype == array.dtype
        np.testing.assert_array_equal(found[name], array)


@pytest.mark.parametrize("form", FORMS)
def test_nothing_of_a_torch_file_is_executed(tmp_path: Path, form: str) -> None:
    path = tmp_path / "a.pth"
    for data in _hostile(tmp_path).values():
        if form == "zip":
            buffer = io.BytesIO()
            with zipfile.ZipFile(buffer, "w") as archive:
                archive.writestr("archive/data.pkl", data)
            path.write_bytes(buffer.getvalue())
        else:
            whole = torch_rows({"a": np.zeros(1, np.float32)})
            path.write_bytes(whole[: _third(whole)] + data)
        with pytest.raises(ImportFailed, match=r"a\.pth"):
            read_tensors(path)
        assert not (tmp_path / "executed").exists()


def _third(data: bytes) -> int:
    """Where the fourth pickle of a row begins."""
    file = io.BytesIO(data)
    for _ in range(3):
        list(pickletools.genops(file))
    return file.tell()


def _changed(data: bytes, old: bytes, new: bytes) -> bytes:
    assert old in data
    return data.replace(old, new)


@pytest.mark.parametrize(
    "damage",
    [
        lambda rows: b"PK\x03\x04nothing",
        lambda rows: rows[:-1],
        lambda rows: rows + b"x",
        lambda rows: _changed(rows, b"little_endian", b"middle_endian"),
        lambda rows: _changed(rows, b"FloatStorage", b"LightStorage"),
        lambda rows: _changed(rows, b"K\x02K\x03\x86", b"K\x02K\x04\x86"),     # a larger shape than the storage
        lambda rows: _changed(rows, b"K\x03K\x01\x86", b"K\xffK\x01\x86"),     # strides that lead out of it
        lambda rows: _changed(rows, b"K\x02K\x03\x86", b"K\x02J\xff\xff\xff\xff\x86"),   # a negative side
    ],
    ids=range(8),
)
def test_broken_torch_files_are_said(tmp_path: Path, damage: Any) -> None:
    path = tmp_path / "a.pth"
    path.write_bytes(damage(torch_rows({"a": np.arange(6, dtype=np.float32).reshape(2, 3)})))
    with pytest.raises(ImportFailed, match=r"a\.pth"):
        read_tensors(path)


def test_a_compressed_entry_is_refused(tmp_path: Path) -> None:
    """It could be a thousand times larger than the file."""
    path = tmp_path / "a.pth"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed, zipfile.ZipFile(
        io.BytesIO(torch_zip({"a": np.zeros(100_000, np.float32)}))
    ) as plain:
        for entry in plain.namelist():
            packed.writestr(entry, plain.read(entry))
    with pytest.raises(ImportFailed, match="compressed"):
        read_tensors(path)


def test_wrong_tensors_are_all_named(tmp_path: Path) -> None:
    path = tmp_path / "a.pth"
    table = small_lite()
    del table["_blocks.3._bn1.bias"]
    table["_fc.weight"] = table["_fc.weight"][:, :3].copy()
    path.write_bytes(torch_zip(table))
    with pytest.raises(ImportFailed, match=r"_blocks\.3\._bn1\.bias.*_fc\.weight"):
        convert([path], foreign_card(LITE, (32, 32)))
    path.write_bytes(torch_zip({"a": np.zeros(1, np.float32)}))
    with pytest.raises(ImportFailed, match="0 blocks"):
        convert([path], foreign_card(LITE, (32, 32)))


# ---- garbled files: said, or converted; never anything else ----

SEEDS = {
    PICKLE: [pickle.dumps(small_squeezenet(), protocol) for protocol in (2, 3, 5)],
    LITE: [torch_zip(small_lite()), torch_rows(small_lite())],
}


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
@pytest.mark.parametrize("kind", SEEDS)
def test_garbled_files_are_said(tmp_path: Path, kind: str, data: st.DataObject) -> None:
    whole = bytearray(SEEDS[kind][data.draw(st.integers(0, len(SEEDS[kind]) - 1))])
    at = data.draw(st.integers(0, len(whole) - 1))
    if data.draw(st.booleans()):
        for byte in data.draw(st.lists(st.integers(0, 255), min_size=1, max_size=8)):
            whole[(at + byte * 131) % len(whole)] = byte
    else:
        whole[at : at + data.draw(st.integers(1, 4000))] = data.draw(st.binary(max_size=12))
    path = tmp_path / "garbled"
    path.write_bytes(whole)
    try:
        convert([path], foreign_card(kind, (32, 32)))
    except ImportFailed as error:
        assert_well_said(error, "garbled")


@pytest.mark.parametrize("kind", SEEDS)
def test_truncated_files_are_always_said(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "cut"
    for whole in SEEDS[kind]:
        for length in np.linspace(0, len(whole) - 1, 25).astype(int):
            path.write_bytes(whole[:length])
            with pytest.raises(ImportFailed, match="cut"):
                convert([path], foreign_card(kind, (32, 32)))
        path.write_bytes(whole)
        assert convert([path], foreign_card(kind, (32, 32))).graph.node


@pytest.mark.parametrize("own", [False, True], ids=["built in", "of one's own"])
def test_a_mistake_of_ours_is_not_the_fault_of_the_file(
    own: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def mistaken(*_: object) -> None:
        raise KeyError("conv2d_typo")

    monkeypatch.setattr("inference.intake.importers.darknet.convert", mistaken)
    card = replace(foreign_card("darknet", (32, 32)), name="mine")
    if own:
        save_card(card)
    with pytest.raises(ImportFailed,
    match=r"cannot be converted: its parts contradict each other \('conv2d_typo'\)") as caught:
        convert([tmp_path / "a.cfg"], card)
    assert "a fault of Lineup" in caught.value.hint
    assert ("as they were published" in caught.value.hint) is not own
    assert "Fetch" not in caught.value.hint
    assert "KeyError: 'conv2d_typo'" in caplog.text   # with its traceback
    assert "in mistaken" in caplog.text
