"""Information flow: where the values of a tool call come from, and whether the person asked for it."""
