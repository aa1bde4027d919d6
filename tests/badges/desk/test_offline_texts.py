"""Test the texts of the desk without network."""

from django.utils import translation

from badges.desk.offline_texts import list_offline_texts


def test_state_of_a_conflict_does_not_repeat_the_reason():
    with translation.override("en"):
        texts = list_offline_texts()

    assert texts["result.conflict"] == "To check."
    assert texts["result.refused"] == "Could not be recorded."


def test_entries_are_named_by_kind_and_guest():
    with translation.override("en"):
        texts = list_offline_texts()

    assert texts["entry.payment"] == "Payment: {name}"
    assert texts["entry.replaced"] == "Replaces: {name}"
