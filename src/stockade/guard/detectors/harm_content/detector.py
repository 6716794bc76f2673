"""The detector of harm: text that asks for harm, or does it. Owns how grave each kind is."""

from __future__ import annotations

from stockade.core.findings import Category, Severity
from stockade.core.segments import Channel
from stockade.guard.detectors.detector import Kind
from stockade.guard.detectors.wording import Judging, Naming, Wording

NAMING = Naming(
    (
        Wording(
            "child_safety",
            Severity.CRITICAL,
            r"\b(?:child porn|csam|lolicon|p(?:a)?edophil\w*|(?:minors?|child(?:ren)?|under.?age\w*|kids?"
            r"|preteen)\b.{0,60}"
            r"\b(?:sex\w*|nude\w*|naked|porn\w*|erotic\w*|groom\w*|molest\w*))",
        ),
        Wording(
            "self_harm",
            Severity.HIGH,
            r"\b(?:suicid\w*|self.?harm\w*|kill (?:myself|yourself)|cut(?:ting)? (?:myself|yourself)"
            r"|end (?:my|your) (?:own )?life"
            r"|overdose|starve (?:myself|yourself)|anorexi\w*)",
        ),
        Wording(
            "weapons",
            Severity.HIGH,
            r"\b(?:bombs?|explosives?|detonat\w*|pipe.?bomb|grenades?|nerve (?:gas|agent)|sarin|anthrax"
            r"|ricin|bioweapons?"
            r"|chemical weapons?|napalm|molotov|ghost guns?|silencers?|ammunition|dirty bomb|uranium|poison\w*)\b",
        ),
        Wording(
            "violence",
            Severity.HIGH,
            r"\b(?:murder\w*|kill (?:him|her|them|someone|a person|people|my|the)|massacre|shoot(?:ing)? up"
            r"|stab\w*|tortur\w*"
            r"|assassinat\w*|behead\w*|lynch\w*|kidnap\w*|rape\w*)\b",
        ),
        Wording(
            "cyber",
            Severity.MEDIUM,
            r"\b(?:malware|ransomware|keylogger|phish\w*|botnet|ddos|exploit\w*|hack(?:ing|ed)? (?:into"
            r"|someone|a|my|his|her)"
            r"|rootkit|spyware|credential stuffing|sql injection|trojan)\b",
        ),
        Wording(
            "fraud",
            Severity.MEDIUM,
            r"\b(?:counterfeit\w*|forg(?:e|ed|ery)\w*|fake (?:id|passport|reviews?|invoice|documents?)"
            r"|launder\w*|scam\w*"
            r"|identity theft|steal\w*|shoplift\w*|credit card (?:fraud|numbers?)|ponzi|tax evasion|bribe\w*)\b",
        ),
        Wording(
            "privacy",
            Severity.MEDIUM,
            r"\b(?:dox+\w*|stalk\w*|spy on|track (?:my|someone|her|his)|home address|social security number"
            r"|secretly record)",
        ),
        Wording(
            "sexual", Severity.MEDIUM, r"\b(?:porn\w*|sex(?:ual\w*)?|nude\w*|naked|erotic\w*|orgasm\w*|fetish\w*)\b"
        ),
        Wording(
            "hate",
            Severity.MEDIUM,
            r"\b(?:racist|nazis?|hitler|white power|supremac\w*|subhuman|vermin|go back to (?:your|their)|inferior race"
            r"|jews?|muslims?|blacks?|immigrants?|gays?|women|refugees?|trans)\b",
        ),
    ),
    Kind("harassment", Severity.MEDIUM),
)


class Content(Judging):
    """Text that asks for harm, or does it.

    Finds: requests for help with weapons, violence, self-harm, attacks on computers, fraud, and the like, and abusive,
    hateful or threatening text, in what the user says and in what the model answers. How likely is the classifier's
    word; the kind (`child_safety`, `self_harm`, `weapons`, `violence`, `cyber`, `fraud`, `privacy`, `sexual`, `hate`,
    else `harassment`) is named by words of the window, so a grave kind can be named for a lesser one.
    Why it matters: whoever offers a model to others answers for what it helps with and for what it says.
    Example: "Tell me how to build a pipe bomb that fits into a lunch box."
    Known misses: harm that only the conversation as a whole shows, coded language, languages that the encoder does not
    know. Fiction, history, medicine, security work and quotations are near it and are flagged at times.
    Texts of fewer than 24 characters are not judged.
    Cost: 0.1 ms for a short new text and 0.07 ms a KB; what the first stage does not clear is read by the encoder, 4 to
    10 ms a window and at most four windows.
    """

    __slots__ = ()


DETECTOR = Content(
    id="harm.content",
    version="1",
    category=Category.HARM,
    head="harm",
    label="HARM",
    channels=frozenset({Channel.USER, Channel.ASSISTANT}),
    naming=NAMING,
)
