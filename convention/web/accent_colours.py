"""Colours as #rrggbb: WCAG contrast, and readable tones of an event's accent in light and dark."""

from dataclasses import dataclass

# WCAG 2, success criterion 1.4.3: text of normal size.
MIN_CONTRAST = 4.5
# The backgrounds of the style sheet, of pages and of raised areas.
LIGHT_PAPERS = ("#fcfbf8", "#f4f2ec")
DARK_PAPERS = ("#151619", "#1e2024")
TONE_STEPS = 50


@dataclass(frozen=True)
class AccentTones:
    """Tones for one scheme: accent for text and fills, ink on a fill, and a wash for backgrounds."""

    accent: str
    ink: str
    wash: str


def rgb_channels(colour: str) -> tuple[int, int, int]:
    """Return red, green and blue, 0 to 255."""
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def mix_colours(colour: str, other: str, share: float) -> str:
    """Return the colour with a share (0 to 1) of another in it."""
    pairs = zip(rgb_channels(colour), rgb_channels(other), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)


def relative_luminance(colour: str) -> float:
    """Return the relative luminance by WCAG 2, 0 (black) to 1 (white)."""
    linear = [
        # The transfer function of sRGB (IEC 61966-2-1); WCAG has 0.03928, which is equivalent for 8 bits.
        value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4
        for value in (channel / 255 for channel in rgb_channels(colour))
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast_ratio(colour: str, other: str) -> float:
    """Return the contrast ratio by WCAG 2, 1 to 21."""
    darker, lighter = sorted((relative_luminance(colour), relative_luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def choose_ink(colour: str, dark: str = "#14181d", light: str = "#ffffff") -> str:
    """Return the dark or the light ink, whichever reads better on the colour."""
    return light if contrast_ratio(colour, light) >= contrast_ratio(colour, dark) else dark


def make_light_tones(colour: str) -> AccentTones:
    """Return tones for light paper: the colour, darkened as far as readability needs."""
    return _make_tones(colour, LIGHT_PAPERS, toward="#000000", wash=0.09)


def make_dark_tones(colour: str) -> AccentTones:
    """Return tones for dark paper: the colour, lightened as far as readability needs."""
    return _make_tones(colour, DARK_PAPERS, toward="#ffffff", wash=0.16)


def is_readable_as_chosen(colour: str) -> bool:
    """Return whether the colour itself is readable on light paper; else pages use a darker tone."""
    return make_light_tones(colour).accent == colour


def _make_tones(colour: str, papers: tuple[str, str], *, toward: str, wash: float) -> AccentTones:
    tinted = mix_colours(papers[0], colour, wash)
    candidates = [mix_colours(colour, toward, step / TONE_STEPS) for step in range(TONE_STEPS + 1)]
    # There is always one: the last candidate is black or white.
    accent = next(
        tone
        for tone in candidates
        if all(contrast_ratio(tone, ground) >= MIN_CONTRAST for ground in (*papers, tinted))
    )
    ink = max(("#ffffff", "#10161a"), key=lambda candidate: contrast_ratio(candidate, accent))
    return AccentTones(accent, ink, tinted)
