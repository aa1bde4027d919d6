"""Sponsor logos: converted when uploaded, shown on the event page and on paper."""

import datetime
import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone
from PIL import Image
from pypdf import PdfReader

from convention.errors import UnreadableFile
from convention.parsing.process import FileTooDemanding
from registrations.logos import list_sponsor_tiers
from registrations.models import SponsorLogo, Sponsorship
from registrations.sponsors.logos import save_logo
from registrations.sponsors.sponsorships import cancel_sponsorship
from schedule.paper.print_agenda import print_agenda
from tests.factories import make_session
from tests.pdf_readers import pdf_text
from tests.registrations.sponsors.factories import make_package, make_picture, make_sponsorship

pytestmark = [pytest.mark.django_db, pytest.mark.once]


@pytest.fixture
def gold_package(event):
    return make_package(event, has_printed_logo=True)


@pytest.mark.parametrize(("sent", "size"), [
    (make_picture(), (60, 30)),
    (make_picture((4000, 1000), "JPEG"), (1200, 300)),
    (make_picture((300, 1200), mode="RGBA"), (150, 600)),
    (make_picture((10, 10), mode="P"), (10, 10)),
])  # fmt: skip
def test_uploaded_logo_is_converted_to_small_png(gold_package, sent, size):
    sent.seek(0)
    one = make_sponsorship(gold_package, has_logo=False)
    logo = save_logo(sponsorship=one, upload=sent)

    shown = Image.open(io.BytesIO(logo.content))

    assert shown.format == "PNG"
    assert shown.mode == "RGB"
    assert shown.size == size
    assert shown.info == {}


def test_small_file_with_too_many_pixels_is_refused(gold_package):
    bomb = make_picture((5000, 4000), mode="L")

    assert bomb.size < 100_000
    with pytest.raises(UnreadableFile, match="pixels"):
        save_logo(sponsorship=make_sponsorship(gold_package), upload=bomb)


def test_picture_needing_too_much_memory_is_refused_and_old_logo_stays(gold_package, settings):
    settings.PARSER_MEMORY_MB = 150
    one = make_sponsorship(gold_package)

    with pytest.raises(FileTooDemanding, match="pixels"):
        save_logo(sponsorship=one, upload=make_picture((4000, 4000), mode="RGBA"))

    assert SponsorLogo.objects.get().width == 60


@pytest.mark.parametrize("content", [
    b"", b"GIF89a", b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
    b"%PDF-1.7", b"\x89PNG\r\n\x1a\n broken", make_picture(kind="GIF").read(), make_picture().read()[:60],
    b"\x89PNG" + b"0" * (5 * 1024 * 1024),
])  # fmt: skip
def test_file_that_is_no_valid_png_or_jpeg_is_refused(gold_package, content):
    one = make_sponsorship(gold_package)

    with pytest.raises(UnreadableFile):
        save_logo(sponsorship=one, upload=SimpleUploadedFile("logo.png", content))
    assert SponsorLogo.objects.get().width == 60


def test_page_shows_upload_error_or_uploaded_logo(client, gold_package):
    one = make_sponsorship(gold_package, has_logo=False)
    address = reverse("order-sponsor", args=[one.order.reference, one.order.manage_secret])

    page = client.post(address, {"send_logo": "1", "logo": SimpleUploadedFile("a.png", b"no picture")})

    assert page.context["logo_form"].errors == {
        "logo": ["Envoyez une image PNG ou JPEG ; ce fichier est illisible."]
    }

    client.post(address, {"send_logo": "1", "logo": make_picture((80, 40))})
    answer = client.get(reverse("order-sponsor-logo", args=[one.order.reference, one.order.manage_secret]))

    assert answer["Content-Type"] == "image/png"
    assert Image.open(io.BytesIO(answer.content)).size == (80, 40)


def test_logos_are_sorted_by_package_then_name_once_shown(client, event, gold_package):
    silver = make_package(event, slug="silver", name="Argent", position=5)
    for package, name in (
        (silver, "Zeta"),
        (gold_package, "éclair"),
        (gold_package, "Delta"),
        (silver, "Alpha"),
        (gold_package, "Fin"),
    ):
        make_sponsorship(package, name=name)
    make_sponsorship(gold_package, name="Sans", has_logo=False)
    Sponsorship.objects.filter(name="Fin").update(shown_from=timezone.now() + datetime.timedelta(days=1))

    tiers = list_sponsor_tiers(event)

    assert [(t.package.slug, t.logo_size, [s.name for s in t.sponsors]) for t in tiers] == [
        ("gold", 1, ["Delta", "éclair"]), ("silver", 2, ["Alpha", "Zeta"]),
    ]  # fmt: skip

    first, later = (Sponsorship.objects.get(name=name) for name in ("Delta", "Fin"))
    addresses = [reverse("sponsor-logo", args=["congress", one.pk]) for one in (first, later)]

    assert [client.get(address).status_code for address in addresses] == [200, 404]

    before = client.get("/events/congress/")

    assert [n for n in ("Delta", "éclair", "Alpha", "Zeta", "Fin") if f'alt="{n}"' in before.text] == [
        "Delta", "éclair", "Alpha", "Zeta",
    ]  # fmt: skip

    cancel_sponsorship(sponsorship=first)

    assert 'alt="Delta"' not in client.get("/events/congress/").text


@pytest.mark.parametrize("kind", ["booklet", "doors"])
def test_printed_agenda_shows_logos_of_packages_that_include_them(event, gold_package, kind):
    make_session(event, starts_at=event.starts_at, ends_at=event.starts_at + datetime.timedelta(hours=1))
    make_sponsorship(gold_package, name="Delta")
    make_sponsorship(make_package(event, slug="silver", name="Argent"), name="Alpha")
    file = io.BytesIO()

    print_agenda(event, file=file, format_name=kind)

    last = PdfReader(file).pages[-1]
    assert [image.image.size for image in last.images if image.name != "~0~.png"] == [(60, 30)]
    assert "Argent" not in pdf_text(file.getvalue())
    assert ("Or" in last.extract_text()) == (kind == "booklet")
