"""How often networks agree on the same pictures, and where they do not."""
