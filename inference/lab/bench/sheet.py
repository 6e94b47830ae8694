"""Every run as a line of CSV, for who wants to count themselves."""

import csv
import io
from collections.abc import Iterator, Sequence

from inference.lab.bench.kept import STAGES, Kept

HEAD = ("network", "round", "kind", "run", *(f"{stage}_ms" for stage in STAGES))


def lines(name: str, warm: Kept, cold: Kept, runs: int, *, several: bool) -> Iterator[tuple[object, ...]]:
    """The lines of one network: rounds and runs count from 1; `runs` warm ones a round."""
    for kind, kept, each in (("cold", cold, 1), ("warm", warm, runs)):
        if kind == "cold" and not several:
            continue
        columns = [kept.stage(stage).tolist() for stage in STAGES]
        for i, times in enumerate(zip(*columns, strict=True)):
            yield name, i // each + 1, kind, i % each + 1, *(f"{ms:.4f}" for ms in times)


def csv_bytes(rows: Sequence[Sequence[object]]) -> bytes:
    """CSV as RFC 4180 has it, UTF-8."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(HEAD)
    writer.writerows(rows)
    return out.getvalue().encode()
