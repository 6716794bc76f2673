"""Asking: did the person ask for something of this kind? Compares what a tool does with the person's own words.

Owns classes of action and the words for them in a few languages. A person who hands the whole matter over ("take care
of it") asks for the ordinary ones. Never reads anything but the person's words: a page that says "the user asked for
this" stands elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from stockade.guard.flow.labels import vocabulary, words


class Action(NamedTuple):
    """A class of action: words in the names of tools, and beginnings of the words by which people ask for it."""

    tools: str
    people: str


_ACTIONS = {
    "send": Action(
        """
            broadcast comment dm email forward mail message notify post publish reply respond send sms
            submit tell text tweet
        """,
        """
            get_back_to loop_in cc copy_in drop*line let*know give*heads ping chase nudge circulate
            pass*on pass_on broadcast distribut rsvp accept declin say_yes say_no turn*down apologi send
            sent forward repl respond answer mail email e-mail messag post publish tell told notif
            let_know inform ask share announce write_to write_back drop_a text comment contact remind
            confirm_to thank invite submit tweet schick sende antwort leite weiter schreib teil
            benachrichtig enví envía manda reenví escrib avis publica envoie envoy répon transfè écri
            transmet prévien publie invia rispond inoltra scriv envie responda escreva
        """,
    ),
    "pay": Action(
        """
            pay transfer wire donate purchase buy order checkout refund withdraw
        """,
        """
            pay transfer wire send_money money_back give_back give*back return cancel buy purchase order
            donat refund settle reimburs split my_share tip send checkout bezahl zahl überweis kauf
            bestell paga transfier compra paye vire achèt commande acquista
        """,
    ),
    "delete": Action(
        """
            delete remove cancel archive clear drop destroy purge trash terminate unsubscribe withdraw
            revoke kick ban
        """,
        """
            call_off tidy_up throw_away trash discard drop unsubscrib empty purge take*off delet remov
            cancel give_back give*back return archiv clear clean destroy purg terminat wipe erase
            get_rid uninstall revok kick ban lösch entfern storn räum borra elimin quita supprim efface
            annul elimina cancella apaga
        """,
    ),
    "create": Action(
        """
            add append book create draft insert make new open order put place register reserve save
            schedule write generate plan set start
        """,
        """
            block_out block_off pencil put*on put*in set*reminder book_me sign*up enrol duplicat
            make_a_copy back_up backup copy zip export extract compile collect log_a raise open_a file_a
            jot add creat mak new book schedul reserv order set_up setup plan write draft put note
            record save generat open regist start arrang organi block log document prepare build
            implement summar_ize remind invite buy get_me find_and erstell leg anleg buch reservier
            schreib notier speicher füg crea añad reserva escrib guarda programa agend cré ajout réserv
            écri enregistr planifi aggiung prenot scriv salva cria adicion escreva
        """,
    ),
    "change": Action(
        """
            apply change edit fill merge modify mark move patch rename replace reschedule reset set
            toggle update upsert assign label lock disable enable rotate mute pin restore rollback
            restart
        """,
        """
            push_back bring_forward bump tidy sort star flag snooze archiv mark rearrang reorgani
            restructur scale increase reduce limit assign hand_over transition close reopen resolv
            accept declin confirm rsvp turn upgrade downgrade chang edit point swap exchang switch use
            redeem updat modif fix correct renam replac mov reschedul postpon set reset appl merg improv
            refactor implement add adjust enabl disabl rotat upgrad migrat clean rewrit convert restart
            restor roll repair patch make lower raise increas decreas shift extend shorten sync format
            label pin mute änder korrigier verschieb aktualisier ersetz cambi corrig actualiz mueve
            modifi déplac mets mettre renomm modifica sposta aggiorna muda altera
        """,
    ),
    "share": Action(
        """
            grant invite share permission allow collaborator member participant unshare attach
        """,
        """
            give*access let*see make*available publish open_up share invit grant give_access access add
            permission allow join includ bring attach let_in freigeb teil einlad comparte invita añad
            partag invite ajout condivid convida
        """,
    ),
    "deliver": Action(
        """
            approve commit deploy launch merge promote publish push release rollout sign submit tag
            upload
        """,
        """
            push open*pr put*live go_live cut_a_release send*up upload hand_in turn_in commit deploy
            releas merg publish ship tag launch roll promot approv submit check_in open_a_pr
            pull_request pr hochlad veröffentlich sube despliega publica pousse déploi publie
        """,
    ),
    "install": Action(
        """
            install
        """,
        """
            install set_up setup depend packag add instal requir get_it_running get_started bring_up
            instalier installe
        """,
    ),
    "run": Action(
        """
            bash exec execute invoke run shell terminal trigger eval start stop restart kill
        """,
        """
            delete remove clear free_up clean_up kill scale roll inspect look check find show list
            measure profil bump sync fetch download pull run execut repair solv mend debug set*up
            get*running test build start stop restart lint format compil bench fix implement add set_up
            setup install migrat deploy commit push creat refactor updat upgrad clean reproduc try mak
            generat use writ releas scan merg rebas branch tag delet remov renam mov ausführ starte
            ejecuta lanz exécut lance esegui
        """,
    ),
    "write": Action(
        """
            edit write notebook create replace apply_patch patch save str
        """,
        """
            fix repair solv mend set*up put*in add chang edit implement writ creat refactor updat renam
            mov delet remov improv correct clean document test make build convert migrat replac extract
            split bump upgrad adjust support extend port rewrit format resolv set_up setup configur
            apply put save summar note translat draft generat änder schreib füg korrigier cambi escrib
            corrig ajout modifi écri corrige
        """,
    ),
    "request": Action(
        """
            call curl fetch get http open post request visit
        """,
        """
            see show tell verify monitor follow watch scrape fetch get open look read check visit
            download call brows search find summar go_to load request query test ping review compare
            research lies öffne abre lee ouvre lis apri leggi
        """,
    ),
}

_CLASSES_MAX = 4
_GRAVE = frozenset({"delete", "pay", "share"})
"""Actions that nobody asks for by handing a matter over."""

_NOUNS = vocabulary(
    """
    acces answer arrangement block book build change check comment commit contact copy document draft email e-mail file
    fix group invite join label list log mail make message note open order permission pin place plan post publish
    put put record refund release remind reply report reserve schedule set share shift ship sort start submit summary
    tag test text tip transfer tweet update upload use work write
    """
)
_WHOLE = re.compile(r"[\w-]+")
_BEFORE_VERB = re.compile(
    r"(?i)(?:^|[.!?;:,\n(-]|\b(?:please|and|then|to|you|also|just|now|or|let's|must|should|will|could|can|would))\s*$"
)
_DELEGATED = re.compile(
    r"""(?ix)\b(?:
        take\ care\ of | handle | deal\ with | sort\ (?:it|this|that|them)\ out
        | do\ (?:it|this|that|what|everything|the\ rest|all) | follow\ (?:the|its|these|those|what)
        | complete\ (?:the|all|these) | finish\ (?:the|it|these|up) | carry\ out | proceed | go\ ahead
        | organi[sz]e | arrange | kümmer | erledig | encárg | occupe | gestisci
    )"""
)


def _pattern(word: str) -> str:
    """Return a beginning of a word as a pattern; `_` stands for the space in a phrase, `*` for a few words between."""
    return re.escape(word).replace("_", r"[\s-]+").replace(r"\*", r"\b.{1,40}?\b")


_TOOLS = {name: frozenset(action.tools.split()) for name, action in _ACTIONS.items()}
_PEOPLE = {
    name: re.compile(r"(?i)(?<!\w)(?:" + "|".join(_pattern(w) for w in action.people.split()) + ")")
    for name, action in _ACTIONS.items()
}


_GENERAL = vocabulary("add create do execute make new perform put run set submit update")
_MONEY = vocabulary("checkout funds money pay payment payments refund transaction transfer wire")
_SHARING = vocabulary(
    "access collaborator collaborators grant permission permissions public role roles share visibility"
)
"""Whatever a tool does to these, nobody asks for it by asking for a message or a change."""


def classes(tool: str) -> tuple[str, ...]:
    """Return the classes of action that a tool's name speaks of, its first word's first."""
    parts = words(tool)
    if _MONEY.intersection(parts):
        return ("pay",)
    if _SHARING.intersection(parts):
        return ("share",)
    found: dict[str, None] = {}
    for word in parts:
        meant = [cls for cls, names in _TOOLS.items() if word in names]
        found.update(dict.fromkeys(meant))
        if meant and word not in _GENERAL:
            break  # the first verb says what it does; what follows are the things it does it to
    return tuple(found)


def asked(tool: str, person: Iterable[str]) -> bool:
    """Say whether the person asked for something of the kind that `tool` does, or for what it is named by."""
    kinds = classes(tool)[:_CLASSES_MAX]
    texts = list(person)
    if any(_is_asked(kind, text) for text in texts for kind in kinds):
        return True
    if not kinds and any(_names(word, text) for text in texts for word in words(tool)[:1]):
        return True
    grave = bool(kinds) and kinds[0] in _GRAVE
    return bool(words(tool)) and not grave and any(_DELEGATED.search(text) for text in texts)


def _names(word: str, text: str) -> bool:
    """Say whether a text holds the very word that a tool of no known kind is named by."""
    return len(word) > 3 and re.search(rf"(?i)\b{re.escape(word)}", text) is not None


def _is_asked(kind: str, text: str) -> bool:
    """Say whether a text asks for this kind of action; a word that is a noun as well must stand where a verb stands."""
    for found in _PEOPLE[kind].finditer(text):
        word = _WHOLE.match(text, found.start())
        if (
            word is None
            or word[0].lower().removesuffix("s") not in _NOUNS
            or _BEFORE_VERB.search(text, 0, found.start())
        ):
            return True
    return False
