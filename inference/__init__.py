"""Frames in, predictions out. Nothing here knows about Qt.

Reading order: data → sources → session → lane → recogniser → preprocess → backends → postprocess.
"""
