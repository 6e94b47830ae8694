"""Measurements and comparisons of networks that need neither window nor terminal."""
