"""Icons: strokes on a grid of 24, drawn for this project in `static/convention/icons.svg`."""

import re
from pathlib import Path

SPRITE_PATH = Path(__file__).parent.parent / "static" / "convention" / "icons.svg"
SYMBOL_PATTERN = re.compile(r'<symbol id="([a-z-]+)"[^>]*>(.*)</symbol>')

# Read once: inline SVG needs no further request and takes the colour of the text.
ICON_DRAWINGS: dict[str, str] = dict(SYMBOL_PATTERN.findall(SPRITE_PATH.read_text()))
