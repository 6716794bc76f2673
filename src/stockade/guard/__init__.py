"""The guard: pure decisions over a model exchange; no clock, file, socket or randomness."""
