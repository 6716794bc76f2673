"""Quota: counted limits as pure arithmetic over a state and an instant."""

from stockade.guard.quota.quota import Quota, QuotaLimits, Reservation

__all__ = ["Quota", "QuotaLimits", "Reservation"]
