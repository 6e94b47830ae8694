"""The bench: networks of the lanes measured one beside the other, and how many times as fast one is as another."""
