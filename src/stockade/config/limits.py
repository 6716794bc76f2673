"""From what configuration says to limits of the guard. Reads the file of prices, nothing else."""

from __future__ import annotations

from datetime import UTC
from zoneinfo import ZoneInfo

from stockade.config.limiting import Budget
from stockade.config.prices import read_prices
from stockade.config.schema import Settings
from stockade.core.measures import Measure
from stockade.guard.quota.budgets import Budgets, Estimates
from stockade.guard.quota.limit import Limit, Period, Scope
from stockade.guard.quota.places import Places


def places(settings: Settings, process: str = "") -> Places:
    """Return the rates and places of `limits:` for one process."""
    limits = settings.limits
    return Places(
        limits.requests_per_minute,
        limits.requests_burst,
        limits.concurrent_requests,
        limits.concurrent_requests_global,
        process,
    )


def budgets(settings: Settings) -> Budgets:
    """Return the limits of `budgets:` with the prices. Fails: ConfigError for a file of prices that is none."""
    return Budgets([_limit(each) for each in settings.budgets], read_prices(settings.prices))


def estimates(settings: Settings) -> Estimates:
    """Return how requests are measured ahead."""
    return Estimates(settings.estimates.bytes_per_token, settings.estimates.output_tokens)


def _limit(budget: Budget) -> Limit:
    return Limit(
        budget.name,
        Scope(budget.scope),
        Measure(budget.measure),
        budget.limit,
        budget.match,
        budget.models,
        budget.window_s or 0,
        Period(budget.period) if budget.period is not None else None,
        UTC if budget.timezone == "UTC" else ZoneInfo(budget.timezone),
    )
