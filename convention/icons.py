"""Our icons: strokes on a grid of 24, drawn for this project in `static/convention/icons.svg`."""

import re
from pathlib import Path

SPRITE = Path(__file__).parent / "static" / "convention" / "icons.svg"
SYMBOL = re.compile(r'<symbol id="([a-z-]+)"[^>]*>(.*)</symbol>')

ICONS: dict[str, str] = dict(SYMBOL.findall(SPRITE.read_text()))
