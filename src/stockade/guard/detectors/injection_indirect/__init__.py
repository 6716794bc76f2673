"""Data from outside that gives the assistant orders."""
