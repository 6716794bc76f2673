"""Stores: the ports to databases and files, and their adapters."""
