"""Ask Core ML on a Mac what the packages in this folder answer, and compare it with what they must answer.

    pip install coremltools pillow
    python verify_on_mac.py

Every picture beside an expected.json is given to every package that it names, on every kind of compute unit.
expected.npz holds what the network answers before it was converted. 0 is returned if all of it agrees.
"""

import json
import sys
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
LIMITS = {"fp32": 0.01, "fp16": 0.03, "int8": 0.15, "palette6": 0.2, "palette4": 1.0}   # of a score, 0..1
UNITS = ("CPU_ONLY", "CPU_AND_GPU", "CPU_AND_NE")


def main() -> int:
    """Ask every package on every kind of compute unit; 0 if all agree, 1 if not, 2 where there is no Core ML."""
    if sys.platform != "darwin":
        print("Core ML runs on a Mac only.")
        return 2
    import coremltools as ct
    from PIL import Image

    bad = 0
    for path in sorted(HERE.rglob("expected.json")):
        about = json.loads(path.read_text(encoding="utf-8"))
        expected = np.load(path.with_suffix(".npz"))
        for package in about["packages"]:
            file = (path.parent / package["file"]).resolve()
            for unit in UNITS:
                model = ct.models.MLModel(str(file), compute_units=getattr(ct.ComputeUnit, unit))
                worst, same = 0.0, 0
                for i, picture in enumerate(about["pictures"], 1):
                    answer = model.predict({"image": Image.open(path.with_name(picture["file"]))})
                    difference, agrees = compare(about, answer, expected, f"{i:02}")
                    worst, same = max(worst, difference), same + agrees
                good = worst <= LIMITS[package["precision"]]
                bad += not good
                print(f"{file.name:40} {unit:12} scores differ by {worst:.5f}, {same} of {len(about['pictures'])} "
                      f"answers the same: {'good' if good else 'NOT THE SAME'}")
    return 1 if bad else 0


def compare(about: dict, answer: dict, expected: "np.lib.npyio.NpzFile", key: str) -> "tuple[float, bool]":
    """The largest difference of a score, and whether the best answer is the same."""
    if about["task"] == "classify":
        wanted = expected[f"{key}/probabilities"].reshape(-1)
        given = next(value for value in answer.values() if isinstance(value, dict))
        found = np.array([given[label] for label in about["labels"]])
        return float(np.abs(found - wanted).max()), bool(found.argmax() == wanted.argmax())
    wanted = expected[f"{key}/confidence"]
    found = np.asarray(answer["confidence"])
    if about["pipeline"]:   # only what was not suppressed: the best box of all must be there
        best = float(found.max()) if found.size else 0.0
        return abs(best - float(wanted.max())) if wanted.max() >= 0.25 else 0.0, True
    far = np.abs(np.asarray(answer["coordinates"]) - expected[f"{key}/coordinates"])[wanted.max(axis=1) >= 0.25]
    difference = float(np.abs(found - wanted).max())
    return max(difference, float(far.max()) if far.size else 0.0), bool(found.argmax() == wanted.argmax())


if __name__ == "__main__":
    sys.exit(main())
