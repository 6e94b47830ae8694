"""The chart of the talk: how right networks are over what they cost."""
