"""Demo pictures of a convention: lakes and mountains, a logo, and a plan of the way from the station."""

from typing import Final

from PIL import Image, ImageDraw

from convention.events.models import Event, EventPicture
from convention.parsing.pictures import encode_png

from .redraw import redraw_picture
from .save_pictures import SIZE_LIMITS, store_picture

ALT_TEXTS: Final = {
    EventPicture.Kind.HEADER: (
        "Un lac entre les montagnes, au matin",
        "A lake among mountains at dawn",
    ),
    EventPicture.Kind.LOGO: ("", ""),
    EventPicture.Kind.MAP: (
        "De la gare au palais des congrès\u202f: tout droit puis à gauche, huit minutes à pied",
        "From the station to the congress centre: straight on, then left, eight minutes on foot",
    ),
}
SKY, SUN, LAKE = (247, 214, 178), (255, 244, 214), (62, 110, 140)
RANGES: Final = (
    # colour, and the height of each summit in percent
    ((158, 167, 189), (38, 62, 45, 70, 52, 66, 40)),
    ((104, 124, 158), (30, 44, 58, 36, 50, 34, 54)),
    ((58, 84, 118), (22, 34, 28, 42, 24, 38, 30)),
)


def create_pictures(event: Event) -> None:
    """Give the event its three pictures."""
    drawings = {
        EventPicture.Kind.HEADER: draw_landscape(1600, 900),
        EventPicture.Kind.LOGO: draw_logo(),
        EventPicture.Kind.MAP: draw_map(1200, 700),
    }
    for kind, drawing in drawings.items():
        alt_text, alt_text_en = ALT_TEXTS[kind]
        picture = redraw_picture(encode_png(drawing), SIZE_LIMITS[kind])
        store_picture(event=event, kind=kind, picture=picture, alt_text=alt_text, alt_text_en=alt_text_en)


def draw_landscape(width: int, height: int) -> Image.Image:
    """Return mountains behind a lake."""
    picture = Image.new("RGB", (width, height), SKY)
    pen = ImageDraw.Draw(picture)
    shore = height * 3 // 4
    pen.ellipse((width * 0.62, height * 0.14, width * 0.74, height * 0.14 + width * 0.12), fill=SUN)
    for colour, summits in RANGES:
        step = width / (len(summits) - 1)
        points = [(number * step, shore - height * percent / 100) for number, percent in enumerate(summits)]
        pen.polygon([(0, shore), *points, (width, shore)], fill=colour)
    pen.rectangle((0, shore, width, height), fill=LAKE)
    return picture


def draw_logo() -> Image.Image:
    """Return two summits in a circle."""
    picture = Image.new("RGB", (240, 240), "white")
    pen = ImageDraw.Draw(picture)
    pen.ellipse((6, 6, 234, 234), fill=(11, 92, 138))
    pen.polygon([(40, 180), (100, 70), (140, 140), (160, 110), (200, 180)], fill="white")
    return picture


def draw_map(width: int, height: int) -> Image.Image:
    """Return a plan: streets, the lake, and the way from the station to the venue."""
    picture = Image.new("RGB", (width, height), (244, 242, 236))
    pen = ImageDraw.Draw(picture)
    pen.polygon([(800, 0), (width, 0), (width, height), (920, height), (700, 420)], fill=(182, 212, 228))
    for x in range(60, 700, 160):
        pen.line((x, 0, x, height), fill="white", width=26)
    for y in range(80, height, 170):
        pen.line((0, y, 740, y), fill="white", width=26)
    pen.line((140, 590, 620, 590, 620, 250, 720, 250), fill=(179, 38, 30), width=10, joint="curve")
    pen.rectangle((100, 560, 180, 620), fill=(29, 28, 25))
    pen.ellipse((690, 215, 760, 285), fill=(11, 92, 138))
    return picture
