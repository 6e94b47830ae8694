"""A network handed to another system."""
