import pytest

from convention.web.accent_colours import (
    DARK_PAPERS,
    LIGHT_PAPERS,
    MIN_CONTRAST,
    contrast_ratio,
    is_readable_as_chosen,
    make_dark_tones,
    make_light_tones,
    mix_colours,
)

ACCENTS = ["#000000", "#ffffff", "#0b5c8a", "#ffee00", "#ff0000", "#00ff00", "#808080", "#fcfbf8", "#151619"]


def test_contrast_ratio_follows_wcag():
    assert contrast_ratio("#000000", "#ffffff") == pytest.approx(21)
    assert contrast_ratio("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)
    assert contrast_ratio("#123456", "#123456") == 1


def test_mix_colours_interpolates_between_colours():
    assert [mix_colours("#000000", "#ffffff", share) for share in (0, 0.5, 1)] == [
        "#000000",
        "#808080",
        "#ffffff",
    ]


@pytest.mark.parametrize("accent", ACCENTS)
def test_every_accent_is_readable_in_light_and_dark(accent):
    for tones, papers in ((make_light_tones(accent), LIGHT_PAPERS), (make_dark_tones(accent), DARK_PAPERS)):
        grounds = [*papers, tones.wash]
        assert [ground for ground in grounds if contrast_ratio(tones.accent, ground) < MIN_CONTRAST] == []
        assert contrast_ratio(tones.ink, tones.accent) >= MIN_CONTRAST


def test_pale_accent_is_not_readable_as_chosen():
    assert is_readable_as_chosen("#0b5c8a")
    assert not is_readable_as_chosen("#ffee00")
    assert make_light_tones("#0b5c8a").accent == "#0b5c8a"
