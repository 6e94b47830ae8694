"""What one network is given."""
