"""The detector of credentials: its card and the list of its formats."""

from __future__ import annotations

from stockade.core.findings import Category
from stockade.guard.detectors.patterns import Pattern
from stockade.guard.detectors.secrets_credentials.assignments import ASSIGNMENTS
from stockade.guard.detectors.secrets_credentials.clouds import CLOUDS
from stockade.guard.detectors.secrets_credentials.hosting import HOSTING
from stockade.guard.detectors.secrets_credentials.models import MODELS
from stockade.guard.detectors.secrets_credentials.services import CHAT, PAYMENT, SERVICES
from stockade.guard.detectors.secrets_credentials.structures import STRUCTURES


class Credentials:
    """Find keys, tokens, passwords and private keys.

    Finds: values in the published formats of clouds, source hosts, registries, chat, payment, model vendors and other
    services; private key blocks; JSON web tokens; passwords in URLs, headers and password files; values assigned
    to names such as password, secret, token, api_key. Also inside base64, hex, URL encoding and JSON escapes.

    Why it matters: whoever reads a credential can use it; a prompt is stored by the vendor and can surface in a log.

    Example: `git clone https://bot:<password>@git.example/repo` gives the password alone.

    Known misses: a short password of plain words in quotes or YAML (`password: swordfish`), which cannot be told from a
    label; passwords in prose ("the password is ..."); a value cut over two segments; values shorter than eight
    characters in an assignment, six elsewhere; formats whose only mark is an environment that is not written beside the
    value; keys that vendors publish as examples (`...EXAMPLE`), on purpose.

    Cost: nothing to speak of without a hit, it shares the one scan of all patterns; some 5 microseconds a hit.
    """

    id = "secrets.credentials"
    version = "3"
    category = Category.CREDENTIAL
    opens_views = True
    patterns: tuple[Pattern, ...] = (
        *CLOUDS,
        *HOSTING,
        *MODELS,
        *CHAT,
        *PAYMENT,
        *SERVICES,
        *STRUCTURES,
        *ASSIGNMENTS,
    )


DETECTOR = Credentials()
