"""Setting text on paper: every script shaped and whole, from packaged fonts, readable in the text layer.

    line = shape("Zoë Μαρία محمد", Weight.BOLD)       # measured in em
    lines = wrap(abstract, Weight.REGULAR, width=300, size=10)
    fitted = fit(name, Weight.BOLD, Box(width=250, lines=2), size=32, floor=24)

`Document` writes a PDF page by page; `draw` sets the same lines on a canvas of reportlab.
"""

from .canvas import draw
from .document import Document, Drawing, Form, Page
from .faces import Weight
from .shape import Line, missing_glyphs, shape
from .wrap import Box, Fitted, fill, fit, widest_piece, wrap

__all__ = [
    "Box",
    "Document",
    "Drawing",
    "Fitted",
    "Form",
    "Line",
    "Page",
    "Weight",
    "draw",
    "fill",
    "fit",
    "missing_glyphs",
    "shape",
    "widest_piece",
    "wrap",
]
