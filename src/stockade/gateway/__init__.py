"""The gateway: sockets, streams and time around the pure guard."""
