"""From a card to something that runs: fetch its files, convert them once, open them."""
# (written by the importers room)
