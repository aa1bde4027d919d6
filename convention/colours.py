"""Colours as #rrggbb: contrast by WCAG, and the readable tones of an event's accent in light and dark."""

from dataclasses import dataclass

READABLE = 4.5
LIGHT_PAPERS = ("#fcfbf8", "#f4f2ec")
DARK_PAPERS = ("#151619", "#1e2024")
STEPS = 50


@dataclass(frozen=True)
class Tones:
    """One scheme's accent: for text and fills, for words on a fill, and a wash for backgrounds."""

    accent: str
    ink: str
    wash: str


def channels(colour: str) -> tuple[int, int, int]:
    """Red, green and blue of #rrggbb, 0 to 255."""
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def mix(colour: str, other: str, share: float) -> str:
    """That colour with a share (0 to 1) of another in it."""
    pairs = zip(channels(colour), channels(other), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)


def luminance(colour: str) -> float:
    """Relative luminance by WCAG 2, 0 (black) to 1 (white)."""
    linear = [
        value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4
        for value in (channel / 255 for channel in channels(colour))
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(colour: str, other: str) -> float:
    """The ratio by WCAG 2, 1 to 21."""
    darker, lighter = sorted((luminance(colour), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def ink_on(colour: str, dark: str = "#14181d", light: str = "#ffffff") -> str:
    """The dark or the light ink, whichever reads better on a colour."""
    return light if contrast(colour, light) >= contrast(colour, dark) else dark


def light_tones(colour: str) -> Tones:
    """For dark words on light paper: the colour, darkened as far as reading needs."""
    return _tones(colour, LIGHT_PAPERS, toward="#000000", wash=0.09)


def dark_tones(colour: str) -> Tones:
    """For light words on dark paper: the colour, lightened as far as reading needs."""
    return _tones(colour, DARK_PAPERS, toward="#ffffff", wash=0.16)


def is_readable_as_chosen(colour: str) -> bool:
    """Whether the colour itself can carry words on light paper; if not, pages use a darker tone."""
    return light_tones(colour).accent == colour


def _tones(colour: str, papers: tuple[str, str], *, toward: str, wash: float) -> Tones:
    tinted = mix(papers[0], colour, wash)
    candidates = [mix(colour, toward, step / STEPS) for step in range(STEPS + 1)]
    accent = next(
        tone for tone in candidates if all(contrast(tone, ground) >= READABLE for ground in (*papers, tinted))
    )
    ink = max(("#ffffff", "#10161a"), key=lambda word: contrast(word, accent))
    return Tones(accent, ink, tinted)
