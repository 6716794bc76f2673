"""Approvals: what waits for a person's yes, and what such a yes lets pass."""
