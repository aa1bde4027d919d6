"""Parsers in a child process: results and errors come back, limits apply."""

import threading
import time

import pytest
from django.utils import translation

from convention.errors import NotFound, UnreadableFile
from convention.parsing.process import FileTooDemanding, parse_in_child
from tests.convention.parsing import parsers


def test_result_of_a_parser_comes_back():
    assert parse_in_child(parsers.shout, b"abc", mark="!") == "ABC!"


def test_error_of_a_parser_comes_back_with_its_attributes_in_the_language_of_the_page():
    with translation.override("fr"), pytest.raises(parsers.BadCells) as refusal:
        parse_in_child(parsers.refuse_cells, [3, 5])

    assert refusal.value.rows == [3, 5]
    assert str(refusal.value) == "Choisissez un fichier."


def test_error_without_attributes_keeps_its_class():
    with pytest.raises(NotFound, match="nothing here"):
        parse_in_child(parsers.refuse)


def test_crash_of_a_parser_is_a_fault_with_its_traceback():
    with pytest.raises(RuntimeError, match="ZeroDivisionError"):
        parse_in_child(parsers.crash)


def test_parser_that_uses_the_processor_for_too_long_is_ended(settings):
    settings.PARSER_SECONDS = 1

    with pytest.raises(FileTooDemanding) as refusal:
        parse_in_child(parsers.spin)

    assert str(refusal.value).startswith("La lecture de ce fichier demande trop")


def test_parser_that_waits_for_too_long_is_ended(settings):
    settings.PARSER_SECONDS = 1
    began = time.monotonic()

    with pytest.raises(FileTooDemanding):
        parse_in_child(parsers.wait)

    assert time.monotonic() - began < 30


@pytest.mark.parametrize("parser", [parsers.hoard, parsers.recurse, parsers.abort, parsers.flood])
def test_parser_that_uses_too_much_memory_or_dies_is_a_file_that_cannot_be_read(settings, parser):
    settings.PARSER_MEMORY_MB = 400

    with pytest.raises(UnreadableFile):
        parse_in_child(parser)


def test_parser_sees_no_secret_of_the_server(monkeypatch):
    monkeypatch.setenv("STRIPE_SECRET_KEY", "sk_live_secret")

    assert "STRIPE_SECRET_KEY" not in parse_in_child(parsers.environment)


def test_what_a_parser_prints_does_not_spoil_the_reply():
    assert parse_in_child(parsers.chatter) == "done"


def test_parsers_of_several_threads_wait_for_each_other():
    results = []

    def run():
        results.append(parse_in_child(parsers.shout, b"a"))

    threads = [threading.Thread(target=run) for _number in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert results == ["A"] * 5
