"""Every architecture in one table, with its card."""
