"""What each step of optimising a graph changes, and what it is worth."""
