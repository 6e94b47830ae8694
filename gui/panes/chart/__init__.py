"""Accuracy over cost: the chart of the talk."""
