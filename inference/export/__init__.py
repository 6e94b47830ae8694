"""A network of the lab for another system, proven to be the same network. One module a format; Core ML is the first."""
