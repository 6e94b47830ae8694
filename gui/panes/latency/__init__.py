"""How long each network takes."""
