"""Measure the detector of credentials on files that hold planted ones, and on files that hold none.

The values and the files are made here, by other rules than those the detector's own corpus was made with: a family of
files is one way in which people write credentials down. A planted value counts as found when findings cover all of it.
`--benign FOLDER` counts what is flagged in the source and documentation below a folder, per 1,000 files.
"""

from __future__ import annotations

import argparse
import base64
import json
import random
import re
import string
import sys
from collections import Counter
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

from stockade.core.segments import Channel, Kind, Segment
from stockade.guard.detectors.inspector import Inspector
from stockade.guard.detectors.secrets_credentials.detector import DETECTOR

BENIGN_BYTES_MAX = 200_000
BENIGN_ENDINGS = re.compile(r"\.(?:py|js|ts|mjs|c|h|md|rst|txt|json|toml|ya?ml|css|html|sh|cfg|ini|xml)$")
WORDS = re.findall(
    r"\w+",
    "amber anvil basil birch cedar cobalt copper coral delta ember falcon fjord garnet harbor indigo juniper kestrel"
    " lagoon lantern maple meadow nectar orchid pebble quartz raven saffron tundra umber velvet walnut willow zephyr",
)
LETTERS = string.ascii_letters
ALNUM = LETTERS + string.digits
B64 = ALNUM + "+/"
HEX = "0123456789abcdef"

Maker = Callable[[random.Random], str]
Family = Callable[[random.Random, str, str], str]


def of(chars: str, count: int, prefix: str = "", end: str = "") -> Maker:
    """Return a maker of `count` random characters behind a prefix."""
    return lambda rng: prefix + "".join(rng.choices(chars, k=count)) + end


def _jwt(rng: random.Random) -> str:
    parts = [{"alg": "RS256", "kid": f"k{rng.randrange(99)}"}, {"sub": str(rng.randrange(10**9)), "aud": "app"}]
    made = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts]
    return ".".join([*made, of(ALNUM + "-_", 86)(rng)])


VALUES: dict[str, tuple[str, Maker]] = {
    "AWS access key id": ("AWS_ACCESS_KEY_ID", of(string.ascii_uppercase + "234567", 16, "AKI" + "A")),
    "AWS secret key": ("AWS_SECRET_ACCESS_KEY", of(B64, 40)),
    "GitHub token": ("GITHUB_TOKEN", of(ALNUM, 36, "gh" + "p_")),
    "GitLab token": ("GITLAB_TOKEN", of(ALNUM + "-_", 20, "glp" + "at-")),
    "Slack bot token": ("SLACK_BOT_TOKEN", lambda r: "xox" + "b-" + of("123456789", 12)(r) + "-" + of(ALNUM, 24)(r)),
    "Stripe key": ("STRIPE_SECRET_KEY", of(ALNUM, 99, "sk_" + "live_51")),
    "OpenAI key": (
        "OPENAI_API_KEY",
        lambda r: "sk-" + "proj-" + of(ALNUM + "-_", 74)(r) + "T3BlbkFJ" + of(ALNUM, 74)(r),
    ),
    "Anthropic key": ("ANTHROPIC_API_KEY", of(ALNUM + "-_", 93, "sk-" + "ant-api03-", "AA")),
    "Google API key": ("GOOGLE_MAPS_API_KEY", of(ALNUM + "-_", 35, "AI" + "za")),
    "npm token": ("NPM_TOKEN", of(ALNUM, 36, "np" + "m_")),
    "Hugging Face token": ("HF_TOKEN", of(LETTERS, 34, "h" + "f_")),
    "JSON web token": ("SERVICE_TOKEN", _jwt),
    "hex key, 32": ("INTERNAL_API_KEY", of(HEX, 32)),
    "base64 key, 44": ("ENCRYPTION_KEY", of(B64, 43, "", "=")),
    "password, random": ("DB_PASSWORD", of(ALNUM + "!#%*_-", 14)),
    "password, letters": ("DB_PASSWORD", of(LETTERS, 14)),
    "password, name and year": ("ADMIN_PASSWORD", lambda r: f"{r.choice(WORDS).title()}{r.randrange(1970, 2026)}!"),
    "password, three words": ("MAIL_PASSWORD", lambda r: "".join(r.sample(WORDS, 3))),
    "password, words and dashes": ("APP_SECRET", lambda r: "-".join(r.sample(WORDS, 4))),
    "password, one word": ("FTP_PASSWORD", lambda r: r.choice([word for word in WORDS if len(word) >= 6]) + "house"),
}


def _camel(name: str) -> str:
    first, *rest = name.lower().split("_")
    return first + "".join(part.title() for part in rest)


def _manifest(name: str, value: str) -> str:
    return f"apiVersion: v1\nkind: Secret\nmetadata:\n  name: app\nstringData:\n  {name.lower()}: {value}\n"


def _encoded(name: str, value: str) -> str:
    held = base64.b64encode(f"{name}={value}".encode()).decode()
    return f"kind: Secret\ndata:\n  app.env: {held}\n"


FAMILIES: dict[str, Family] = {
    ".env": lambda _, n, v: f"# local\nPORT=8080\nDEBUG=false\n{n}={v}\nLOG_LEVEL=info\n",
    ".env, quoted": lambda _, n, v: f'HOST=db\n{n}="{v}"\n',
    "shell export": lambda _, n, v: f"cd /srv/app && export {n}={v} && make run\n",
    "shell history": lambda _, n, v: f"ls -la\n{n}={v} python manage.py migrate\ngit push\n",
    "command flag": lambda _, n, v: f"$ deploy --region eu-1 --{n.lower().replace('_', '-')} {v} --yes\n",
    "docker-compose": lambda _, n, v: (
        f"services:\n  api:\n    image: app:1\n    environment:\n      - {n}={v}\n      - TZ=UTC\n"
    ),
    "docker-compose map": lambda _, n, v: f"    environment:\n      TZ: UTC\n      {n}: {v}\n",
    "Dockerfile": lambda _, n, v: f"FROM python:3.12\nENV {n}={v}\nENV TZ=UTC\n",
    "terraform.tfvars": lambda _, n, v: f'region = "eu-1"\n{n.lower()} = "{v}"\n',
    "terraform variable": lambda _, n, v: f'variable "{n.lower()}" {{\n  type = string\n  default = "{v}"\n}}\n',
    "kubernetes env": lambda _, n, v: (
        f"        env:\n        - name: {n}\n          value: {v}\n        - name: TZ\n          value: UTC\n"
    ),
    "kubernetes stringData": lambda _, n, v: _manifest(n, v),
    "kubernetes data, base64": lambda _, n, v: _encoded(n, v),
    "application.yml": lambda _, n, v: (
        f"spring:\n  datasource:\n    username: app\n    {n.lower().replace('_', '-')}: {v}\n"
    ),
    "Java properties": lambda _, n, v: f"app.host=db\napp.{n.lower().replace('_', '.')}={v}\n",
    "JSON": lambda _, n, v: json.dumps({"host": "db", _camel(n): v, "port": 5432}, indent=2),
    "JSON in JSON": lambda _, n, v: json.dumps({"body": json.dumps({_camel(n): v, "retries": 3})}),
    "TOML": lambda _, n, v: f'[app]\nhost = "db"\n{n.lower()} = "{v}"\n',
    "INI": lambda _, n, v: f"[app]\nhost = db\n{n.lower()} = {v}\n",
    "XML element": lambda _, n, v: f"<config>\n  <host>db</host>\n  <{_camel(n)}>{v}</{_camel(n)}>\n</config>\n",
    "XML attribute": lambda _, n, v: f'<appSettings>\n  <add key="{_camel(n)}" value="{v}" />\n</appSettings>\n',
    "CI YAML": lambda _, n, v: f"jobs:\n  build:\n    env:\n      {n}: '{v}'\n    steps: []\n",
    "Python": lambda _, n, v: f'import os\n\n{n} = "{v}"\nclient = Client({n.lower()}={n})\n',
    "Python call": lambda _, n, v: f'client = Client(host="db", {n.lower()}="{v}", timeout=3)\n',
    "JavaScript": lambda _, n, v: f"const config = {{ host: 'db', {_camel(n)}: '{v}', retries: 3 }};\n",
    "Go": lambda _, n, v: f'func main() {{\n\t{_camel(n)} := "{v}"\n\trun({_camel(n)})\n}}\n',
    "Java": lambda _, n, v: f'private static final String {n} = "{v}";\n',
    "PowerShell": lambda _, n, v: f'$env:{n} = "{v}"\nInvoke-Deploy\n',
    "log line": lambda _, n, v: f"2026-11-22T10:00:01Z INFO start host=db {n.lower()}={v} retries=3\n",
    "stack trace": lambda _, n, v: (
        f'Traceback (most recent call last):\n  File "a.py", line 3\nConnectionError: refused ({n}={v})\n'
    ),
    "markdown code": lambda _, n, v: f"To run it:\n\n```sh\n{n}={v} make\n```\n",
    "chat, with a name": lambda _, n, v: f"hey, the staging {n.lower().replace('_', ' ')} is {v} - works for me\n",
    "chat, bare": lambda _, __, v: f"try with this one: {v} ok?\n",
}


def connections(rng: random.Random) -> list[tuple[str, str, str]]:
    """Return (family, text, value) of places that have their own form for a password."""
    rows = []
    for kind in ("password, random", "password, letters", "password, three words", "password, name and year"):
        value = VALUES[kind][1](rng).replace("#", "x").replace("%", "y")
        host = f"{rng.choice(WORDS)}.corp.example"
        rows += [
            ("database URL", f"DATABASE_URL=postgres://app:{value}@{host}:5432/app\n", value),
            ("git URL", f"git remote add o https://bot:{value}@{host}/team/repo.git\n", value),
            ("ADO.NET string", f'"Server={host};Database=app;User Id=sa;Password={value};Encrypt=true"', value),
            (".netrc", f"machine {host}\n  login bot\n  password {value}\n", value),
            (".pypirc", f"[pypi]\nrepository = https://{host}/\nusername = bot\npassword = {value}\n", value),
            (".pgpass", f"{host}:5432:app:app:{value}\n", value),
            ("curl -u", f"curl -sS -u bot:{value} https://{host}/api\n", value),
            ("sshpass", f"sshpass -p '{value}' ssh root@{host}\n", value),
            ("mysql -p", f"mysql -h {host} -u root -p{value} app < dump.sql\n", value),
            ("SQL", f"CREATE USER app IDENTIFIED BY '{value}';\n", value),
        ]
    return rows


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--each", type=int, default=5, help="files of each family and kind of value")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--benign", type=Path, action="append", default=[], help="a folder of files without credentials"
    )
    parser.add_argument("--files", type=int, default=3000, help="most files read of each benign folder")
    parser.add_argument("--show", action="store_true", help="print what was missed and what was flagged")
    options = parser.parse_args()
    inspector = Inspector([DETECTOR])
    planted(inspector, random.Random(options.seed), options.each, show=options.show)
    for folder in options.benign:
        benign(inspector, folder, options.files, show=options.show)


def planted(inspector: Inspector, rng: random.Random, each: int, *, show: bool) -> None:
    """Print recall by family of files and by kind of value."""
    rows = [
        (family, kind, text(rng, name, value), value)
        for _ in range(each)
        for kind, (name, make) in VALUES.items()
        for family, text in FAMILIES.items()
        for value in [make(rng)]
    ]
    rows += [(family, "in a connection", text, value) for _ in range(each) for family, text, value in connections(rng)]
    total: Counter[tuple[str, str]] = Counter()
    found: Counter[tuple[str, str]] = Counter()
    for family, kind, text, value in rows:
        keys = (("family", family), ("value", kind))
        total.update(keys)
        if covered(inspector, text, value):
            found.update(keys)
        elif show:
            print("missed", family, "|", kind, "|", repr(text))
    for what in ("family", "value"):
        print(f"\n| {what} | planted | found | recall |\n|---|---|---|---|")
        for key in [key for key in total if key[0] == what]:
            print(f"| {key[1]} | {total[key]} | {found[key]} | {found[key] / total[key]:.2f} |")


def covered(inspector: Inspector, text: str, value: str) -> bool:
    """Say whether findings cover every character of the planted value, or of the token in which it is encoded."""
    start = text.find(value)
    spans = seen(inspector, text)
    if start < 0:
        return any(views for _, _, _, views in spans)
    places = {place for low, high, _, _ in spans for place in range(low, high)}
    return places.issuperset(range(start, start + len(value)))


def benign(inspector: Inspector, folder: Path, most: int, *, show: bool) -> None:
    """Print how often each rule is seen in files without credentials."""
    counts: Counter[str] = Counter()
    files = touched = 0
    paths = [path for path in folder.rglob("*") if BENIGN_ENDINGS.search(path.name) and not path.is_symlink()]
    for path in sorted(paths, key=lambda path: sha256(path.name.encode()).digest()):  # a sample, the same each time
        if files >= most or not path.is_file() or path.stat().st_size > BENIGN_BYTES_MAX:
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        spans = seen(inspector, text)
        files, touched = files + 1, touched + bool(spans)
        for start, end, rule, _ in spans:
            counts[rule] += 1
            if show:
                print("flagged", rule, repr(text[max(0, start - 40) : end + 10]))
    print(f"\n{folder.name}: {files} files, {touched} with a finding\n")
    print("| rule | findings | per 1,000 files |\n|---|---|---|")
    for rule, count in counts.most_common():
        print(f"| {rule} | {count} | {count * 1000 / max(files, 1):.1f} |")


def seen(inspector: Inspector, text: str) -> list[tuple[int, int, str, bool]]:
    """Return (start, end, rule, through a view) of every finding in one text."""
    inspection = inspector.inspect([Segment((), text, "user", Channel.USER, Kind.TEXT, 0)], b"bench")
    if not inspection.complete:
        sys.exit(f"a detector did not run: {[run.reason for run in inspection.runs]}")
    return [(each.start, each.end, each.rule, bool(each.views)) for each in inspection.findings]


if __name__ == "__main__":
    main()
