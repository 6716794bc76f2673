"""Governance: projects, keys, changes, approvals and the record of who did what."""
