"""How right networks are on pictures that are labelled."""
