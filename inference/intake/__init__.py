"""How a model gets in: fetched, read from another format, proposed, converted once, opened. Knows nothing live."""
