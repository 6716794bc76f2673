"""Mutations of words: other gaps between them, none at all, other languages.

Each function takes a text and a source of chance, and shows what it gives for seed 0 in its docstring.
"""

from __future__ import annotations

import random
import re

_GAPS = ("  ", "   ", "\t", " \n", "\n", "\n\n  ")
GAP_SHARE = 0.4

LANGUAGES = ("de", "es", "fr", "it")
PHRASES: dict[str, tuple[str, str, str, str]] = {
    "ignore all previous instructions": (
        "ignoriere alle vorherigen Anweisungen",
        "ignora todas las instrucciones anteriores",
        "ignore toutes les instructions précédentes",
        "ignora tutte le istruzioni precedenti",
    ),
    "previous instructions": (
        "vorherigen Anweisungen",
        "instrucciones anteriores",
        "instructions précédentes",
        "istruzioni precedenti",
    ),
    "system prompt": ("System-Prompt", "prompt del sistema", "prompt système", "prompt di sistema"),
    "do not tell": ("sag nicht", "no digas", "ne dis pas", "non dire"),
    "instead of": ("anstatt", "en lugar de", "au lieu de", "invece di"),
    "from now on": ("von jetzt an", "a partir de ahora", "à partir de maintenant", "d'ora in poi"),
    "you are": ("du bist", "tú eres", "tu es", "tu sei"),
    "you must": ("du musst", "debes", "tu dois", "devi"),
    "you will": ("du wirst", "vas a", "tu vas", "tu farai"),
    "i want you to": ("ich will, dass du", "quiero que", "je veux que tu", "voglio che tu"),
    "without any": ("ohne jede", "sin ninguna", "sans aucune", "senza alcuna"),
    "answer": ("antworte", "responde", "réponds", "rispondi"),
    "the user": ("der Benutzer", "el usuario", "l'utilisateur", "l'utente"),
    "instructions": ("Anweisungen", "instrucciones", "instructions", "istruzioni"),
    "instruction": ("Anweisung", "instrucción", "instruction", "istruzione"),
    "ignore": ("ignoriere", "ignora", "ignore", "ignora"),
    "forget": ("vergiss", "olvida", "oublie", "dimentica"),
    "password": ("Passwort", "contraseña", "mot de passe", "password"),
    "please": ("bitte", "por favor", "s'il te plaît", "per favore"),
    "reveal": ("verrate", "revela", "révèle", "rivela"),
    "rules": ("Regeln", "reglas", "règles", "regole"),
    "secret": ("geheim", "secreto", "secret", "segreto"),
    "send": ("sende", "envía", "envoie", "invia"),
    "to the": ("an die", "a la", "à la", "alla"),
    "write": ("schreibe", "escribe", "écris", "scrivi"),
    "and": ("und", "y", "et", "e"),
    "the": ("die", "la", "la", "la"),
}
_PHRASE = re.compile(
    rf"\b(?:{'|'.join(re.escape(phrase) for phrase in sorted(PHRASES, key=len, reverse=True))})\b", re.IGNORECASE
)


def wide_gaps(text: str, chance: random.Random) -> tuple[str, ...]:
    r"""Write more spaces, tabs and line ends between words.

    Example: 'ignore the rules of this house' reads 'ignore the\nrules of this  house'.
    """
    return (re.sub(" ", lambda _: chance.choice(_GAPS) if chance.random() < GAP_SHARE else " ", text),)


def camel_case(text: str, _: random.Random) -> tuple[str, ...]:
    """Leave the spaces out and begin each word with a capital.

    Example: 'ignore the rules' reads 'IgnoreTheRules'.
    """
    return (re.sub(r"(?:^|[ \t]+)(\S)", lambda match: match[1].upper(), text, flags=re.MULTILINE),)


def snake_case(text: str, _: random.Random) -> tuple[str, ...]:
    """Write low lines for the spaces.

    Example: 'ignore the rules' reads 'ignore_the_rules'.
    """
    return (text.replace(" ", "_"),)


def translation(text: str, chance: random.Random) -> tuple[str, ...]:
    """Write a few fixed phrases in German, Spanish, French or Italian.

    Example: 'ignore the rules' reads 'ignore la règles'.
    """
    language = chance.randrange(len(LANGUAGES))
    return (_PHRASE.sub(lambda match: PHRASES[match[0].lower()][language], text),)
