"""Load of whole answers: wrk against one way, with the CPU seconds of what is measured beside it.

Owns the script that wrk runs and the reading of what it prints. Bounded in time by its caller.
"""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count

from bench.gateway_parts.processes import cores, cpu_s, on_core
from bench.gateway_parts.prompts import NUMBER
from bench.gateway_parts.stand import Stand

_SCRIPT = """local heads, tails = {}, {}
local number = %d
init = function(arguments)
  local bodies = { %s }
  wrk.headers["content-type"] = "application/json"
  wrk.headers["authorization"] = "Bearer %s"
  wrk.headers["anthropic-version"] = "2023-06-01"
  for index, body in ipairs(bodies) do
    local whole = wrk.format("POST", "/v1/messages", nil, body)
    local first, last = string.find(whole, "%s", 1, true)
    heads[index], tails[index] = string.sub(whole, 1, first - 1), string.sub(whole, last + 1)
  end
end
local letter = function(digit) return string.char(string.byte(digit) + 49) end
request = function()
  number = number + 1
  local at = number %% #heads + 1
  return heads[at] .. string.gsub(string.format("%%08d", number), "%%d", letter) .. tails[at]
end
"""
_sent = count(step=1_000_000)  # where each run begins to number its requests, so that no two are the same
_UNITS = {"us": 0.001, "ms": 1.0, "s": 1000.0, "m": 60000.0}


@dataclass(frozen=True, slots=True)
class Load:
    """What one run of wrk showed. `failed` counts answers that were not a success."""

    requests: int
    seconds: float
    failed: int
    cpu_ms: float
    p50_ms: float
    p99_ms: float

    @property
    def cpu_ms_each(self) -> float:
        """Return CPU milliseconds a request."""
        return self.cpu_ms / max(self.requests, 1)

    @property
    def rate(self) -> float:
        """Return requests a second."""
        return self.requests / self.seconds


def load(stand: Stand, way: str, bodies: Sequence[bytes], connections: int, seconds: float) -> Load:
    """Send requests over one way for so long. Fails: RuntimeError when wrk does not say what it did."""
    target = stand.ways[way]
    script = stand.folder / "wrk.lua"
    # A JSON string of ASCII is a Lua string too, but for \\u and \\/, which these bodies do not hold.
    listed = ", ".join(json.dumps(body.decode()) for body in bodies)
    script.write_text(_SCRIPT % (next(_sent) % 90_000_000, listed, stand.keys.get(way, ""), NUMBER))
    command = ["wrk", "-t1", f"-c{connections}", f"-d{max(1, round(seconds))}s", "--timeout", "30s", "--latency"]
    before = cpu_s(target.pid)
    with on_core(cores()[1]):
        run = subprocess.run(
            [*command, "-s", str(script), f"http://127.0.0.1:{target.port}"],
            check=False,
            capture_output=True,
            text=True,
            timeout=seconds + 90,
        )
    return _read(run.stdout, (cpu_s(target.pid) - before) * 1000)


def _read(text: str, cpu_ms: float) -> Load:
    count = re.search(r"(\d+) requests in ([\d.]+)(us|ms|s|m)", text)
    if count is None:
        raise RuntimeError("wrk did not finish")
    failed = re.search(r"Non-2xx or 3xx responses: (\d+)", text)
    broken = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", text)
    return Load(
        requests=int(count[1]),
        seconds=float(count[2]) * _UNITS[count[3]] / 1000,
        failed=(int(failed[1]) if failed else 0) + (sum(map(int, broken.groups())) if broken else 0),
        cpu_ms=cpu_ms,
        p50_ms=_percentile(text, "50%"),
        p99_ms=_percentile(text, "99%"),
    )


def _percentile(text: str, name: str) -> float:
    found = re.search(rf"{name}\s+([\d.]+)(us|ms|s|m)", text)
    return float(found[1]) * _UNITS[found[2]] if found else float("nan")
