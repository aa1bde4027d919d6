"""Parsers in a child process: results and errors are returned, limits apply."""

import threading
import time

import pytest
from django.utils import translation

from convention.errors import NotFound, UnreadableFile
from convention.parsing.process import FileTooDemanding, parse_in_child
from tests.convention.parsing import parsers


def test_result_of_parser_is_returned():
    assert parse_in_child(parsers.shout, b"abc", mark="!") == "ABC!"


def test_error_of_parser_is_raised_with_attributes_in_current_language():
    with translation.override("fr"), pytest.raises(parsers.BadCells) as refusal:
        parse_in_child(parsers.refuse_cells, [3, 5])

    assert refusal.value.rows == [3, 5]
    assert str(refusal.value) == "Choisissez un fichier."


def test_error_without_attributes_keeps_its_class():
    with pytest.raises(NotFound, match="nothing here"):
        parse_in_child(parsers.refuse)


def test_crash_of_parser_raises_error_with_its_traceback():
    with pytest.raises(RuntimeError, match="ZeroDivisionError"):
        parse_in_child(parsers.crash)


def test_parser_that_exceeds_cpu_time_is_ended(settings):
    settings.PARSER_SECONDS = 1

    with pytest.raises(FileTooDemanding) as refusal:
        parse_in_child(parsers.spin)

    assert str(refusal.value).startswith("La lecture de ce fichier demande trop")


def test_parser_that_exceeds_elapsed_time_is_ended(settings):
    settings.PARSER_SECONDS = 1
    began = time.monotonic()

    with pytest.raises(FileTooDemanding):
        parse_in_child(parsers.wait)

    assert time.monotonic() - began < 30


@pytest.mark.parametrize("parser", [parsers.hoard, parsers.recurse, parsers.abort, parsers.flood])
def test_parser_that_exceeds_memory_or_dies_raises_unreadable_file(settings, parser):
    settings.PARSER_MEMORY_MB = 400

    with pytest.raises(UnreadableFile):
        parse_in_child(parser)


def test_environment_of_parser_contains_no_server_secret(monkeypatch):
    monkeypatch.setenv("STRIPE_SECRET_KEY", "sk_live_secret")

    assert "STRIPE_SECRET_KEY" not in parse_in_child(parsers.environment)


def test_output_of_parser_does_not_corrupt_result():
    assert parse_in_child(parsers.chatter) == "done"


def test_parsers_of_several_threads_all_return_results():
    results = []

    def run():
        results.append(parse_in_child(parsers.shout, b"a"))

    threads = [threading.Thread(target=run) for _number in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert results == ["A"] * 5
