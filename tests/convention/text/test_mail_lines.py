"""Plain text of e-mails: lines are short enough for any mail program."""

from django.template.loader import render_to_string

from convention.text.normalize import wrap_mail_lines

LINK = "https://club.example/orders/" + "x" * 90


def test_lines_are_wrapped_at_spaces_and_links_are_not_broken():
    text = "- " + "mot " * 40 + "\n\n\n\n" + LINK + "\nC’est prêt\u202f: " + "a " * 40
    lines = wrap_mail_lines(text).split("\n")

    assert [line for line in lines if len(line) > 78] == [LINK]
    assert lines[1].startswith("  mot")
    assert "" in lines
    assert "\n\n\n" not in wrap_mail_lines(text)
    assert wrap_mail_lines("bonjour\u202f!\n") == "bonjour\u202f!\n"


def test_signature_separator_ends_with_a_space():
    assert render_to_string("mail/base.txt", {"site_name": "Club"}).rstrip("\n").endswith("\n\n-- \nClub")
