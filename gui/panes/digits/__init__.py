"""Draw a digit, and see what seven architectures make of it."""
