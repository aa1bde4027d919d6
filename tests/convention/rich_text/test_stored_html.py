"""Rich text: the cost of conversion is bounded, and HTML is cleaned once, when the text is stored."""

from html.parser import HTMLParser

import nh3
import pytest
from django.db import connection
from django.urls import reverse
from hypothesis import given, settings
from hypothesis import strategies as st

from convention.rich_text.html_cost import VOID_ELEMENTS, measure_markup
from convention.rich_text.sanitize import (
    MAX_MARKDOWN_CHARS,
    MAX_TEXT_CHARS,
    markdown_to_html,
    to_html,
    to_text,
)
from convention.rich_text.texts import RichText, attach_html
from schedule.models import Session, Speaker
from tests.factories import make_event, make_session

NESTED = "<div>" * 20_000 + "in the middle" + "</div>" * 20_000


@pytest.mark.parametrize(
    "crafted",
    [
        NESTED,
        "<p>" + "<sub>" * 15_000,
        "".join(f'<b id="{number}">' for number in range(3_000)) + "<p>x" * 9_000,
        "<ul><li>" * 10_000,
        "[a]: https://example.org/" + "x" * 9_000 + "\n\n" + "[a]" * 3_000,
    ],
    ids=["nested", "unended", "reopened", "lists", "references"],
)
def test_overly_complex_markup_is_shown_as_typed(crafted):
    assert to_html(crafted).startswith(f"<p>{crafted[:4].replace('<', '&lt;').replace('>', '&gt;')}")
    assert "<b" not in to_html(crafted).replace("<br>", "")
    assert to_text(crafted)[:4] == crafted[:4]


def test_overlong_markdown_is_shown_as_plain_paragraphs():
    text = "**bold**\n\n" + "x" * MAX_MARKDOWN_CHARS

    assert to_html(text).startswith("<p>**bold**</p>\n\n<p>xxx")
    assert markdown_to_html(text).startswith("<p>**bold**</p>")
    assert to_html(text[:MAX_MARKDOWN_CHARS]).startswith("<p><strong>bold</strong></p>")


def test_overlong_html_is_truncated():
    assert len(to_html("<p>a</p>" * MAX_TEXT_CHARS)) < 4 * MAX_TEXT_CHARS
    assert to_html("<p>a</p>\n" * 1_000).count("<p>") == 1_000


ELEMENT_NAMES = (
    "a b i em font nobr div span p ul ol li dl dt dd table tr td caption blockquote pre h1 button form object"
    " option optgroup ruby rt sub section"
).split()
MALFORMED_PIECES = [
    "<!--",
    "-->",
    "<!",
    ">",
    "</",
    '"',
    "'",
    "<b '>",
    "<i title='",
    '<a href="</a>">',
    "x",
    "<br>",
]
MALFORMED_PIECES += [
    "<style>",
    "</style>",
    "<title>",
    "</title>",
    "<svg>",
    "<g>",
    "</svg>",
    "<select>",
    "</select>",
    "<![CDATA[",
]
PERMISSIVE_CLEANER = nh3.Cleaner(tags={*ELEMENT_NAMES, "br"}, clean_content_tags=set())


class Depth(HTMLParser):
    """Measure the nesting depth of clean HTML."""

    def __init__(self) -> None:
        super().__init__()
        self.now = self.greatest = 0

    def handle_starttag(self, tag: str, _attributes: object) -> None:
        self.now += tag not in VOID_ELEMENTS
        self.greatest = max(self.greatest, self.now)

    def handle_endtag(self, _tag: str) -> None:
        self.now -= 1


@settings(max_examples=300, derandomize=True, deadline=None)
@given(st.data())
def test_measured_depth_is_an_upper_bound_of_parsed_depth(data):
    names = data.draw(st.lists(st.sampled_from(ELEMENT_NAMES), min_size=1, max_size=4))
    pieces = [f"<{name}>" for name in names] + [f"</{name}>" for name in names]
    pieces += [f"<{name} title={number}>" for number, name in enumerate(names)]
    unit = data.draw(st.lists(st.sampled_from([*pieces, *MALFORMED_PIECES]), min_size=1, max_size=8))
    html = "".join(unit) * 30

    found = Depth()
    found.feed(PERMISSIVE_CLEANER.clean(html))

    _tags, depth = measure_markup(html)
    assert found.greatest <= 5 * depth + 6, html  # a table makes four elements of one tag


@pytest.fixture
def talk(db) -> Session:
    return make_session(make_event(), abstract="**One**", description="<p>Two<script>alert(1)</script></p>")


def load_stored_html(row: Session | Speaker) -> list[str]:
    """Return the HTML of abstract and description from the database."""
    return [getattr(type(row).objects.get(pk=row.pk), name) for name in ("abstract_html", "description_html")]


@pytest.mark.django_db
def test_html_is_stored_with_text(talk):
    assert load_stored_html(talk) == ["<p><strong>One</strong></p>", "<p>Two</p>"]


@pytest.mark.django_db
def test_stored_html_is_updated_by_save_update_and_bulk_operations(talk):
    talk.abstract = "*a*"
    talk.save(update_fields=["abstract"])
    assert load_stored_html(talk)[0] == "<p><em>a</em></p>"

    Session.objects.filter(pk=talk.pk).update(abstract="*b*")
    assert load_stored_html(talk)[0] == "<p><em>b</em></p>"

    talk.abstract = "*c*"
    Session.objects.bulk_update([talk], ["abstract"])
    assert load_stored_html(talk)[0] == "<p><em>c</em></p>"

    [made] = Session.objects.bulk_create([Session(event=talk.event, number=7, title="x", abstract="*d*")])
    assert load_stored_html(made)[0] == "<p><em>d</em></p>"

    speaker = Speaker.objects.create(event=talk.event, name="A", biography="*e*")
    talk.event.speakers.update(biography="*f*")
    assert Speaker.objects.get(pk=speaker.pk).biography_html == "<p><em>f</em></p>"


@pytest.mark.django_db
def test_text_with_prepared_html_is_not_cleaned_again(talk):
    talk.abstract = RichText("*a*", "<p>made elsewhere</p>")
    talk.save()

    assert load_stored_html(talk)[0] == "<p>made elsewhere</p>"
    assert Session.objects.get(pk=talk.pk).abstract == "*a*"
    assert attach_html("*a*").html == "<p><em>a</em></p>"


@pytest.mark.django_db
def test_pages_show_the_stored_html(talk, client):
    speaker = Speaker.objects.create(event=talk.event, name="Ada", biography="x")
    talk.appearances.create(speaker=speaker)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE schedule_session SET abstract_html = '<p>stored once</p>'")
        cursor.execute("UPDATE schedule_speaker SET biography_html = '<p>stored once</p>'")

    pages = [
        client.get(reverse("session", args=[talk.event.slug, talk.guid])),
        client.get(reverse("speaker", args=[talk.event.slug, speaker.guid])),
    ]

    for page in pages:
        assert "<p>stored once</p>" in page.content.decode()
    assert "<p>Two</p>" in pages[0].content.decode()
