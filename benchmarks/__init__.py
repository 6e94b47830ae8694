"""What the program costs, measured side by side with the plain way of doing the same. `make bench` runs all."""
