"""Actions: what tools do, in classes, and the words by which people ask for each, in a few languages.

Owns the words. Beginnings of words, so that "forward" is in "forwarded"; `_` stands for the space in a phrase, `*` for
a few words between. Never decides anything.
"""

from __future__ import annotations

from typing import NamedTuple


class Action(NamedTuple):
    """A class of action: words in the names of tools, and beginnings of the words by which people ask for it."""

    tools: str
    people: str


ACTIONS = {
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
            bin get_shot call_off tidy_up throw_away trash discard drop unsubscrib empty purge take*off delet remov
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
