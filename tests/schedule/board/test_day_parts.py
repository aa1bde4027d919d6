"""Commands on many sessions: shift, move to a day, breaks, pasted tables, another event's frame."""

import datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from convention.errors import UnreadableFile
from convention.events.models import Event
from schedule.board.copy_frame import CopiedFrame, copy_frame
from schedule.board.day_parts import (
    Block,
    NothingInBlock,
    PartOfDay,
    add_breaks_or_plenaries,
    move_block_to_day,
    shift_block,
)
from schedule.board.pasted_sessions import (
    InvalidPastedTable,
    create_pasted_sessions,
    parse_minutes,
    parse_pasted_sessions,
    preview_pasted_sessions,
)
from schedule.drafts.current_draft import get_current_draft, load_slot_states
from schedule.drafts.moves import InvalidPlacement, undo_last_batch
from schedule.models import ProgrammeAudience, Session
from tests.factories import make_event, make_person, make_room, make_session, make_track

pytestmark = [pytest.mark.django_db, pytest.mark.once]
# A Saturday; the clocks change in the night to Sunday.
STARTS_AT = datetime.datetime(2027, 3, 27, 8, tzinfo=datetime.UTC)
SATURDAY, SUNDAY = datetime.date(2027, 3, 27), datetime.date(2027, 3, 28)
HOUR = datetime.timedelta(hours=1)


@pytest.fixture
def event() -> Event:
    return make_event(starts_at=STARTS_AT, ends_at=STARTS_AT + datetime.timedelta(days=1))


def load_starts(event: Event) -> dict[str, datetime.datetime]:
    """Return when each session starts in the draft, by title."""
    titles = dict(event.sessions.values_list("pk", "title"))
    return {titles[pk]: state.starts_at for pk, state in load_slot_states(get_current_draft(event)).items()}


def test_morning_is_shifted_as_one_batch(event):
    make_session(event, "Matin")
    make_session(event, "Fin de matinée", starts_at=STARTS_AT + 3 * HOUR)
    make_session(event, "Après-midi", starts_at=STARTS_AT + 4 * HOUR)
    draft, anna = get_current_draft(event), make_person()

    moves = shift_block(draft=draft, block=Block(SATURDAY, PartOfDay.MORNING), minutes=15, author=anna)

    quarter = datetime.timedelta(minutes=15)
    assert load_starts(event) == {
        "Matin": STARTS_AT + quarter,
        "Fin de matinée": STARTS_AT + 3 * HOUR + quarter,
        "Après-midi": STARTS_AT + 4 * HOUR,
    }
    assert len({move.batch for move in moves}) == 1


def test_a_shift_is_undone_in_one_step(event):
    make_session(event, "Un")
    make_session(event, "Deux", starts_at=STARTS_AT + HOUR)
    draft, anna = get_current_draft(event), make_person()
    before = load_slot_states(draft)
    shift_block(draft=draft, block=Block(SATURDAY), minutes=-30, author=anna)

    undo_last_batch(draft=draft, author=anna)

    assert load_slot_states(draft) == before


def test_shift_of_a_room_moves_only_its_sessions(event):
    room = make_room(event)
    make_session(event, "Ici", room=room)
    make_session(event, "Ailleurs")

    shift_block(
        draft=get_current_draft(event), block=Block(SATURDAY, room_id=room.pk), minutes=60, author=None
    )

    assert load_starts(event) == {"Ici": STARTS_AT + HOUR, "Ailleurs": STARTS_AT}


def test_shifting_a_day_without_sessions_is_refused(event):
    make_session(event)

    with pytest.raises(NothingInBlock, match="Aucune session"):
        shift_block(draft=get_current_draft(event), block=Block(SUNDAY), minutes=15, author=None)


def test_moving_a_day_preserves_local_times_across_a_clock_change(event):
    session = make_session(event, minutes=50)
    draft = get_current_draft(event)

    move_block_to_day(draft=draft, block=Block(SATURDAY), day=SUNDAY, author=None)

    state = load_slot_states(draft)[session.pk]
    assert state.starts_at.astimezone(event.zone).strftime("%d %H:%M") == "28 09:00"
    assert state.ends_at - state.starts_at == datetime.timedelta(minutes=50)
    assert state.day == SUNDAY


def test_move_far_from_the_event_is_refused_and_changes_nothing(event):
    make_session(event, "Un")
    draft = get_current_draft(event)

    with pytest.raises(InvalidPlacement):
        move_block_to_day(
            draft=draft, block=Block(SATURDAY), day=SATURDAY + datetime.timedelta(days=90), author=None
        )

    assert load_starts(event) == {"Un": STARTS_AT}


def test_added_break_has_no_room_and_is_not_public_yet(event):
    draft = get_current_draft(event)

    (session,) = add_breaks_or_plenaries(
        draft=draft,
        title="Pause",
        role=Session.Role.BREAK,
        starts=[STARTS_AT + HOUR],
        minutes=30,
        author=None,
    )

    state = load_slot_states(draft)[session.pk]
    assert state.room_id is None
    assert state.ends_at - state.starts_at == datetime.timedelta(minutes=30)
    assert session.role == Session.Role.BREAK
    assert not event.sessions.published(audience=ProgrammeAudience.PUBLIC).exists()


def test_pasted_table_creates_unplaced_sessions(event):
    track = make_track(event, "Réseaux")
    text = "Le réseau\tAna Silva, Zoé Müller\t45\tréseaux\nLe cloud\t\t1h30\tCloud\n"

    create_pasted_sessions(event=event, text=text)

    first, second = event.sessions.order_by("number")
    assert first.title == "Le réseau"
    assert [speaker.name for speaker in first.speakers.order_by("appearances__position")] == [
        "Ana Silva",
        "Zoé Müller",
    ]
    assert first.planned_minutes == 45
    assert first.track == track
    assert second.planned_minutes == 90
    assert second.track.name == "Cloud"
    assert first.starts_at is None


def test_pasted_rows_load_the_speakers_of_the_event_once(event):
    make_session(event, speakers=("Ana Silva",))
    text = "Un\tAna Silva\nDeux\tana silva, Zoé Müller\nTrois\tZoé Müller\n"

    with CaptureQueriesContext(connection) as queries:
        create_pasted_sessions(event=event, text=text)

    loads = [query["sql"] for query in queries if 'FROM "schedule_speaker"' in query["sql"]]
    names = event.speakers.order_by("name").values_list("name", flat=True)
    assert len(loads) == 1
    assert list(names) == ["Ana Silva", "Zoé Müller"]


def test_pasted_email_addresses_are_assigned_to_their_speakers(event):
    text = "Titre\tE-mail\tIntervenants\nUn\tana@example.org, zoe@example.org\tAna Silva, Zoé Müller\n"

    create_pasted_sessions(event=event, text=text)

    addresses = dict(event.speakers.values_list("name", "email"))
    assert addresses == {"Ana Silva": "ana@example.org", "Zoé Müller": "zoe@example.org"}


def test_pasted_address_does_not_replace_a_known_speaker_address(event):
    make_session(event, speakers=("Ana Silva",))
    event.speakers.update(email="known@example.org")

    create_pasted_sessions(event=event, text="Titre\tIntervenant\tE-mail\nUn\tAna Silva\tana@example.org\n")

    assert event.speakers.get().email == "known@example.org"


@pytest.mark.parametrize(
    ("emails", "error"),
    [
        ("ana@example.org", "Give one e-mail address for each speaker, in the same order, or none."),
        ("ana@example.org, zoe", "“zoe” is not an e-mail address."),
    ],
)
def test_unassignable_email_addresses_are_a_row_error(emails, error):
    with translation.override("en"):
        [row] = parse_pasted_sessions(f"Title\tSpeakers\tE-mail\nOne\tAna, Zoé\t{emails}\n")

    assert row.error == error


def test_preview_lists_ignored_columns(event):
    text = "Titre\tIntervenants\tTéléphone\tNiveau\nUn\tAna\t01\tdébutant\n"

    preview = preview_pasted_sessions(event=event, text=text)

    assert preview.ignored_headings == ["Téléphone", "Niveau"]


def test_columns_are_recognized_by_their_headings():
    rows = parse_pasted_sessions("Durée;Titre;Intervenants\n30;Un;Ana & Zoé\n;Deux;\n")

    assert [(row.title, row.speakers, row.minutes) for row in rows] == [
        ("Un", ("Ana", "Zoé"), 30),
        ("Deux", (), None),
    ]


@pytest.mark.parametrize(
    ("text", "minutes"),
    [("45", 45), ("45 min", 45), ("1h30", 90), ("1 h", 60), ("01:15", 75), ("", None), ("long", None)],
)
def test_duration_formats_are_parsed(text, minutes):
    assert parse_minutes(text) == minutes


def test_invalid_row_is_reported_and_nothing_is_created(event):
    text = "Un\tAna\t45\nDeux\tZoé\tlongtemps\n"

    preview = preview_pasted_sessions(event=event, text=text)
    with pytest.raises(InvalidPastedTable):
        create_pasted_sessions(event=event, text=text)

    assert [(row.line, row.error) for row in preview.errors] == [
        (2, "«\u202flongtemps\u202f» n’est pas une durée en minutes.")
    ]
    assert not event.sessions.exists()


def test_preview_lists_known_titles_and_new_tracks(event):
    make_session(event, "Le Réseau")

    preview = preview_pasted_sessions(event=event, text="le réseau\tAna\t30\tCloud\n")

    assert preview.known_titles == ["le réseau"]
    assert preview.new_tracks == ["Cloud"]


def test_too_many_rows_are_refused(event):
    with pytest.raises(UnreadableFile, match="500"):
        create_pasted_sessions(event=event, text="Titre\n" * 501)


@pytest.fixture
def last_year() -> Event:
    """An event with a room, a break and a plenary at 10:00 and 14:00, and a talk."""
    starts_at = datetime.datetime(2026, 6, 16, 7, tzinfo=datetime.UTC)
    event = make_event(starts_at=starts_at, ends_at=starts_at + datetime.timedelta(days=1))
    room = make_room(event, "Auditorium", capacity=300)
    make_session(event, "Pause", role="break", starts_at=starts_at + HOUR, minutes=30)
    make_session(event, "Clôture", role="plenary", room=room, starts_at=starts_at + 29 * HOUR)
    make_session(event, "Exposé", room=room)
    return event


def test_frame_of_last_year_is_copied_to_the_same_local_times(event, last_year):
    draft = get_current_draft(event)

    copied = copy_frame(draft=draft, source=last_year, author=None)

    local = {
        title: at.astimezone(event.zone).strftime("%d %H:%M") for title, at in load_starts(event).items()
    }
    assert copied == CopiedFrame(rooms=1, sessions=2, left_out=0)
    assert local == {"Pause": "27 10:00", "Clôture": "28 14:00"}
    assert [(room.name, room.capacity) for room in event.rooms.all()] == [("Auditorium", 300)]


def test_second_frame_copy_creates_nothing(event, last_year):
    draft = get_current_draft(event)
    copy_frame(draft=draft, source=last_year, author=None)

    copied = copy_frame(draft=draft, source=last_year, author=None)

    assert copied == CopiedFrame(rooms=0, sessions=0, left_out=0)


def test_frame_sessions_after_the_last_day_are_left_out(last_year):
    short = make_event(starts_at=STARTS_AT, ends_at=STARTS_AT + 8 * HOUR)

    copied = copy_frame(draft=get_current_draft(short), source=last_year, author=None)

    assert copied == CopiedFrame(rooms=1, sessions=1, left_out=1)


def test_break_on_the_last_representable_day_is_refused(event):
    with pytest.raises(InvalidPlacement):
        add_breaks_or_plenaries(
            draft=get_current_draft(event),
            title="Pause",
            role=Session.Role.BREAK,
            starts=[datetime.datetime(9999, 12, 31, 23, 30, tzinfo=datetime.UTC)],
            minutes=60,
            author=None,
        )


def test_speakers_separated_by_many_blanks_are_parsed(event):
    rows = create_pasted_sessions(event=event, text=f"Titre;Ana{' ' * 100_000}, Benoît")

    assert [speaker.name for speaker in rows[0].speakers.order_by("name")] == ["Ana", "Benoît"]
