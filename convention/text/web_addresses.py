"""Web addresses: build those of maps; find and defuse those in text that strangers entered.

The club's mails contain such text, and mail programs make a link of everything that looks like an address. A
person's name that looks like one is refused. A company may be called “Booking.com”, and an answer may mention
a site: such text is made unclickable in mails.
"""

import re
import unicodedata
from typing import Final
from urllib.parse import urlencode

MAP_URL: Final = "https://www.openstreetmap.org"
ZERO_WIDTH_SPACE = "\u200b"
GENERIC_DOMAINS = """
    academy ad agency ai app art asia auction bank bar beauty best bet bid bio biz blog bond boutique
    buzz cafe cam camera care cash casino cat catering cfd chat cheap christmas church city claims click
    clinic clothing cloud club codes coffee college com community company computer consulting contact
    cool country coupons credit cricket cyou date dating deals delivery dental desi dev diamonds digital
    direct directory discount dog domains download earth edu education email energy engineer enterprises
    equipment estate events exchange expert exposed express fail faith family fan farm fashion finance
    financial fish fit fitness flights florist football forsale foundation fun fund fyi gallery game
    games garden gay gifts gives glass global gold golf gov graphics gratis green gripe group guide guru
    hair haus health healthcare help hiphop hockey holdings holiday homes host hosting house icu immo
    immobilien industries info ink institute insure int international investments jewelry jobs jetzt
    kaufen kim kitchen land law lawyer lease legal lgbt life lighting limited limo link live loan loans
    lol london love lundi luxe luxury maison makeup management market marketing mba media memorial men
    menu mil mobi moda moe mom monster mortgage motorcycles mov movie museum nagoya name net network
    news ngo ninja nyc observer one ong onl online ooo org organic page paris partners parts party pet
    photo photography photos pics pictures pink pizza place plumbing plus poker porn press pro
    productions promo properties property pub qpon quest racing radio realty recipes red rehab reise
    reisen rent rentals repair report republican rest restaurant review reviews rich rip rocks rodeo
    rsvp run sale salon sbs school schule science security services sexy shiksha shoes shop shopping
    show singles site ski skin soccer social software solar solutions space spa sport store stream
    studio study style sucks supplies supply support surf surgery systems tattoo tax taxi team tech
    technology tel tennis theater tickets tienda tips tires today tokyo tools top tours town toys trade
    trading training travel university uno vacations vegas ventures vet viajes video villas vin vip
    vision vodka vote voting voto voyage wang watch webcam website wedding wien wiki win wine work works
    world wtf xxx xyz yachts yoga zip zone рф рус онлайн сайт орг дети москва бел укр мкд срб қаз мон бг
    ею ευ ελ հայ გე ישראל 中国 中國 公司 网络 网址
    在线 中文网 香港 台灣 台湾 新加坡 澳門 みんな コム 한국 닷컴 닷넷
    ไทย भारत संगठन ভারত
    বাংলা امارات السعودية مصر المغرب الجزائر تونس قطر عمان الاردن فلسطين سورية ایران پاکستان شبكة موقع
"""
COUNTRY_DOMAINS = """
    ac ad ae af ag ai al am ao aq ar as at au aw ax az ba bb bd be bf bg bh bi bj bm bn bo br bs bt bw
    by bz ca cc cd cf cg ch ci ck cl cm cn co cr cu cv cw cx cy cz de dj dk dm do dz ec ee eg er es et
    eu fi fj fk fm fo fr ga gd ge gf gg gh gi gl gm gn gp gq gr gs gt gu gw gy hk hm hn hr ht hu id ie
    il im in io iq ir is it je jm jo jp ke kg kh ki km kn kp kr kw ky kz la lb lc li lk lr ls lt lu lv
    ly ma mc md me mg mh mk ml mm mn mo mp mq mr ms mt mu mv mw mx my mz na nc ne nf ng ni nl no np nr
    nu nz om pa pe pf pg ph pk pl pm pn pr ps pt pw py qa re ro rs ru rw sa sb sc sd se sg sh si sk sl
    sm sn so sr ss st su sv sx sy sz tc td tf tg th tj tk tl tm tn to tr tt tv tw tz ua ug uk us uy uz
    va vc ve vg vi vn vu wf ws ye yt za zm zw
"""
# Mail programs make links of words that end in these.
TOP_LEVEL_DOMAINS = frozenset(f"{GENERIC_DOMAINS} {COUNTRY_DOMAINS}".split())
# Full stops of other scripts, which browsers accept as the dot of an address.
DOT_LOOKALIKES = str.maketrans(dict.fromkeys("\u3002\uff61\u06d4\u2024\ufe52\uff0e", "."))
# Titles and short forms after whose dot people leave no space: “Dr.No” is a name.
ABBREVIATIONS = frozenset(
    "abd capt col dipl dr eng fr gen geo hon ing jos jr lt ma mag md mgr mlle mme mohd mr mrs ms msgr muhd "
    "pr prof rev sgt sr st sta ste vve wm".split()
)
SCHEME_PATTERN = re.compile(
    r"\b[a-z][a-z0-9+.-]{1,20}://|\b(?:javascript|mailto|sms|callto|skype|whatsapp):\S|\bdata:\w+/|\btel:[+\d]"
)
WWW_PATTERN = re.compile(r"\bwww\d?\.[^\s.]")
MARKUP_PATTERN = re.compile(r"<\s*[a-z!/]|\]\s*\(|\[/?(?:url|img|link)\b|\bhref\s*=|&#?\w+;")
MAILBOX_PATTERN = re.compile(r"[^\s@]@[^\s@]+\.[^\s@.]")
IPV4_PATTERN = re.compile(r"(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.])")
HOST_PATTERN = re.compile(
    r"(?<![\w.-])(?P<name>[\w-]+(?:\.[\w-]+)*)\.(?P<top>[^\W\d_]{2,})(?![\w-])(?P<rest>[/?#:]\S)?"
)
# Where a link begins or continues: before letters, and before the numbers of an IP address.
LINK_POINT_PATTERN = re.compile(r"(?<=\w)([.:@\u3002\uff61\u06d4\u2024\ufe52\uff0e])(?=[^\W\d_]{2}|//|\d+\.)")


# Text without any of these has no address in it. Most names pass here, without the slower patterns.
SUSPICIOUS_PATTERN = re.compile(r"[.:@<\]&=\u3002\uff61\u06d4\u2024\ufe52\uff0e\uff20\uff1a\uff1c]")


def build_map_url(place: str) -> str:
    """Return the address of a map on which the place is searched."""
    return f"{MAP_URL}/search?{urlencode({'query': place})}"


def has_web_address(text: str) -> bool:
    """Return whether the text contains a web address, an e-mail address or markup.

    A bare “Booking.com” counts; initials and abbreviations (“J.R. Smith”, “St.John”, “D.ot”, “Ph.D.”) do not.
    """
    if not SUSPICIOUS_PATTERN.search(text):
        return False
    folded = _normalize_for_matching(text)
    return _has_explicit_address(folded) or any(_is_domain(match) for match in HOST_PATTERN.finditer(folded))


def has_explicit_web_address(text: str) -> bool:
    """Return the same, except for bare domains such as “Booking.com”, which may be a company's name."""
    if not SUSPICIOUS_PATTERN.search(text):
        return False
    folded = _normalize_for_matching(text)
    return _has_explicit_address(folded) or any(
        match["rest"] is not None and _is_domain(match) for match in HOST_PATTERN.finditer(folded)
    )


def defuse_links(text: object) -> str:
    """Return the text with an invisible space wherever a mail program would begin or continue a link."""
    return LINK_POINT_PATTERN.sub(rf"\1{ZERO_WIDTH_SPACE}", str(text))


def _normalize_for_matching(text: str) -> str:
    """Return lower-case text in compatibility form, without invisible characters."""
    folded = (
        unicodedata.normalize("NFKC", text.translate(DOT_LOOKALIKES)).translate(DOT_LOOKALIKES).casefold()
    )
    return "".join(c for c in folded if unicodedata.category(c) != "Cf")


def _has_explicit_address(folded: str) -> bool:
    return any(
        pattern.search(folded)
        for pattern in (SCHEME_PATTERN, WWW_PATTERN, MARKUP_PATTERN, MAILBOX_PATTERN, IPV4_PATTERN)
    )


def _is_domain(match: re.Match[str]) -> bool:
    """Return whether a dotted word ends in a top-level domain, after more than initials and abbreviations."""
    names = match["name"].split(".")
    # “Dr.No” is a name, although .no is a top-level domain.
    is_abbreviated = all(len(name) == 1 or name in ABBREVIATIONS for name in names)
    return match["top"] in TOP_LEVEL_DOMAINS and not (is_abbreviated and match["rest"] is None)
