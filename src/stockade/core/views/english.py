"""Frequent English words, for telling that a text is English written backwards or shifted.

Owns the list. No word stands in it that is another word, or a common abbreviation, when it is reversed or shifted by
thirteen letters (`and`: DNA; `file`, `keep`, `part`, `was`), counted over 64,000 texts and files in November 2026.
"""

from __future__ import annotations

_WORDS = """
about above access account across action actions after again against agent allow allowed already also always answer
anything around assistant attack because before begin behavior being below between bypass cannot change character chat
command commands complete confidential configuration content context conversation could create data database default
describe details developer different directly disable disregard document does doing email enable english ensure every
everything example execute explain explicit express files final find first follow following forget format from full
function functions generate give given guidelines hack have hello hidden human ignore immediately important include
including information initial initialization input instead instruction instructions internal into just key keys know
language like list login longer made make many message messages mode model more must name need never next normal only
open option order original other output override paragraph parameters password people please point policy pretend
previous print private process project prompt provide question questions read remember repeat reply report request
respond response restricted restrictions return reveal role rule rules safety said same scenario script secret section
security send sentence service should show simply simulate some something start statement steps story string such
summarize system systems tell test text than that the their them then there these they thing things think this those
through today token topic training translate true under unfiltered unrestricted until update upon user users using
value verify version want web website what when where whether which while will with without word words work world
would write writing wrong you your
"""

WORDS = tuple(_WORDS.split())
