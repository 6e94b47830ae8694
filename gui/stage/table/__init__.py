"""The view for who chooses an architecture: a row a network, and accuracy over time beside it."""
