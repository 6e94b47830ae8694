"""Where the time of one answer goes: node by node, against what this machine could do."""
