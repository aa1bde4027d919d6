"""Test mailing texts: placeholders are checked and filled in safely, alike in text and HTML."""

import pytest

from badges.mailings.composing.drafts import (
    MailingDraft,
    NotADraft,
    create_mailing,
    delete_draft,
    update_mailing,
)
from badges.mailings.composing.mailing_writer import Addressee, MailingWriter
from badges.mailings.composing.placeholders import (
    PLACEHOLDERS,
    InvalidMailText,
    check_subject,
    check_text,
    convert_to_text,
    fill_html,
    fill_subject,
    fill_text,
    render_safe_html,
)
from badges.mailings.models import Mailing
from convention.audit.models import AuditEntry
from convention.errors import InvalidFields
from convention.mail.messages import render_mail_message, send_mail_message
from convention.web.accent_colours import make_light_tones
from registrations.permissions import make_own_secret
from tests.badges.mailings.factories import TEXTS, make_mailing
from tests.factories import make_event, make_order, make_registration, make_ticket

pytestmark = pytest.mark.once


def fill_template(text: str, **values) -> tuple[str, str]:
    html = render_safe_html(text)
    values = {**dict.fromkeys(PLACEHOLDERS, ""), **values}
    return fill_html(html, values), fill_text(convert_to_text(html), values)


def test_placeholders_are_filled_in_html_and_text():
    html, text = fill_template(
        "Hello **{first_name}**,\n\n[Your page]({manage_url}), {badge}",
        first_name="Ana", manage_url="https://club.example/o/1/?a=1&b=2", badge="https://club.example/b",
    )  # fmt: skip

    assert "<strong>Ana</strong>" in html
    assert 'href="https://club.example/o/1/?a=1&amp;b=2"' in html
    assert 'href="https://club.example/b"' in html
    assert text == ("Hello Ana,\n\nYour page (https://club.example/o/1/?a=1&b=2), https://club.example/b")


@pytest.mark.parametrize(
    ("name", "escaped"),
    [
        ("**Ana**", "**Ana**"),
        ("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"),
        ("[x](https://evil.example)", "[x](https://evil.example)"),
        ("{name}", "{name}"),
    ],
)
def test_names_are_never_interpreted_as_markup(name, escaped):
    html, text = fill_template("Hello {first_name}", first_name=name)

    assert html.strip() == f"<p>Hello {escaped}</p>"
    assert text == f"Hello {name}"


def test_scripts_event_handlers_styles_images_and_unsafe_links_are_removed():
    html, _text = fill_template(
        "<p onclick='x' style='color:red'>Hi <img src=x> <script>x</script> <style>red</style> "
        "<a href='javascript:x'>y</a></p>"
    )
    assert " ".join(html.split()) == '<p>Hi <a rel="nofollow noopener noreferrer">y</a></p>'


def test_html_tag_does_not_break_surrounding_markdown():
    written = "Hello **{name}**,\n\n<b>now</b> [here]({badge})\n\n- one\n- two"
    html, text = fill_template(written, name="Ana", badge="https://x.example/")

    assert html.count("<p>") == 2
    assert "<strong>Ana</strong>" in html
    assert "<b>now</b>" in html
    assert html.count("<li>") == 2
    assert text == "Hello Ana,\n\nnow here (https://x.example/)\n\n• one\n• two"


@pytest.mark.parametrize("text", ["Hello {prenom}", "{}", "{First_name}", "{name!r}", "{ name }"])
def test_unknown_placeholder_is_named_in_error(text):
    with pytest.raises(InvalidMailText) as error:
        check_text(text)

    named = text.partition("{")[2].rstrip("}")

    assert str(error.value).startswith(f"Champ «\u202f{{{named}}}\u202f» inconnu.")


def test_link_needs_url_placeholder_and_subject_refuses_it():
    with pytest.raises(InvalidMailText, match="Il manque l’adresse d’un lien"):
        check_text("[x]({name})")
    with pytest.raises(InvalidMailText, match="est une adresse"):
        check_subject("Votre badge {badge}")
    check_text("[x]({badge})")


@pytest.mark.parametrize(
    "text", ["Bonjour {first_name, ça va", "Bonjour {{first_name}}", "a } b", "{\n}", "{" + "x" * 61 + "}"]
)
def test_unmatched_brace_is_refused_with_its_context(text):
    for check in (check_text, check_subject):
        with pytest.raises(InvalidMailText, match="Accolade isolée dans") as error:
            check(text)
        assert " ".join(text.split())[:15] in str(error.value)


def test_unknown_name_leaves_no_space_behind():
    html, text = fill_template("Hello {first_name},\n\nThe place of {name}.")

    assert html.strip() == "<p>Hello,</p>\n<p>The place of.</p>"
    assert text == "Hello,\n\nThe place of."
    assert fill_subject("Hello {first_name}", {"first_name": ""}) == "Hello"


def test_right_to_left_name_is_isolated_in_html():
    html, text = fill_template("Hello {first_name}, 2 days", first_name="محمد")

    assert html.strip() == "<p>Hello <bdi>محمد</bdi>, 2 days</p>"
    assert text == "Hello محمد, 2 days"


@pytest.mark.django_db
class TestMailingWriter:
    def write(self, *registrations, language="fr", **fields):
        mailing = make_mailing(registrations[0].event, **fields)
        return MailingWriter(mailing, language).write(Addressee(registrations, language, 5, "mailing-1-5"))

    def test_attendee_gets_own_link(self):
        event = make_event(name="Convention", contact_email="club@example.org")
        order = make_order(event, email="boss@example.org")
        one = make_registration(make_ticket(event), order=order, first_name="Zoé", email="zoe@example.org")
        message = self.write(one)

        text, html = render_mail_message(message)

        assert message.to == "zoe@example.org"
        assert message.subject == "Nouvelles de Convention"
        assert message.message_key == "mailing-1-5"
        assert message.reply_to == "club@example.org"
        assert f"/orders/{order.reference}/{make_own_secret(one)}/" in text
        assert order.manage_secret not in text + html
        assert "Bonjour Zoé," in text
        assert "<strong>Guest</strong>" in html
        assert message.headers == {}

    def test_buyer_for_others_gets_order_link_and_link_for_each_attendee(self):
        event = make_event()
        order, ticket = make_order(event, email="boss@example.org", language="en"), make_ticket(event)
        people = [
            make_registration(ticket, order=order, first_name=n, email="") for n in ("Ana", "Bob", "Cy")
        ]
        message = self.write(*people, language="en")

        text, _html = render_mail_message(message)

        assert message.to == "boss@example.org"
        assert "Hello Ana, Bob and Cy," in text
        assert text.count(f"/en/orders/{order.reference}/{order.manage_secret}/") == 4

    def test_buyer_is_greeted_for_places_without_a_name(self):
        event = make_event()
        order, ticket = make_order(event, email="boss@example.org"), make_ticket(event)
        unnamed = make_registration(ticket, order=order, first_name="", last_name="", email="")
        other = make_registration(ticket, order=order, first_name="", last_name="", email="bo@example.org")

        assert "\nBonjour,\n" in render_mail_message(self.write(unnamed))[0]
        make_registration(ticket, order=order, first_name="Zoé", email="boss@example.org")
        assert "\nBonjour Zoé,\n" in render_mail_message(self.write(unnamed))[0]
        assert "\nBonjour,\n" in render_mail_message(self.write(other))[0]

    def test_sent_mail_equals_rendered_mail(self, mailoutbox):
        message = self.write(make_registration(make_ticket(make_event(accent="#a01060"))))
        send_mail_message(message)

        [sent] = mailoutbox

        assert (sent.body, sent.alternatives[0].content) == render_mail_message(message)
        assert make_light_tones("#a01060").accent in render_mail_message(message)[1]

    def test_news_has_one_click_unsubscribe_link(self):
        message = self.write(make_registration(), purpose="news")
        text, html = render_mail_message(message)

        address = message.headers["List-Unsubscribe"]
        assert message.headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        assert address[1:-1] in text
        assert address[1:-1] in html
        assert address.startswith("<http://localhost:8000/news/stop/")


@pytest.mark.django_db
class TestWriting:
    def test_draft_is_created_changed_and_deleted(self):
        mailing = create_mailing(event=make_event(), draft=MailingDraft(texts=TEXTS), author=None)
        update_mailing(
            mailing=mailing, draft=MailingDraft(purpose="news", texts={**TEXTS, "subject_fr": "Autre"})
        )

        mailing.refresh_from_db()
        assert mailing.subject_fr == "Autre"
        assert mailing.is_news
        assert mailing.languages == ["fr", "en"]

        delete_draft(mailing=mailing)

        assert list(AuditEntry.objects.order_by("pk").values_list("verb", "fields")) == [
            ("mailing.write", ["segment", *sorted(TEXTS, key=list(TEXTS).index)]),
            ("mailing.change", ["purpose", "subject_fr"]),
            ("mailing.remove", []),
        ]

    def test_incomplete_language_and_unknown_placeholder_are_refused(self):
        texts = {"subject_fr": "", "text_fr": "Bonjour", "subject_en": "Hello {x}", "text_en": ""}

        with pytest.raises(InvalidFields) as error:
            create_mailing(event=make_event(), draft=MailingDraft(texts=texts), author=None)
        assert sorted(error.value.field_errors) == ["subject_en", "subject_fr", "text_en"]
        assert not Mailing.objects.exists()

    def test_launched_mailing_cannot_be_changed_or_deleted(self):
        mailing = make_mailing(send_at="2026-01-01T00:00Z")
        for action in (
            lambda: update_mailing(mailing=mailing, draft=MailingDraft(texts=TEXTS)),
            lambda: delete_draft(mailing=mailing),
        ):
            with pytest.raises(NotADraft):
                action()
