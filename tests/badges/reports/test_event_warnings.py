"""Test the pure functions that turn facts about events and tasks into warnings."""

import datetime

import pytest

from badges.attendance.models import Checkpoint, Device
from badges.reports.attention import list_event_items, list_queue_items
from badges.reports.event_facts import EventFacts, TaskQueueState
from convention.events.models import Event
from registrations.models import Ticket

CONFLICT_SENTENCE = (
    "1 conflit dans le programme : une salle ou un intervenant est pris deux fois à la même heure."
)
NOW = datetime.datetime(2027, 6, 1, 9, tzinfo=datetime.UTC)


def make_unsaved_event(**fields) -> Event:
    starts = fields.pop("starts_at", NOW + datetime.timedelta(days=15))
    values = {"slug": "x", "name": "X", "visibility": "public", "starts_at": starts}
    return Event(**{**values, "ends_at": starts + datetime.timedelta(days=1), **fields})


def make_event_facts(given: Event | None = None, **fields) -> EventFacts:
    return EventFacts(given or make_unsaved_event(), **{"tickets": [Ticket(name="Invité")], **fields})


def list_warnings(found: EventFacts) -> list[tuple[int, str]]:
    return [
        (matter.gravity, matter.sentence.replace("\u202f", " ").replace("\u00a0", " "))
        for matter in list_event_items(found, at=NOW)
    ]


def test_event_without_problems_has_no_warnings():
    assert list_warnings(make_event_facts()) == []


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (make_event_facts(make_unsaved_event(visibility="draft")),
         (1, "Cet événement est encore un brouillon, visible de ses seuls organisateurs.")),
        (make_event_facts(make_unsaved_event(registration_closes_at=NOW + datetime.timedelta(days=2))),
         (0, "Clôture des inscriptions le 3 juin 2027 à 11 h.")),
        (make_event_facts(tickets=[]), (2, "Pas encore de billet : personne ne peut s’inscrire.")),
        (make_event_facts(tickets=[Ticket(name="Presse", capacity=20, reserved=19)]),
         (0, "Le billet « Presse » est presque complet : 1 place restante sur 20.")),
        (make_event_facts(tickets=[Ticket(name="Presse", capacity=20, reserved=20)]),
         (1, "Le billet « Presse » est complet.")),
        (make_event_facts(pending_count=2),
         (0, "2 inscriptions attendent la confirmation de l’adresse e-mail ou le paiement.")),
        (make_event_facts(schedule_conflict_count=1), (1, CONFLICT_SENTENCE)),
        (make_event_facts(outside_session_count=2),
         (1, "2 sessions sont en dehors des horaires de l’événement.")),
        (make_event_facts(full_sessions=["A", "B", "C", "D"]),
         (0, "4 sessions sont complètes : « A », « B », « C » et 1 autre.")),
        (make_event_facts(filling_sessions=["A"]), (0, "1 session est presque complète : « A ».")),
        (make_event_facts(waiting_count=3), (0, "3 personnes attendent une place libre.")),
        (make_event_facts(stopped_mailings=["Bienvenue"]),
         (2, "1 envoi interrompu par une erreur : « Bienvenue ». Vérifiez la cause, puis reprenez-le.")),
        (make_event_facts(unplaced_session_count=3), (0, "3 sessions n’ont pas d’horaire ou pas de salle.")),
        (make_event_facts(scan_conflict_count=2),
         (2, "2 badges ont servi deux fois à entrer : indiquez l’explication.")),
        (make_event_facts(unprintable_names=["a", "b", "c", "d"]),
         (1, "4 noms contiennent des caractères impossibles à imprimer sur un badge : a, b, c et 1 autre.")),
    ],
)  # fmt: skip
def test_each_problem_has_its_warning(found, expected):
    assert list_warnings(found) == [expected]


def test_full_ticket_is_no_warning_if_sale_or_registration_is_closed():
    full = Ticket(name="Presse", capacity=20, reserved=20)

    assert (
        list_warnings(
            make_event_facts(
                make_unsaved_event(registration_closes_at=NOW - datetime.timedelta(days=1)), tickets=[full]
            )
        )
        == []
    )

    off_sale = Ticket(name="Presse", capacity=20, reserved=20, closes_at=NOW - datetime.timedelta(days=1))

    assert list_warnings(make_event_facts(tickets=[off_sale])) == []


def test_device_warnings_are_shown_only_during_event():
    running = make_unsaved_event(starts_at=NOW - datetime.timedelta(hours=1))

    assert list_warnings(make_event_facts(running)) == [
        (2, "Aucun téléphone n’est jumelé : personne ne peut scanner les badges.")
    ]
    assert list_warnings(make_event_facts(running, lapsed_device_count=2)) == [
        (2, "Les 2 téléphones jumelés sont révoqués ou ont expiré : personne ne peut scanner les badges.")
    ]

    door = Checkpoint(name="Entrée")
    quiet = Device(name="Nokia", checkpoint=door, seen_at=NOW - datetime.timedelta(minutes=11))

    alive = Device(name="Pixel", checkpoint=door, seen_at=NOW - datetime.timedelta(minutes=1))

    assert list_warnings(make_event_facts(running, devices=[alive])) == []
    assert list_warnings(make_event_facts(running, devices=[alive, quiet])) == [
        (2, "Le téléphone « Nokia » (Entrée) ne répond plus depuis le 1er juin 2027 à 10 h 49.")
    ]
    assert list_warnings(make_event_facts(devices=[quiet])) == []


def test_warnings_are_ordered_by_gravity():
    found = make_event_facts(pending_count=1, scan_conflict_count=1, schedule_conflict_count=1)
    assert [gravity for gravity, _sentence in list_warnings(found)] == [2, 1, 0]


def test_failed_and_stuck_tasks_are_one_grave_and_one_lesser_warning():
    assert list_queue_items(TaskQueueState(failed_count=0, stuck_count=0)) == []
    assert [matter.gravity for matter in list_queue_items(TaskQueueState(failed_count=2, stuck_count=1))] == [
        2,
        1,
    ]


def test_missing_confidentiality_agreements_are_reported_with_lock_date():
    [(gravity, sentence)] = list_warnings(make_event_facts(missing_agreements=2, locks_at=NOW))
    before, _semicolon, after = sentence.partition(" ; ")

    assert gravity == 1
    assert before == "2 visiteurs n’ont pas encore accepté le texte de confidentialité"
    assert after == "la liste sera close le 1er juin 2027 à 11 h."
