"""Files that are written whole or not at all, and what is left of those whose writer was killed."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from models import whole
from models.whole import part_name, sweep, sweep_notes, whole_file, work_folder

ROOT = Path(__file__).parents[1]


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def dead_name():
    """As `part_name` of a process that has ended."""
    gone = subprocess.run(
        [sys.executable, "-c", "from models.whole import part_name; print(part_name())"], cwd=ROOT, check=True,
        capture_output=True, text=True,
    )  # fmt: skip
    return gone.stdout.strip()


def test_it_appears_at_the_end(tmp_path):
    path = tmp_path / "new" / "file"
    with whole_file(path) as stream:
        stream.write(b"one ")
        assert not path.exists()
        assert len(names(path.parent)) == 1
        stream.write(b"two")
    assert path.read_bytes() == b"one two"
    assert names(path.parent) == ["file"]


@pytest.mark.parametrize("error", [OSError(28, "full"), KeyboardInterrupt(), ValueError()])
def test_what_was_there_stays_where_writing_fails(error, tmp_path):
    (tmp_path / "file").write_text("old")
    with pytest.raises(type(error)), whole_file(tmp_path / "file", noted_in=tmp_path / "notes") as stream:   # noqa: PT012
        stream.write(b"half")
        raise error
    assert (tmp_path / "file").read_text() == "old"
    assert names(tmp_path) == ["file", "notes"]
    assert names(tmp_path / "notes") == []


def test_a_folder_elsewhere_is_not_made(tmp_path):
    path, notes = tmp_path / "no" / "file", tmp_path / "notes"
    with pytest.raises(OSError, match="No such file"), whole_file(path, noted_in=notes):
        pass
    assert names(tmp_path) == ["notes"]
    assert names(tmp_path / "notes") == []


def test_only_what_nobody_will_finish_is_swept(tmp_path):
    mine, dead = part_name(), dead_name()
    elsewhere = dead.replace(whole._HERE, "01234567")
    kept = [mine, elsewhere, "file", ".hidden", "settings.json", "a.part", ".x.tmp", "lineup.onnx.part"]
    old = [f".{'a' * 32}.part", f".{'b' * 32}.tmp", "settings-ab_1.tmp", f"net-0123.onnx.{'c' * 32}.part"]
    for name in {*kept, *old, dead}:
        (tmp_path / name).write_text("x")
    sweep(tmp_path)
    assert names(tmp_path) == sorted({*kept, *old})
    for path in tmp_path.iterdir():   # all of them an hour old
        os.utime(path, (time.time() - whole.LEFTOVER_S - 5,) * 2)
    sweep(tmp_path)
    assert names(tmp_path) == sorted(set(kept) - {mine, elsewhere})


def test_a_number_that_was_given_again_is_another_process(tmp_path):
    alive = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        path = tmp_path / dead_name()
        path = path.with_name(path.name.split("-")[0] + f"-{whole._HERE}-{alive.pid}-01234567.part")
        path.write_text("of that process")
        sweep(tmp_path)
        assert path.exists()
        os.utime(path, (time.time() - 60,) * 2)   # written before that process began
        sweep(tmp_path)
        assert not path.exists()
    finally:
        alive.communicate(b"\n")


def test_nothing_is_swept_where_nothing_is(tmp_path):
    sweep(tmp_path / "no")
    sweep_notes(tmp_path / "no")


def test_a_note_removes_what_carries_its_name_and_nothing_else(tmp_path):
    notes, elsewhere = tmp_path / "notes", tmp_path / "elsewhere"
    notes.mkdir()
    elsewhere.mkdir()
    name, other, broken = dead_name(), dead_name(), dead_name()
    (elsewhere / name).write_text("half")
    (elsewhere / "diary.txt").write_text("whole")
    (notes / name).write_bytes(os.fsencode(elsewhere / name))
    (notes / other).write_bytes(os.fsencode(elsewhere / "diary.txt"))
    (notes / broken).write_bytes(b"\0")
    sweep_notes(notes)
    assert names(elsewhere) == ["diary.txt"]
    assert names(notes) == []


@pytest.mark.skipif(sys.platform == "win32", reason="no such signal there")
def test_a_killed_writer_leaves_nothing_after_the_next_start(tmp_path):
    code = (
        "import sys; from pathlib import Path; from models.whole import whole_file, work_folder\n"
        "with work_folder() as f, whole_file(Path(sys.argv[1], 'pack'), noted_in=Path(sys.argv[2])) as s:\n"
        "    s.write(b'half'); s.flush(); (f / 'a').write_text('x'); print('ready', flush=True); sys.stdin.read()\n"
    )
    target, notes, temporary = tmp_path / "target", tmp_path / "notes", tmp_path / "temporary"
    target.mkdir()
    temporary.mkdir()
    with subprocess.Popen(
        [sys.executable, "-c", code, str(target), str(notes)], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        env={**os.environ, "TMPDIR": str(temporary)},
    ) as writer:  # fmt: skip
        assert writer.stdout.readline() == b"ready\n"
        writer.send_signal(signal.SIGKILL)
    assert [len(names(folder)) for folder in (target, notes, temporary)] == [1, 1, 1]
    sweep_notes(notes)
    sweep(temporary)
    assert [len(names(folder)) for folder in (target, notes, temporary)] == [0, 0, 0]


def test_a_work_folder_is_gone_at_the_end():
    with work_folder() as folder:
        (folder / "a").mkdir()
        (folder / "a" / "b").write_text("x")
        assert folder.is_dir()
        with work_folder() as another:   # a second one leaves it alone
            assert another != folder
        assert folder.is_dir()
    assert not folder.exists()
