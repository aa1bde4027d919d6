"""Test printed badges: every code decodes, every name is complete, and nothing overlaps."""

import io
import random
import re

import numpy as np
import pdfplumber
import pytest
import zxingcpp
from django.utils import timezone
from PIL import Image

from badges.codes import BadgeHolder, NoBadge, build_badge_code, build_badge_codes, make_short_code
from badges.printing.design import (
    BADGE_HEIGHT,
    BADGE_MARGIN,
    BADGE_NAME_BOX,
    BADGE_WIDTH,
    CONTENT_LEFT,
    INNER_WIDTH,
    NAMES_BOTTOM,
    NAMES_TOP,
    QR_SIDE,
)
from badges.printing.layouts import BADGE_LAYOUTS
from badges.printing.names import fit_names
from badges.printing.pdf import (
    BadgePrintOptions,
    NothingToPrint,
    UnknownLayout,
    render_badge_pdf,
    render_badge_svg,
    write_badges,
    write_event_badges,
)
from convention.web.accent_colours import choose_ink
from tests.factories import make_event, make_registration, make_ticket
from tests.pdf_readers import decode_qr, pdf_sizes, pdf_text, render_pdf

pytestmark = [pytest.mark.django_db, pytest.mark.once]

NAMES = [
    ("Zoë", "Müller", "Acme"),
    ("Jean-Baptiste-Emmanuel", "de La Rochefoucauld", "Société des travaux publics de l’Ouest"),
    ("محمد", "بن سلمان", "شركة"),
    ("דוד", "בן־גוריון", "חברה"),
    ("กิตติศักดิ์", "น้ำใจ", "บริษัท"),
    ("小明", "王", "東京電力"),
    ("철수", "김", "삼성전자"),
    ("Zoé 🎉", "Fête", ""),
    ("Владимир", "Хрущёв", "Газпром"),
    ("Ελένη", "Παπαδοπούλου", ""),
    ("W" * 300, "M" * 300, "Q" * 300),
    ("", "Cher", ""),
]

NAMES_BY_SCRIPT = {
    "Vietnamese": ("Nguyễn Thị", "Minh Khai", "Công ty Điện lực"),
    "Polish": ("Łukasz", "Brzęczyszczykiewicz", "Żabka"),
    "Turkish": ("İlknur", "Çağlayangil", "Şişecam"),
    "Icelandic": ("Þórdís", "Ægisdóttir", "Ðögg"),
    "Yoruba": ("Ọlọ́runfẹ́mi", "Adébáyọ̀", "Ìròyìn"),
    "Irish": ("D’Arcy", "O’Shaughnessy-Ní Dhomhnaill", "Éire"),
    "French": ("Jean–Noël", "Œuvrard", "L’Œuvre & Cie"),
    "Greek": ("Ἀριστοτέλης", "Παπαδόπουλος", "Δημόσια Επιχείρηση"),
    "Serbian": ("Ђорђе", "Љубичић", "Електропривреда"),
    "Ukrainian": ("Олександр", "Кравчук’юк", "Київ’енерго"),
    "Armenian": ("Անահիտ", "Խաչատրյան", "Երևան"),
    "Georgian": ("ნინო", "ჭავჭავაძე", "თბილისი"),
    "Hebrew": ("שָׂרָה", "בן־צבי", "חברת החשמל"),
    "Arabic": ("عبد الرحمن", "الفاسي", "شركة الكهرباء"),
    "Persian": ("فاطمه", "پورمحمدی\u200cنژاد", "گروه چای"),
    "Urdu": ("نصرت", "علی خاں", "ٹیلی نار"),
    "Hindi": ("प्रियङ्का", "श्रीवास्तव", "भारत संचार"),
    "Bengali": ("সৌমিত্র", "চট্টোপাধ্যায়", "কলকাতা"),
    "Tamil": ("கார்த்திக்", "சுப்பிரமணியன்", "தமிழ்"),
    "Telugu": ("శ్రీనివాస్", "రెడ్డి", "హైదరాబాద్"),
    "Kannada": ("ಕೃಷ್ಣಮೂರ್ತಿ", "ಶಾಸ್ತ್ರಿ", "ಬೆಂಗಳೂರು"),
    "Malayalam": ("ശ്രീലക്ഷ്മി", "നമ്പൂതിരി", "കേരളം"),
    "Gujarati": ("જયશ્રી", "પટેલ", "ગુજરાત"),
    "Punjabi": ("ਗੁਰਪ੍ਰੀਤ", "ਸਿੰਘ", "ਪੰਜਾਬ"),
    "Sinhala": ("ශ්\u200dරියානි", "විජේසිංහ", "ලංකා"),
    "Thai": ("กิตติศักดิ์", "น้ำใจ", "บริษัท"),
    "Lao": ("ສົມສະໜຸກ", "ວົງສາ", "ບໍລິສັດ"),
    "Khmer": ("សុខា", "ចាន់", "ក្រុមហ៊ុន"),
    "Burmese": ("မြင့်မြင့်", "အောင်ဆန်း", "ကုမ္ပဏီ"),
    "Amharic": ("ሰላማዊት", "ገብረ ማርያም", "ኢትዮ ቴሌኮም"),
    "Berber": ("ⵜⵉⵣⵉⵔⵉ", "ⴰⵎⵖⵉⵔ", "ⴰⵎⴰⵣⵉⵖ"),
    "Chinese": ("嘉玲", "歐陽", "臺灣電力"),
    "rare Chinese": ("𠮷田", "髙橋", "﨑"),
    "Japanese": ("さくら", "ﾀﾅｶ", "㈱日立"),
    "Korean": ("하늘", "남궁", "한국전력공사"),
}


@pytest.fixture
def ticket():
    ticket = make_ticket()
    for first, last, company in NAMES:
        make_registration(ticket, first_name=first, last_name=last, company=company, no_photo=len(first) % 2)
    return ticket


def print_badges(event, layout="a6", **options):
    file = io.BytesIO()
    problems = write_event_badges(file, event, options=BadgePrintOptions(layout, **options))
    return file.getvalue(), problems


@pytest.mark.parametrize("layout", ["a6", "a4x4", "label"])
def test_rendered_pages_contain_exactly_the_badge_codes(ticket, layout):
    pdf, _problems = print_badges(ticket.event, layout)
    read = []

    for page in render_pdf(pdf, dpi=150):
        read += [code.text for code in zxingcpp.read_barcodes(np.asarray(page.convert("L")))]

    assert sorted(read) == sorted(code for _holder, code in build_badge_codes(ticket.event))


def test_sizes_are_a6_and_a4(ticket):
    a6, a4 = print_badges(ticket.event, "a6")[0], print_badges(ticket.event, "a4x4")[0]

    assert {tuple(map(round, size)) for size in pdf_sizes(a6)} == {(105, 148)}
    assert {tuple(map(round, size)) for size in pdf_sizes(a4)} == {(210, 297)}
    assert len(pdf_sizes(a6)) == 12
    assert len(pdf_sizes(a4)) == 3


def test_overlong_name_and_missing_glyph_are_reported(ticket):
    _pdf, problems = print_badges(ticket.event)
    assert [(problem.holder.first_name[:4], problem.sentence) for problem in problems] == [
        ("Zoé ", "aucune police disponible pour 🎉"),
        (
            "WWWW",
            "le nom est trop long pour une taille lisible\u202f; il est imprimé en entier, en plus petit",
        ),
    ]


def test_names_are_in_text_layer(ticket):
    pdf, _problems = print_badges(ticket.event)
    text = pdf_text(pdf)

    for name in ("Zoë", "Müller", "王", "小明", "Владимир", "Хрущёв", "Παπαδοπούλου", "김", "Cher", "Zoé 🎉"):
        assert name in text
    assert "W" * 300 in text.replace("\n", "")


@pytest.mark.parametrize("layout", BADGE_LAYOUTS)
def test_names_in_many_scripts_are_complete_in_every_layout(layout):
    ticket = make_ticket()
    for first, last, company in NAMES_BY_SCRIPT.values():
        make_registration(ticket, first_name=first, last_name=last, company=company)

    pdf, problems = print_badges(ticket.event, layout)

    assert problems == []
    text = remove_white_space(pdf_text(pdf))
    missing = [
        script
        for script, names in NAMES_BY_SCRIPT.items()
        if not all(remove_white_space(name) in text for name in names)
    ]
    assert missing == []
    # No name overlaps a code.
    pages = [np.asarray(page.convert("L")) for page in render_pdf(pdf, dpi=120)]
    codes = {code.text for page in pages for code in zxingcpp.read_barcodes(page)}
    assert codes == {code for _holder, code in build_badge_codes(ticket.event)}


def remove_white_space(text):
    """Return the text without white space: names may be broken between lines."""
    return re.sub(r"\s", "", text)


def test_a_script_without_font_is_reported():
    registration = make_registration(first_name="བསྟན", last_name="Gyatso")

    _pdf, problems = print_badges(registration.event)

    [problem] = problems
    assert problem.sentence.startswith("aucune police disponible pour བ")


def test_names_stay_between_header_and_code_and_within_margins(ticket):
    with pdfplumber.open(io.BytesIO(print_badges(ticket.event)[0])) as pdf:
        for page in pdf.pages:
            for char in page.chars:
                assert char["x0"] >= BADGE_MARGIN - 0.1
                assert char["x1"] <= BADGE_WIDTH - BADGE_MARGIN + 0.1
            names = [c for c in page.chars if NAMES_TOP - 4 < (c["top"] + c["bottom"]) / 2 < NAMES_BOTTOM]
            quiet = (BADGE_WIDTH - BADGE_MARGIN - QR_SIDE, BADGE_HEIGHT - BADGE_MARGIN - 30 - QR_SIDE)
            below = [c for c in page.chars if (c["top"] + c["bottom"]) / 2 >= NAMES_BOTTOM]
            assert all(c["x1"] <= quiet[0] or c["top"] > BADGE_HEIGHT - BADGE_MARGIN - 30 for c in below)
            assert names


@pytest.mark.parametrize(
    ("first", "last", "company", "is_rtl"),
    [
        ("Élodie-Maëlys", "Dupré", "Acme", False),
        ("Marie-Antoinette", "von Habsburg-Lothringen", "שלום", False),
        ("דוד", "בן־גוריון", "Acme", True),
        ("محمد", "Smith", "Acme", True),
    ],
)
def test_names_are_within_margins_and_aligned_by_script_direction(first, last, company, is_rtl):
    registration = make_registration(first_name=first, last_name=last, company=company)
    with pdfplumber.open(io.BytesIO(render_badge_pdf(registration))) as pdf:
        middle = [c for c in pdf.pages[0].chars if NAMES_TOP - 4 < c["bottom"] < NAMES_BOTTOM]
    lines = {}
    for char in middle:
        lines.setdefault(round(char["bottom"]), []).append(char)

    edges = [(min(c["x0"] for c in line), max(c["x1"] for c in line)) for line in lines.values()]

    assert all(
        left >= CONTENT_LEFT - 0.5 and right <= BADGE_WIDTH - CONTENT_LEFT + 0.5 for left, right in edges
    )

    at_side = [
        abs(right - (BADGE_WIDTH - CONTENT_LEFT)) if is_rtl else abs(left - CONTENT_LEFT)
        for left, right in edges
    ]

    assert max(at_side) < 0.5


def test_first_name_is_at_least_24_points_and_larger_if_it_fits():
    short = fit_names(BadgeHolder("R", 1, "Zoë", "Müller", "Acme", 1, no_photo=False), BADGE_NAME_BOX)
    longer = fit_names(
        BadgeHolder("R", 1, "Marie-Antoinette", "von Habsburg-Lothringen", "Acme", 1, no_photo=False),
        BADGE_NAME_BOX,
    )

    assert short.parts[0][1].size == 52
    assert longer.parts[0][1].size >= 24
    assert longer.describe_problems() == []


@pytest.mark.parametrize("length", [1, 12, 40, 80, 150, 300])
def test_names_of_any_length_fit_completely_in_name_box(length):
    generator = random.Random(length)
    word = "".join(generator.choice("abcdefgh Mi-") for _ in range(length)).strip() or "x"

    names = fit_names(BadgeHolder("R", 1, word, word[::-1], word, 1, no_photo=False), BADGE_NAME_BOX)

    assert names.height <= NAMES_BOTTOM - NAMES_TOP

    for part, fitted in names.parts:
        whole = "".join(line.text for line in fitted.lines).replace(" ", "")
        assert whole == re.sub(" ", "", part.text)
        assert all(line.width * fitted.size <= INNER_WIDTH for line in fitted.lines)


def test_single_badge_has_same_code_as_printed_badges():
    registration = make_registration()
    assert decode_qr(render_badge_pdf(registration)) == [
        code for _holder, code in build_badge_codes(registration.event)
    ]


@pytest.mark.parametrize("fields", [{"confirmed_at": None}, {"cancelled_at": timezone.now()}])
def test_unconfirmed_or_cancelled_registration_has_no_badge(fields):
    with pytest.raises(NoBadge):
        render_badge_pdf(make_registration(**fields))


def test_printing_no_badges_or_unknown_layout_is_refused():
    with pytest.raises(NothingToPrint):
        print_badges(make_event())
    with pytest.raises(UnknownLayout, match="a6, a4x4"):
        print_badges(make_event(), "a5")


def test_badge_looks_different_for_each_ticket_audience():
    event = make_event()
    tickets = [
        make_ticket(event, slug=kind, name="Ticket", audience=kind)
        for kind in ("member", "guest", "vendor", "speaker", "press", "staff")
    ]
    pictures = set()

    for ticket in tickets:
        holder = BadgeHolder("A" * 13, 1, "Zoë", "Müller", "", ticket.pk, no_photo=False)
        file = io.BytesIO()
        write_badges(file, event, [(holder, "HTTPS://EXAMPLE.ORG/B/X")], options=BadgePrintOptions("a6"))
        pictures.add(render_pdf(file.getvalue(), dpi=72)[0].tobytes())

    assert len(pictures) == 6


def test_header_ink_contrasts_with_accent_colour():
    assert choose_ink("#0b5c8a") == "#ffffff"
    assert choose_ink("#ffe08a") == "#14181d"


def test_badge_takes_less_than_two_kilobytes():
    ticket = make_ticket()
    holders = [
        BadgeHolder("A" * 13, number, f"First{number}", f"Last{number}", "Acme", ticket.pk, no_photo=False)
        for number in range(300)
    ]
    file = io.BytesIO()

    write_badges(
        file,
        ticket.event,
        [(h, f"HTTPS://EXAMPLE.ORG/B/{h.badge_version:0125}") for h in holders],
        options=BadgePrintOptions("a6"),
    )

    assert len(file.getvalue()) < 300 * 2000


def test_long_event_and_ticket_names_are_complete():
    event = make_event(name="Convention nationale des responsables d’infrastructure " * 5)
    ticket = make_ticket(
        event, name="Adhérent du club, deux jours, avec dîner et visite du centre de données"
    )
    pdf = render_badge_pdf(make_registration(ticket))

    words = " ".join(pdf_text(pdf).split())

    assert event.name.strip() in words
    assert ticket.name in words

    with pdfplumber.open(io.BytesIO(pdf)) as document:
        assert max(char["x1"] for char in document.pages[0].chars) <= BADGE_WIDTH - BADGE_MARGIN


def test_label_shows_name_short_code_photo_refusal_and_ticket():
    ticket = make_ticket(name="Presse")
    registration = make_registration(ticket, no_photo=True)

    pdf, _problems = print_badges(ticket.event, "label")

    assert {tuple(map(round, size)) for size in pdf_sizes(pdf)} == {(100, 62)}

    short_code = make_short_code(build_badge_code(registration))

    words = f"Zoé Müller Acme {short_code[:4]} {short_code[4:]} Pas de photo, merci Presse"
    assert pdf_text(pdf).split() == words.split()


def test_preview_is_svg_with_title_and_code_of_printed_badge():
    registration = make_registration()
    picture = render_badge_svg(registration)

    assert picture.startswith('<svg xmlns="http://www.w3.org/2000/svg"')
    assert "<title>Badge : Zoé Müller</title>" in picture

    code = build_badge_code(registration)

    assert decode_qr(draw_svg_modules(picture)) == decode_qr(render_badge_pdf(registration)) == [code]


def draw_svg_modules(picture):
    """Draw the unit squares of the SVG's only code, ten pixels each, with a quiet zone."""
    [path] = re.findall(r'crispEdges"[^>]* d="([^"]+)"', picture)
    modules = [(int(x) + 4, int(y) + 4) for x, y in re.findall(r"M(\d+) (\d+)h1v1h-1z", path)]
    side = max(x for x, _y in modules) + 5
    image = Image.new("L", (side, side), 255)
    for module in modules:
        image.putpixel(module, 0)
    return image.resize((side * 10, side * 10), Image.Resampling.NEAREST)
