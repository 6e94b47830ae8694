"""Frames in, predictions out. Nothing here knows about Qt.

Reading order: data → sources → session → lane → recogniser → preprocess → backends → postprocess.
"""

import os

# OpenCV reads it when it is loaded, and refuses a larger picture before it takes memory for it: a PNG of 100 kB can
# unfold to gigabytes.
MOST_PIXELS = 200_000_000
os.environ.setdefault("OPENCV_IO_MAX_IMAGE_PIXELS", str(MOST_PIXELS))
