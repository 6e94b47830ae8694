"""Where the program's own files lie."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
RESOURCES = ROOT / "resources"
SAMPLES = RESOURCES / "samples"   # the pictures of the reel
