"""Quota: counted limits as pure arithmetic over a state and an instant."""
