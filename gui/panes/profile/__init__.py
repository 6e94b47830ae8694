"""Where the time of a network goes, and what each step of its optimisation is worth."""
