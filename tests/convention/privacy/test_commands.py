"""The commands: personal data of an address, and retention."""

import io
import zipfile

import pytest
from django.core.management import call_command

from convention.privacy.erase import erase_people
from convention.privacy.models import RetentionRun
from convention.privacy.retention import list_effective_rules
from tests.convention.privacy.person_fixtures import ADDRESS, LAST, make_person_with_data
from tests.factories import make_person

pytestmark = pytest.mark.django_db


def test_personal_data_command_counts_rows_and_writes_private_file(tmp_path, capsys):
    make_person_with_data()
    call_command("personal_data", ADDRESS.upper())

    assert "registrations.registration\t1\tblanked" in capsys.readouterr().out.splitlines()

    path = tmp_path / "data.zip"
    call_command("personal_data", ADDRESS, "--output", str(path))

    assert path.stat().st_mode & 0o777 == 0o600
    assert LAST in zipfile.ZipFile(io.BytesIO(path.read_bytes())).read("data.json").decode()


def test_personal_data_command_reports_unknown_address(capsys):
    with pytest.raises(SystemExit) as left:
        call_command("personal_data", "nobody@example.org")
    assert left.value.code == 2
    assert (
        capsys.readouterr().err.strip()
        == "Aucune donnée n’est enregistrée sous l’adresse nobody@example.org."
    )


def test_retention_command_prints_one_line_for_each_rule(capsys):
    call_command("retention")
    lines = [line.split("\t") for line in capsys.readouterr().out.splitlines()]

    assert [(rule, removed) for rule, _before, removed in lines] == [
        (one.rule.slug, "0") for one in list_effective_rules()
    ]
    assert RetentionRun.objects.count() == len(lines)


def test_erased_command_lists_erased_people_and_erases_them_again(capsys):
    gone, back = make_person(), make_person()
    erase_people(people=[gone])

    call_command("erased")

    assert capsys.readouterr().out.split() == [str(gone.pk)]

    call_command("erased", again=[back.pk])

    back.refresh_from_db()
    assert back.email is None
    assert not back.is_active
    with pytest.raises(SystemExit):
        call_command("erased", again=[back.pk + 1000])
    assert "numéro" in capsys.readouterr().err
