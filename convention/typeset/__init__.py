"""Typesetting: every script shaped with packaged fonts, with a readable text layer.

    line = shape_line("Zoë Μαρία محمد", FontWeight.BOLD)  # measured in em
    lines = wrap_text(abstract, FontWeight.REGULAR, width=300, size=10)
    fitted = fit_text(name, FontWeight.BOLD, TextBox(width=250, max_lines=2), max_size=32, min_size=24)

`PdfDocument` writes a PDF page by page; `draw_line` draws the same lines on a reportlab canvas. Imports no
app.
"""

from .document import PdfDocument, PdfDrawing, PdfForm, PdfPage
from .folded import FoldedDocument
from .font_faces import FontWeight
from .line_breaks import FittedText, TextBox, fill_area, fit_text, measure_widest_piece, wrap_text
from .measuring import MeasuringDocument
from .reportlab_canvas import draw_line
from .shaping import TextLine, find_missing_glyphs, shape_line
from .svg_drawing import list_outlines
from .tagged import TaggedDocument

__all__ = [
    "FittedText",
    "FoldedDocument",
    "FontWeight",
    "MeasuringDocument",
    "PdfDocument",
    "PdfDrawing",
    "PdfForm",
    "PdfPage",
    "TaggedDocument",
    "TextBox",
    "TextLine",
    "draw_line",
    "fill_area",
    "find_missing_glyphs",
    "fit_text",
    "list_outlines",
    "measure_widest_piece",
    "shape_line",
    "wrap_text",
]
