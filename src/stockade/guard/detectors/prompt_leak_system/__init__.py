"""The system prompt of a request coming back in its answer."""
