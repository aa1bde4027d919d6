"""Question pages: asked on the second screen, answered later by link, edited by organizers."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from lxml import html

from convention.api.tokens import create_token
from convention.events.models import Event
from registrations.models import AnswerFile, Question, Registration
from registrations.rate_limits import ANSWER_FILES_PER_HOUR, throttle_answer_file
from tests.factories import make_account, make_administrator, make_event, make_question, make_registration
from tests.page_forms import load_form
from tests.registrations.test_pages import BILLING, build_person_form, read_page_text

pytestmark = pytest.mark.django_db
CHOICES = "/events/congress/register/choices/"


@pytest.fixture
def organizer(event: Event) -> Client:
    client, person = Client(), make_account()
    event.roles.create(person=person, role="organizer")
    client.force_login(person)
    return client


def build_choices_form(**answers) -> dict[str, object]:
    return {
        "choice-0-ticket": "guest",
        **{f"answer-0-{slug.replace('_', '-')}": v for slug, v in answers.items()},
    }


def test_question_is_shown_before_validation_and_input_is_kept(client: Client, event: Event):
    make_question(event, "diet", ["vegan", "halal"], is_required=True)
    make_question(event, "allergy")
    client.post("/events/congress/register/", build_person_form())

    first = client.post(CHOICES, {"choice-0-ticket": "guest"})

    assert "Allergy" in read_page_text(first)
    assert "Choisissez une réponse." not in read_page_text(first)

    second = client.post(CHOICES, build_choices_form(shown="diet allergy", allergy="Noix"))

    assert "Choisissez une réponse." in read_page_text(second)
    assert 'value="Noix"' in second.content.decode()

    third = client.post(CHOICES, build_choices_form(shown="diet allergy", allergy="Noix", diet="vegan"))

    assert third.url == "/events/congress/register/check/"

    client.post(third.url, {"language": "fr", **BILLING})

    assert Registration.objects.get().answers == {"diet": "vegan", "allergy": "Noix"}


def test_draft_request_returns_follow_up_questions(client: Client, event: Event):
    dinner = make_question(event, "dinner", ["yes", "no"])
    make_question(event, "meal", ["fish"], shown_after_option=dinner.options.get(slug="yes"))
    client.post("/events/congress/register/", build_person_form())

    def asked(**answers):
        answer = client.post(CHOICES, build_choices_form(**answers), headers={"X-Draft": "questions"})
        return ["dinner" in answer.text, "meal" in answer.text]

    assert asked() == [True, False]
    assert asked(dinner="yes") == [True, True]
    assert asked(dinner="no") == [True, False]


def test_uploaded_file_is_kept_while_other_errors_are_corrected(client: Client, event: Event):
    make_question(event, "proof", kind=Question.Kind.FILE, is_required=True)
    make_question(event, "name", is_required=True)
    client.post("/events/congress/register/", build_person_form())
    upload = SimpleUploadedFile("card.pdf", b"%PDF-1.7")

    page = client.post(CHOICES, build_choices_form(shown="proof name", proof=upload))

    token = AnswerFile.objects.get().token
    assert f'name="answer-0-proof-stored" value="{token}"' in page.content.decode()

    done = client.post(CHOICES, build_choices_form(shown="proof name", name="Zoé", **{"proof-stored": token}))

    assert done.status_code == 302

    bad = client.post(
        CHOICES, build_choices_form(shown="proof name", name="Z", proof=SimpleUploadedFile("a.exe", b"MZ"))
    )

    assert "Envoyez un fichier PDF, PNG ou JPEG." in read_page_text(bad)


def test_questions_are_answered_later_by_link(client: Client, event: Event):
    make_question(event, "diet", [("vegan", 1), "halal"])
    registration = make_registration(event.tickets.get())

    page = f"{registration.order.manage_path}{registration.reference}/answers/"
    assert "Réponses" in read_page_text(client.get(registration.order.manage_path))
    assert client.post(page, {"diet": "vegan", "shown": "diet"}).url == registration.order.manage_path
    assert "Vegan" in read_page_text(client.get(registration.order.manage_path))

    other = make_registration(event.tickets.get())
    full = client.post(f"{other.order.manage_path}{other.reference}/answers/", {"diet": "vegan"})

    assert "Il ne reste plus de place" in read_page_text(full)


def test_missing_choice_is_an_error_of_the_first_line_of_choices(organizer: Client, event: Event):
    rows = {"option-TOTAL_FORMS": "2", "option-INITIAL_FORMS": "0"}
    fields = {"text": "Régime", "kind": "diet", "retention_days": "10", "position": "0"}

    page = html.fromstring(organizer.post("/en/organize/congress/questions/new/", fields | rows).content)

    errors = page.xpath("//*[@id='error-summary']//a")
    assert [(link.text, link.get("href")) for link in errors] == [
        ("Line 1, Choice: Enter at least one choice.", "#id_option-0-text")
    ]
    assert not Question.objects.exists()


def test_organizer_creates_question_and_sees_answers(organizer: Client, event: Event):
    rows = {"option-TOTAL_FORMS": "2", "option-INITIAL_FORMS": "0"}
    said = {
        "text": "Régime",
        "text_en": "Diet",
        "slug": "diet",
        "kind": "diet",
        "retention_days": "10",
        "position": "0",
        "asked_of": "guest",
        "after": "",
    }

    none = organizer.post("/organize/congress/questions/new/", {**said, **rows})

    assert "Indiquez au moins un choix." in read_page_text(none)

    options = {"option-0-text": "Végétalien", "option-0-text_en": "Vegan", "option-1-text": "Végétalien"}
    organizer.post("/organize/congress/questions/new/", {**said, **rows, **options})

    question = Question.objects.get()
    assert [option.slug for option in question.options.all()] == ["vegetalien", "vegetalien-2"]
    assert [ticket.slug for ticket in question.tickets.all()] == ["guest"]

    registration = make_registration(event.tickets.get(), answers={"diet": ["vegetalien"]})

    assert "1" in read_page_text(organizer.get("/organize/congress/questions/"))
    one = f"/organize/congress/registrations/{registration.reference}/"
    assert "Végétalien" in read_page_text(organizer.get(one))

    organizer.post(f"{one}answers/", {"diet": [], "answers-reason": "Appel"})

    registration.refresh_from_db()
    assert registration.answers == {}

    csv = organizer.get("/organize/congress/registrations.csv").content.decode("utf-8-sig")

    assert csv.splitlines()[0].endswith("Régime")


def test_retention_of_answers_is_limited_to_ten_years(organizer: Client, event: Event):
    make_question(event, "first")
    asked = {"text": "First", "slug": "first", "kind": "choice", "position": "0", "option-TOTAL_FORMS": "1",
             "option-INITIAL_FORMS": "0", "option-0-slug": "yes", "option-0-text": "Yes"}  # fmt: skip

    page = organizer.post("/organize/congress/questions/first/", {**asked, "retention_days": "3651"})

    assert "Au plus 3650 jours" in read_page_text(page)

    organizer.post("/organize/congress/questions/first/", {**asked, "retention_days": "3650"})

    assert event.questions.get().retention_days == 3650


def test_question_cannot_depend_on_itself(organizer: Client, event: Event):
    first = make_question(event, "first", ["yes"])
    second = make_question(event, "second", ["yes"], shown_after_option=first.options.get())

    page = organizer.post(
        "/organize/congress/questions/first/",
        {"text": "First", "slug": "first", "kind": "choice", "retention_days": "1", "position": "0",
         "after": str(second.options.get().pk), "option-TOTAL_FORMS": "1", "option-INITIAL_FORMS": "1",
         "option-0-slug": "yes", "option-0-text": "Yes"},
    )  # fmt: skip

    assert "Cette question dépend elle-même de celle-ci" in read_page_text(page)


def test_api_validates_stores_and_returns_answers(client: Client, event: Event):
    make_question(event, "diet", ["vegan"], is_required=True)
    body = {
        "email": "z@example.org",
        "registrations": [
            {"ticket": "guest", "first_name": "Z", "last_name": "M", "answers": {"diet": "beef"}}
        ],
    }

    refused = client.post("/api/v1/events/congress/orders/", body, content_type="application/json")

    assert refused.status_code == 422
    assert list(refused.json()["errors"]) == ["registrations.0.answers.diet"]

    body["registrations"][0]["answers"] = {"diet": "vegan"}

    assert (
        client.post("/api/v1/events/congress/orders/", body, content_type="application/json").status_code
        == 201
    )
    assert Registration.objects.get().answers == {"diet": "vegan"}

    person = make_administrator()
    _row, token = create_token(person_id=person.pk, name="x", scopes=["registrations:read"])

    listed = client.get(
        "/api/v1/events/congress/registrations/", headers={"Authorization": f"Bearer {token}"}
    ).json()

    assert [row["answers"] for row in listed["results"]] == [{"diet": "vegan"}]


def test_questions_are_asked_in_the_order_set_by_organizer(organizer: Client, event: Event):
    for position, slug in enumerate(("diet", "allergy", "shirt")):
        make_question(event, slug, position=position)
    address = "/organize/congress/questions/"

    def after(slug: str, way: str) -> list[str]:
        assert organizer.post(f"{address}{slug}/move/", {way: "1"}).url == address
        return list(event.questions.values_list("slug", flat=True))

    assert after("shirt", "up") == ["diet", "shirt", "allergy"]
    assert after("diet", "down") == ["shirt", "diet", "allergy"]
    assert after("shirt", "up") == ["shirt", "diet", "allergy"]
    assert after("allergy", "down") == ["shirt", "diet", "allergy"]
    assert list(event.questions.values_list("position", flat=True)) == [0, 10, 20]
    client = Client()
    client.post("/events/congress/register/", build_person_form())
    asked = read_page_text(
        client.post(CHOICES, {"choice-0-ticket": "guest"}, headers={"X-Draft": "questions"})
    )
    assert sorted(("Shirt", "Diet", "Allergy"), key=asked.index) == ["Shirt", "Diet", "Allergy"]
    page = html.fromstring(organizer.get(address).content)
    assert [button.get("aria-label") for button in page.xpath("//td//button[not(@disabled)]")] == [
        "Descendre Shirt", "Monter Diet", "Descendre Diet", "Monter Allergy",
    ]  # fmt: skip


def test_question_of_another_event_cannot_be_moved(organizer: Client):
    elsewhere = make_event(slug="elsewhere")
    for position, slug in enumerate(("diet", "shirt")):
        make_question(elsewhere, slug, position=position)

    for of in ("elsewhere", "congress"):
        answer = organizer.post(f"/organize/{of}/questions/shirt/move/", {"up": "1"})
        assert answer.status_code == (403 if of == "elsewhere" else 404)

    assert list(elsewhere.questions.values_list("slug", flat=True)) == ["diet", "shirt"]


def test_uploads_are_rate_limited_by_browser_and_address(client: Client, event: Event, settings):
    settings.RATE_LIMITS = "on"
    make_question(event, "proof", kind=Question.Kind.FILE)

    def send(browser: Client) -> str:
        file = SimpleUploadedFile("card.pdf", b"%PDF-1.7")
        return read_page_text(browser.post(CHOICES, build_choices_form(shown="proof", proof=file)))

    client.post("/events/congress/register/", build_person_form(**{"person-0-email": "many@example.org"}))
    for _file in range(ANSWER_FILES_PER_HOUR):
        throttle_answer_file(client.session.session_key, "x@example.org")
    assert "Vous avez envoyé trop de fichiers. Retirez-en et réessayez." in send(client)
    assert AnswerFile.objects.count() == 0
    other = Client()
    other.post("/events/congress/register/", build_person_form(**{"person-0-email": "few@example.org"}))
    assert "trop de fichiers" not in send(other)
    assert AnswerFile.objects.count() == 1
    other.post("/events/congress/register/", build_person_form(**{"person-0-email": "X@example.org"}))
    assert "trop de fichiers" in send(other)
    assert AnswerFile.objects.count() == 1


def test_uploads_are_rate_limited_by_registration(client: Client, event: Event, settings):
    settings.RATE_LIMITS = "on"
    make_question(event, "proof", kind=Question.Kind.FILE)
    one = make_registration(event.tickets.get())
    page = f"{one.order.manage_path}{one.reference}/answers/"
    sent = {"shown": "proof", "proof": SimpleUploadedFile("card.pdf", b"%PDF-1.7")}

    for _file in range(ANSWER_FILES_PER_HOUR - 1):
        throttle_answer_file(one.reference)

    assert client.post(page, sent).status_code == 302

    sent["proof"] = SimpleUploadedFile("other.pdf", b"%PDF-1.7")

    assert "Vous avez envoyé trop de fichiers. Retirez-en et réessayez." in read_page_text(
        client.post(page, sent)
    )
    assert [file.name for file in AnswerFile.objects.all()] == ["card.pdf"]


@pytest.fixture
def registration_with_follow_up(event: Event) -> Registration:
    """Return a registration whose diet question leads, for an allergy, to a mandatory question."""
    diet = make_question(event, "diet", ["allergy", "vegan"], kind=Question.Kind.DIET)
    make_question(event, "which", shown_after_option=diet.options.get(slug="allergy"), is_required=True)
    return make_registration(event.tickets.get())


def test_changed_answers_show_their_follow_up_question_before_they_are_checked(
    client: Client, registration_with_follow_up: Registration
):
    registration = registration_with_follow_up
    address = f"/en{registration.order.manage_path}{registration.reference}/answers/"

    response = client.post(address, {**load_form(client, address), "diet": "allergy"})

    page = html.fromstring(response.text)
    assert page.xpath("//input[@name='which']/@autofocus")
    assert "These answers lead to another question. Answer it, then save." in page.text_content()
    assert not page.xpath("//*[@id='error-summary']")
    registration.refresh_from_db()
    assert registration.answers == {}


def test_script_receives_follow_up_questions_of_registration(
    client: Client, registration_with_follow_up: Registration
):
    registration = registration_with_follow_up
    address = f"{registration.order.manage_path}{registration.reference}/answers/"
    fields = {**load_form(client, address), "diet": "allergy"}

    response = client.post(address, fields, headers={"X-Draft": "questions"})

    part = html.fromstring(response.text)
    assert part.xpath("//*[@data-attendee]//*[@data-question]/@data-question") == ["diet", "which"]
    assert not part.xpath("//main")
    registration.refresh_from_db()
    assert registration.answers == {}


def test_script_receives_follow_up_questions_on_the_page_of_an_organizer(
    organizer: Client, registration_with_follow_up: Registration
):
    address = f"/organize/congress/registrations/{registration_with_follow_up.reference}/answers/"
    fields = {**load_form(organizer, address), "diet": "allergy", "answers-reason": "Asked by phone"}

    response = organizer.post(address, fields, headers={"X-Draft": "questions"})

    assert html.fromstring(response.text).xpath("//@data-question") == ["diet", "which"]
    registration_with_follow_up.refresh_from_db()
    assert registration_with_follow_up.answers == {}


def test_page_of_answers_is_named_like_its_button(client: Client, registration_with_follow_up: Registration):
    registration = registration_with_follow_up
    address = f"/en{registration.order.manage_path}{registration.reference}/answers/"

    page = html.fromstring(client.get(address).text)

    assert page.findtext(".//title").startswith("Answers ·")
    assert page.xpath("string(//h1)") == f"Answers for {registration.name}"
