"""`stockade usage`: added up by what was asked for; what budgets leave."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from stockade.app import open_store
from stockade.cli.main import main
from stockade.cli.usage import added_up
from stockade.config import limits as configured
from stockade.config.reader import read_settings
from stockade.guard.quota.budgets import counter
from stockade.guard.quota.counters import Settlement, Take
from stockade.guard.quota.tally import Moment, Tally
from stockade.guard.quota.usage import UsageKey, UsageSums
from stockade.stores.tally_file import write_tally

CONFIG = """\
upstreams: {anthropic: {base_url: "http://127.0.0.1:9", allow_private: true}}
models: ["claude-*"]
budgets:
  - {name: team-day, scope: team, measure: cost_micro_usd, limit: 5_000_000, period: day}
  - {name: hour, scope: all, measure: requests, limit: 10, window_s: 3600}
"""
TODAY = datetime.now(UTC).date().isoformat()
ANA = UsageKey(TODAY, "acme", "ana", "blue,red", "claude-a", "shop")
BEN = UsageKey(TODAY, "acme", "ben", "", "claude-b", "shop")
USED = {ANA: UsageSums(2, 10, 20, cost_micro_usd=100), BEN: UsageSums(5, 1, 1, cost_micro_usd=900)}


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "stockade.yaml"
    path.write_text(CONFIG)
    store = open_store(read_settings(path))
    store.usage.add("gate", 1, USED)
    store.close()
    return path


def rows(config: Path, *words: str) -> list[dict[str, object]]:
    result = CliRunner().invoke(main, ["usage", "--json", *words, "--config", str(config)])
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)  # type: ignore[no-any-return]


def test_callers_stand_in_the_order_of_what_they_cost(config: Path) -> None:
    assert [(row["principal"], row["cost_micro_usd"]) for row in rows(config)] == [("ben", 900), ("ana", 100)]


def test_who_is_in_two_teams_counts_in_both() -> None:
    assert {team: sums.requests for team, sums in added_up("team", USED).items()} == {"blue": 2, "red": 2, "": 5}


@pytest.mark.parametrize("by", ["day", "model", "principal", "team", "tenant", "workspace"])
def test_each_aspect_is_shown_for_people_and_machines(config: Path, by: str) -> None:
    assert {by, "requests"} <= rows(config, "--by", by)[0].keys()
    shown = CliRunner().invoke(main, ["usage", "--by", by, "--config", str(config)])
    assert (shown.exit_code, by in shown.stdout) == (0, True)


def test_what_a_single_gate_left_is_read_from_its_file(config: Path) -> None:
    settings = read_settings(config)
    team, hour = configured.budgets(settings).limits
    tally, now = Tally(), Moment(time.monotonic(), time.time())
    takes = [Take(counter(team, "blue"), 1_000_000), Take(counter(hour, ""), 1)]
    tally.settle([Settlement(tally.reserve("one", takes, now), (750_000, 1))], now)
    write_tally(settings.data_dir / "counts.json", tally.kept())
    found = {(row["limit"], row["subject"]): (row["used"], row["left"]) for row in rows(config, "--limits")}
    assert found == {("team-day", "blue"): (750_000, 4_250_000), ("hour", "-"): (1, 9)}
