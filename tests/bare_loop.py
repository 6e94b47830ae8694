"""ONNX Runtime alone, in a process of its own: bare_loop.py NETWORK THREADS, then a count a line; prints ms."""

import sys
from time import perf_counter

import numpy as np
import onnxruntime

options = onnxruntime.SessionOptions()
options.intra_op_num_threads = int(sys.argv[2])
options.add_session_config_entry("session.force_spinning_stop", "1")   # threads sleep when a run is over
session = onnxruntime.InferenceSession(sys.argv[1], options, providers=["CPUExecutionProvider"])
shape = [side if isinstance(side, int) and side > 0 else 1 for side in session.get_inputs()[0].shape]
x = {session.get_inputs()[0].name: np.random.default_rng(0).random(shape, np.float32)}
for line in sys.stdin:
    took = []
    for _ in range(int(line)):
        start = perf_counter()
        session.run(None, x)
        took.append((perf_counter() - start) * 1e3)
    print(*took, flush=True)
