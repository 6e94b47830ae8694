"""Handwritten digits: sets of them, networks trained on them, and what is measured with them."""
