"""ONNX Runtime for every place that needs it: it writes nothing to the terminal and reports to nobody.

Its wheels carry Microsoft's 1DS telemetry since 1.32 (a file `.ses` in the folder for temporary files tells); that
anything was sent has not been seen here, and this program says that nothing leaves the machine.
"""

import onnxruntime

onnxruntime.set_default_logger_severity(4)   # it would write to the terminal; errors come as exceptions
onnxruntime.disable_telemetry_events()

__all__ = ["onnxruntime"]
