"""Test the commands `badges` and `codes`."""

import csv
import io

import pytest

from badges.codes import build_badge_code
from tests.factories import make_event, make_registration, make_ticket
from tests.pdf_readers import decode_qr, render_pdf

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.once]


def test_listed_codes_match_printed_badges(command, tmp_path):
    ticket = make_ticket()
    make_registration(ticket, first_name="Zoé", last_name="Martin")
    make_registration(ticket, first_name="Zoé 🎉", last_name="Arnaud")
    make_registration(ticket, confirmed_at=None)
    listed = command("codes", ticket.event.slug)
    printed = command("badges", ticket.event.slug, "--output", str(tmp_path / "badges.pdf"))

    rows = list(csv.DictReader(io.StringIO(listed.stdout)))

    assert [row["name"] for row in rows] == ["Zoé 🎉 Arnaud", "Zoé Martin"]
    assert decode_qr((tmp_path / "badges.pdf").read_bytes()) == [row["code"] for row in rows]
    assert printed.returncode == 0
    assert printed.stdout == ""
    assert "🎉" in printed.stderr


def test_unassigned_place_is_skipped_and_reported(command, tmp_path):
    ticket = make_ticket()
    make_registration(ticket)
    unnamed = make_registration(ticket, first_name="", last_name="")

    printed = command("badges", ticket.event.slug, "--output", str(tmp_path / "badges.pdf"))

    assert printed.returncode == 0
    assert len(decode_qr((tmp_path / "badges.pdf").read_bytes())) == 1
    assert unnamed.reference in printed.stderr


def test_a4_layout_prints_four_badges_on_each_page(command, tmp_path):
    ticket = make_ticket()
    for _ in range(5):
        make_registration(ticket)

    result = command("badges", ticket.event.slug, "--output", str(tmp_path / "b.pdf"), "--layout", "a4x4")

    assert result.returncode == 0
    assert "b.pdf" in result.stderr
    assert "5 badges." in result.stderr

    pages = render_pdf((tmp_path / "b.pdf").read_bytes(), dpi=200)

    assert [len(set(decode_qr(page))) for page in pages] == [4, 1]


@pytest.mark.parametrize(
    "extra",
    [
        ["--layout", "a5"],
        ["--layout", "a3"],
        ["--only", "some"],
        ["--output", "/"],
        ["--output", "/dev/null/b.pdf"],
    ],
)
def test_invalid_option_exits_with_status_2_and_one_line(command, tmp_path, extra):
    ticket = make_ticket()
    make_registration(ticket)
    output = [] if "--output" in extra else ["--output", str(tmp_path / "b.pdf")]

    result = command("badges", ticket.event.slug, *output, *extra)

    assert result.returncode == 2
    assert result.stdout == ""
    assert len(result.stderr.strip().splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


def test_only_prints_new_and_changed_badges(command, tmp_path):
    ticket = make_ticket()
    make_registration(ticket)
    file = tmp_path / "b.pdf"
    command("badges", ticket.event.slug, "--output", str(file))
    late = make_registration(ticket, first_name="Zoé", last_name="Martin")

    result = command("badges", ticket.event.slug, "--output", str(file), "--only", "new,changed")
    again = command("badges", ticket.event.slug, "--output", str(file), "--only", "new")

    assert result.returncode == 0
    assert decode_qr(file.read_bytes()) == [build_badge_code(late)]
    assert again.returncode == 2
    assert again.stderr == "Aucun des badges choisis n’est à imprimer.\n"


@pytest.mark.parametrize("words", [["codes"], ["badges", "--output", "b.pdf"]])
def test_unknown_event_exits_with_status_2(command, words):
    result = command(words[0], "nowhere", *words[1:])

    assert result.returncode == 2
    assert result.stdout == ""
    assert "nowhere" in result.stderr


def test_event_without_badges_lists_only_header_and_refuses_printing(command, tmp_path):
    event = make_event()

    assert command("codes", event.slug).stdout == "registration,name,code\n"
    assert command("badges", event.slug, "--output", str(tmp_path / "b.pdf")).returncode == 2
