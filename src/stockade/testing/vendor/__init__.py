"""The parts of the fake vendor: script, reading of requests, the answers of each wire format, sending."""
