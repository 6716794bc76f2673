"""Counts that several gates share, in Redis or Valkey: the scripts that run there, and the way to them."""
