"""How often the networks agree, and where they do not."""
