"""Typesetting: every script is shaped, wrapping loses no text, and the text layer is readable."""

import io
import subprocess
import unicodedata

import pypdf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reportlab.pdfgen.canvas import Canvas

from convention.typeset import (
    FontWeight,
    PdfDocument,
    TextBox,
    draw_line,
    fill_area,
    find_missing_glyphs,
    fit_text,
    shape_line,
    wrap_text,
)
from convention.typeset.font_faces import FontsMissing, load_face
from convention.typeset.text_runs import clean_line, split_graphemes, split_runs

LEFT_TO_RIGHT = [
    "Jean-Baptiste Élodie Œuvre final office AVATAR To",
    "Ελένη Παπαδοπούλου",
    "Владимир Хрущёв",
    "กิตติศักดิ์ น้ำใจ",
    "王小明 山田太郎 東京タワー",
    "김철수 대한민국",
    "Nguyễn Văn Đức",
    "L’Été « bien » : oui !",
]


RARE_SCRIPTS = [
    "Հայկ Աշոտյան",
    "გიორგი ბერიძე",
    "አበበ ቢቂላ",
    "ⵎⴰⵙⵉⵏⵉⵙⴰ",
    "नरेन्द्र क्षत्रिय",
    "রবীন্দ্রনাথ ঠাকুর",
    "ਗੁਰਪ੍ਰੀਤ ਸਿੰਘ",
    "જયેશ પટેલ",
    "ସୁବ୍ରତ ଦାସ",
    "முருகன் தமிழ்",
    "రామకృష్ణ తెలుగు",
    "ಕೃಷ್ಣಮೂರ್ತಿ",
    "കൃഷ്ണൻ മലയാളം",
    "සුනිල් පෙරේරා",
    "ສົມສັກ ລາວ",
    "သန္တာ မြန်မာ",
    "សុខា ខ្មែរ",
]


def make_pdf(*texts: str) -> bytes:
    file = io.BytesIO()
    with PdfDocument(file, title="Test", language="fr") as document:
        page = document.begin_page(595, 842)
        for index, text in enumerate(texts):
            page.text(shape_line(text, FontWeight.BOLD), 40, 50 + 40 * index, 20)
    return file.getvalue()


def read_text_layer(pdf: bytes) -> str:
    command = ["pdftotext", "-", "-"]
    return subprocess.run(command, input=pdf, capture_output=True, check=True).stdout.decode()


def test_poppler_reads_back_left_to_right_scripts():
    lines = [line for line in read_text_layer(make_pdf(*LEFT_TO_RIGHT)).split("\n") if line.strip()]
    assert [line.strip("\f ") for line in lines] == LEFT_TO_RIGHT


@pytest.mark.parametrize("weight", list(FontWeight))
@pytest.mark.parametrize("name", RARE_SCRIPTS)
def test_rare_scripts_are_shaped_with_their_fonts(name, weight):
    line = shape_line(name, weight)

    assert line.missing_characters == ()
    assert not line.is_rtl

    glyphs = [glyph for span in line.spans for glyph in span.glyphs]

    assert all(glyph.number for glyph in glyphs)
    assert "".join(glyph.text for glyph in glyphs) == clean_line(name)


def test_poppler_reads_back_rare_scripts():
    lines = [line for line in read_text_layer(make_pdf(*RARE_SCRIPTS)).split("\n") if line.strip()]
    assert [unicodedata.normalize("NFC", line.strip("\f ")) for line in lines] == list(
        map(clean_line, RARE_SCRIPTS)
    )


def test_conjunct_letters_are_one_grapheme():
    assert split_graphemes("क्षत्रिय") == ["क्ष", "त्रि", "य"]
    assert split_graphemes("ខ្មែរ") == ["ខ្មែ", "រ"]


def test_mathematical_letters_are_normalized():
    assert clean_line("𝕁𝕖𝕒𝕟 𝓓𝓾𝓹𝓸𝓷𝓽") == "Jean Dupont"
    assert find_missing_glyphs("𝐉𝐞𝐚𝐧 𝟏𝟐") == ()


def test_latin_greek_cyrillic_and_han_are_read_back_by_pypdf():
    texts = [text for text in LEFT_TO_RIGHT if "น" not in text]

    page = pypdf.PdfReader(io.BytesIO(make_pdf(*texts))).pages[0]
    assert page.extract_text().split("\n") == texts


def test_combining_accents_are_composed():
    name = "Zoé Ångström"
    decomposed = unicodedata.normalize("NFD", name)

    assert shape_line(decomposed, FontWeight.BOLD) == shape_line(name, FontWeight.BOLD)


def test_arabic_letters_are_joined_right_to_left():
    line = shape_line("محمد", FontWeight.BOLD)
    alone = {shape_line(letter, FontWeight.BOLD).spans[0].glyphs[0].number for letter in "محمد"}

    shaped = {glyph.number for span in line.spans for glyph in span.glyphs}

    assert line.is_rtl
    assert not alone & shaped - {shape_line("د", FontWeight.BOLD).spans[0].glyphs[0].number}
    assert "محمد" in read_text_layer(make_pdf("محمد بن سلمان"))


def test_mixed_directions_are_in_visual_order():
    pieces = [(run.text, run.is_rtl) for run in split_runs("abc אבג 12", FontWeight.BOLD)]

    assert pieces == [("abc ", False), ("12", False), (" ", True), ("אבג", True)]
    assert shape_line("דוד Smith", FontWeight.BOLD).is_rtl
    assert not shape_line("Smith דוד", FontWeight.BOLD).is_rtl


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("אבג (hello) 123", "123 (hello) גבא"),
        ("Jean (אבג) 12", "Jean (גבא) 12"),
        ("אבג (abc)", "(abc) גבא"),
        ("a] (אבג [b)", "a] (גבא [b)"),
        ("אבג [x (1)]", "[x (1)] גבא"),
    ],
)
def test_paired_brackets_have_the_same_direction(text, seen):
    mirrored = str.maketrans("()[]", ")(][")
    drawn = (
        run.text[::-1].translate(mirrored) if run.is_rtl else run.text
        for run in split_runs(text, FontWeight.BOLD)
    )

    assert "".join(drawn) == seen


def test_many_unclosed_brackets_lose_no_text():
    text = "(ا[a" * 20_000

    assert sum(len(run.text) for run in split_runs(text, FontWeight.REGULAR)) == len(text)


@pytest.mark.parametrize(
    "name", ["نرم\u200cافزار", "می\u200cخواهم abc", "abc نرم\u200cافزار", "👩\u200d💻 דוד"]
)
def test_zero_width_joiners_are_preserved_in_right_to_left_names(name):
    line = shape_line(name, FontWeight.BOLD)

    assert sorted("".join(glyph.text for span in line.spans for glyph in span.glyphs)) == sorted(name)
    assert {span.face.family for span in line.spans} <= {
        "source-sans-3",
        "noto-sans-arabic",
        "noto-sans-hebrew",
    }


ANY_DIRECTION = st.text(
    alphabet="\U0001faea\u0af7ab 12אבסلم([{)]}«»-,\u200c\u200dé中🎉\u0301\u05b8", max_size=30
)


@settings(max_examples=200, deadline=None)
@given(ANY_DIRECTION)
def test_shaping_loses_no_character_in_any_direction(text):
    line = shape_line(text, FontWeight.BOLD)
    assert sorted("".join(glyph.text for span in line.spans for glyph in span.glyphs)) == sorted(
        clean_line(text)
    )


def test_missing_glyphs_are_reported_and_preserved_in_text_layer():
    assert find_missing_glyphs("Zoé 🎉 ok 👩‍👩‍👧 🎉") == ("🎉", "👩‍👩‍👧")
    assert find_missing_glyphs("Zoé Ελένη محمد 王") == ()
    assert "Zoé 🎉 ok" in read_text_layer(make_pdf("Zoé 🎉 ok"))


def test_undrawn_emoji_has_no_width_and_leaves_one_space():
    def wide(text):
        return shape_line(text, FontWeight.BOLD).width

    assert wide("Zoé 🎉") == wide("🎉 Zoé") == wide("Zoé🎉") == wide("Zoé")
    assert wide("Zoé 🎉 🎉 ok") == pytest.approx(wide("Zoé ok"), abs=0.03)
    assert "Zoé 🎉" in read_text_layer(make_pdf("Zoé 🎉"))
    assert wide("דוד 🎉") == wide("דוד")
    assert wide("a ™ b") > wide("a b")


def test_lone_surrogates_controls_and_direction_marks_are_removed():
    assert clean_line("a\ud800b\x00c\u202ed\te\n f") == "abcd e f"


def test_empty_text_has_no_width_and_one_line():
    assert shape_line("", FontWeight.REGULAR).width == 0
    assert [line.text for line in wrap_text("", FontWeight.REGULAR, width=100, size=10)] == [""]


def test_emoji_sequence_is_one_grapheme():
    assert split_graphemes("e\u0301x🇫🇷👩‍👩‍👧👍🏽น้ำ") == ["e\u0301", "x", "🇫🇷", "👩‍👩‍👧", "👍🏽", "น้ำ"]


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet="ab é-–'’ \u00a0中。「ก้é", max_size=60), st.floats(20, 200))
def test_wrapping_loses_no_text_and_respects_width(text, width):
    lines = wrap_text(text, FontWeight.REGULAR, width=width, size=10)

    assert "".join("".join(line.text.split(" ")) for line in lines) == "".join(clean_line(text).split(" "))
    assert all(line.width * 10 <= width + 0.01 or len(split_graphemes(line.text)) == 1 for line in lines)


def test_closing_punctuation_never_begins_a_line():
    text = "会議の準備は、順調です。" * 8
    lines = wrap_text(text, FontWeight.REGULAR, width=93, size=10)

    assert not [line.text for line in lines if line.text[0] in "、。"]


def test_words_break_at_hyphens_only_if_wider_than_the_line():
    lines = wrap_text("low-latency audio - part two of cloud-native", FontWeight.REGULAR, width=70, size=10)

    assert not [line.text for line in lines if line.text.endswith("-")]

    cut = wrap_text("Jean-Baptiste-Emmanuel", FontWeight.REGULAR, width=70, size=10)

    assert [line.text for line in cut] == ["Jean-Baptiste-", "Emmanuel"]


def test_lines_do_not_break_at_french_punctuation_spaces():
    for width in range(30, 90):
        lines = wrap_text("Oui : « bien sûr » ! Ah ?", FontWeight.REGULAR, width=width, size=10)
        assert not [line.text for line in lines if line.text[0] in ":»!?" or line.text[-1] == "«"]


@settings(max_examples=30, deadline=None)
@given(st.text(alphabet="ab é中W-", min_size=1, max_size=200), st.floats(8, 60))
def test_fill_area_loses_no_text_and_respects_height(text, height):
    fitted = fill_area(text, FontWeight.BOLD, width=120, height=height, max_size=20)

    assert "".join(line.text for line in fitted.lines).replace(" ", "") == clean_line(text).replace(" ", "")
    assert sum(line.ascent + line.descent for line in fitted.lines) * fitted.size <= height + 0.01


def test_links_and_bookmarks_have_correct_destinations():
    file = io.BytesIO()
    with PdfDocument(file, title="Titre é", language="fr") as document:
        page = document.begin_page(200, 200)
        page.add_link((0, 0, 50, 20), "https://example.org/(a)")
        page.add_jump((0, 30, 50, 20), "second", "The second page")
        document.begin_page(200, 200)
        document.add_destination("second", 40)
        document.add_bookmark("Deuxième", "second")

    reader = pypdf.PdfReader(file)

    assert reader.metadata.title == "Titre é"
    assert [(entry.title, reader.get_destination_page_number(entry)) for entry in reader.outline] == [
        ("Deuxième", 1)
    ]

    web, inside = (annotation.get_object() for annotation in reader.pages[0]["/Annots"])

    assert web["/A"]["/URI"] == "https://example.org/(a)"
    page_number, fit_kind, left, top = inside["/Dest"][:4]
    assert reader.get_page_number(page_number.get_object()) == 1
    assert fit_kind == "/XYZ"
    assert left == 0
    assert top == 160


def test_fit_text_shrinks_only_long_names():
    short = fit_text("Zoé", FontWeight.BOLD, TextBox(200, 2), max_size=40, min_size=24)
    longer = fit_text("Maximilienne", FontWeight.BOLD, TextBox(200, 2), max_size=40, min_size=24)

    assert short.size == 40
    assert short.fits_box
    assert len(short.lines) == 1
    assert 24 <= longer.size < 40
    assert longer.fits_box
    assert longer.lines[0].width * longer.size <= 200


def test_fit_text_wraps_at_min_size_and_reports_overflow():
    wrapped = fit_text(
        "Marie-Christine Wilhelmine", FontWeight.BOLD, TextBox(200, 2), max_size=40, min_size=24
    )
    cruel = fit_text("W" * 300, FontWeight.BOLD, TextBox(200, 2), max_size=40, min_size=24)

    assert len(wrapped.lines) == 2
    assert wrapped.fits_box
    assert not cruel.fits_box
    assert "".join(line.text for line in cruel.lines) == "W" * 300


def test_text_drawn_on_reportlab_canvas_is_readable():
    file = io.BytesIO()
    canvas = Canvas(file, pagesize=(595, 842))
    for index, text in enumerate(LEFT_TO_RIGHT):
        draw_line(canvas, shape_line(text, FontWeight.REGULAR), 40, 800 - 40 * index, 20)
    canvas.save()

    lines = [line.strip("\f ") for line in read_text_layer(file.getvalue()).split("\n") if line.strip()]

    assert lines == LEFT_TO_RIGHT


def test_only_font_subsets_are_embedded():
    pdf = make_pdf(*LEFT_TO_RIGHT)
    rows = subprocess.run(["pdffonts", "-"], input=pdf, capture_output=True, check=True).stdout.decode()

    fonts = [row.split() for row in rows.splitlines()[2:]]

    assert [font[-5:-2] for font in fonts] == [["yes", "yes", "yes"]] * len(fonts)
    assert len(pdf) < 60_000


def test_missing_fonts_are_reported(settings, tmp_path):
    settings.NODE_MODULES = tmp_path
    load_face.cache_clear()

    with pytest.raises(FontsMissing, match="make setup"):
        load_face("source-sans-3", FontWeight.REGULAR)

    load_face.cache_clear()
