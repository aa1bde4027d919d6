"""Rich text is sanitized for display as HTML, and converted to plain text."""

import pytest

from convention.rich_text.sanitize import filter_web_address, shift_headings, to_html, to_text


def test_markdown_becomes_html():
    assert to_html("**Bold** and\na [link](https://example.org/)") == (
        "<p><strong>Bold</strong> and<br>\n"
        'a <a href="https://example.org/" rel="nofollow noopener noreferrer">link</a></p>'
    )


def test_bare_addresses_become_links():
    assert to_html("See https://example.org/a.") == (
        '<p>See <a href="https://example.org/a" rel="nofollow noopener noreferrer">'
        "https://example.org/a</a>.</p>"
    )


def test_harmless_html_is_preserved():
    assert to_html("<p>One</p>\n<ul><li>two</li></ul>") == "<p>One</p>\n<ul><li>two</li></ul>"


@pytest.mark.parametrize(
    "cruel",
    [
        "<script>alert(1)</script>",
        "<p onclick='x()'>a</p><img src=x onerror=alert(1)>",
        "[a](javascript:alert(1))",
        "<a href='javascript:alert(1)'>a</a>",
        "<style>p{}</style><p style='color:red'>a</p>",
        "<iframe src='https://example.org'></iframe>",
        "![x](https://example.org/track.png)",
    ],
)
def test_dangerous_html_is_removed(cruel):
    html = to_html(cruel).lower()
    for forbidden in (
        "<script",
        "onclick",
        "onerror",
        'href="javascript',
        "<style",
        "style=",
        "<iframe",
        "<img",
    ):
        assert forbidden not in html


def test_headings_are_demoted_below_page_headings():
    assert to_html("# Big") == "<h4>Big</h4>"
    assert to_html("<h1>Big</h1>") == "<h4>Big</h4>"


def test_indented_paragraph_is_not_a_code_block():
    assert to_html("One.\n\n          Two.") == "<p>One.</p>\n<p>Two.</p>"


def test_markup_is_converted_to_plain_text():
    assert to_text("<p>Fish &amp; chips</p><ul><li>a</li><li>b</li></ul>") == "Fish & chips\n\n• a\n• b"
    assert (
        to_text("# Title\n\n**Bold** text\nnext line\n\n- a\n- b")
        == "Title\n\nBold text\nnext line\n\n• a\n• b"
    )
    assert to_text("") == ""
    assert to_text("1 < 2 & 3 > 2") == "1 < 2 & 3 > 2"


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("- a\n\n- b", "• a\n\n• b"),
        ("<ul><li><p>a</p></li><li><p>b</p></li></ul>", "• a\n\n• b"),
        ("<ul><li>\n<p>a</p><p>more</p></li></ul>", "• a\n\nmore"),
    ],
)
def test_bullet_is_on_same_line_as_its_text(source, text):
    assert to_text(source) == text


def test_filter_web_address_drops_other_schemes_and_relative_paths():
    assert filter_web_address("https://example.org/") == "https://example.org/"
    assert filter_web_address("javascript:alert(1)") == ""
    assert filter_web_address("../slides.pdf") == ""


@pytest.mark.parametrize(
    ("text", "level", "expected"),
    [
        ("# One\n\n## Two", 2, "<h2>One</h2>\n<h3>Two</h3>"),
        ("## Two\n\n### Three", 2, "<h2>Two</h2>\n<h3>Three</h3>"),
        ("# One\n\n### Three", 3, "<h3>One</h3>\n<h5>Three</h5>"),
        ("No heading", 2, "<p>No heading</p>"),
    ],
)
def test_headings_start_at_level_that_page_needs(text, level, expected):
    assert shift_headings(to_html(text), level) == expected
