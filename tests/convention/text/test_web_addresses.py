"""Web addresses in text of strangers are distinguished from real names, and made unclickable in e-mails."""

import pytest

from convention.text.web_addresses import defuse_links, has_explicit_web_address, has_web_address

NAMES = """
J. R. Smith Jr.|J.R. Smith|J.R.R. Tolkien|O'Neil|O’Neill|D.ot|Ph.D. Müller|Marie-Claire St.John|St. John
B.J.Smith|Dr.No|Dr. Li|Mr.To|Prof.Dr. Meier|Dipl.Ing. Huber|M.Sc. Rossi|Ma.Teresa Cruz|Muhd.Ali
Abd.Rahman|Wm.Shakespeare|C.Ng|K.So|J.De Vries|D’Arcy|d'Aix|N'Diaye|M’Bappé|Jean-Noël
Anne-Sophie de La Tour|van 't Hoff|von der Leyen|José Mª García|Nuñez|Łukasz Dąbrowski
Øystein Bjørnsdóttir|Ģirts|Žižek|Nguyễn Thị Minh Khai|İlkay Gündoğan|Д. И. Менделеев|И.И.Иванов
Ант.Чехов|Юлия|Παπαδόπουλος|Γ. Σεφέρης|محمد الأمين|علي بن أبي طالب|דוד בן־גוריון|ש. י. עגנון|李伟
王 小明|欧阳·修|山田 太郎|ヤマダ・タロウ|김민수|สมชาย ใจดี|राहुल द्रविड़|ரஜினிகாந்த்|ஏ.ஆர்.ரகுமான்
এ.পি.জে. আব্দুল|ქეთევან|Արամ|አበበ ቢቂላ|X Æ A-12|Smith, John|Smith (Jones)|Ana / Bob|3rd Smith|Smith & Sons
Jr|Sr.|Nom à préciser|N.N.|T.B.D.|Müller-Lüdenscheidt|Mc.Donald|Ste.Marie|Sta.Cruz|A.B|A.Bc|Kim Jong-il
Xi Jinping|Al-Khwārizmī|‘Abd al-Raḥmān|Ó Súilleabháin|Ng|O
"""
COMPANIES = """
Booking.com|Monster.fr|OUI.sncf|S.N.C.F.|A.S.O.|S.A.R.L. Dupont|Foo Co.Ltd|Amazon Web Services, Inc.
Yahoo!|N.V./S.A.|AT&T|Marks & Spencer|R&D|Web 2.0|C++ Conseil|.NET Foundation|Data:Lab|3M|A/B Conseil
Société Générale|Groupe M6|中国银行|株式会社トヨタ|Сбербанк|Ελληνικά Πετρέλαια|شركة الاتصالات
Auchan @ Home|24/7|Re/Max|L’Oréal
"""
ADDRESSES = """
http://evil.example|https://evil.com/win|HTTPS://EVIL.COM|hxxp://x|ftp://evil|www.evil.xyz|WWW2.evil
evil.com|Evil.Com|Win evil.com now|evil.com/win|evil.com:8080|evil.co.uk|a.b.evil.fr|bit.ly/x1|t.me/x
t.co/x|x.com/win|xn--80ak6aa92e.com|eve@evil.com|Eve eve@evil.example|mailto:eve|javascript:alert(1)
tel:+33612345678|data:text/html|1.2.3.4|http:1.2.3.4|<a href=x>Win</a>|<b>Win|<!-- x|[Win](evil)|[url=x]
href=evil|&lt;a|evil。com|evil．com|ｅｖｉｌ.com|evil\u200b.com|сайт.рф|例え.中国|evil.\u200bcom
e-v-i-l.top|1win.bet|my_site.ru|evil.com.|(evil.com)|“evil.com”|évil.com|evil.COM!
"""
EXPLICIT = """
http://evil.example|www.evil.xyz|evil.com/win|Acme evil.com/win|Acme.fr?x=1|eve@evil.com|<a href=x>
[Win](evil)|1.2.3.4|bit.ly/x1|evil.com:8080|evil。com/win|javascript:alert(1)
"""


def split_values(text):
    return [one for line in text.strip().splitlines() for one in line.split("|")]


@pytest.mark.parametrize("name", split_values(NAMES))
def test_real_names_are_not_web_addresses(name):
    assert not has_web_address(name)


@pytest.mark.parametrize("company", split_values(COMPANIES))
def test_company_names_may_look_like_domains(company):
    assert not has_explicit_web_address(company)


@pytest.mark.parametrize("text", split_values(ADDRESSES))
def test_web_addresses_and_markup_are_detected_in_names(text):
    assert has_web_address(text)


@pytest.mark.parametrize("text", split_values(EXPLICIT))
def test_explicit_web_addresses_are_detected_in_company_names(text):
    assert has_explicit_web_address(text)


@pytest.mark.parametrize(
    "text", ["J.R. Smith", "J. R. Smith Jr.", "O’Neil", "12:30", "N.N.", "C.", "3.14", "李伟。"]
)
def test_text_without_links_is_not_changed(text):
    assert defuse_links(text) == text


@pytest.mark.parametrize(
    ("text", "without"),
    [
        ("Booking.com", ".com"),
        ("see https://evil.com/win today", "://"),
        ("www.evil.com", "www.evil"),
        ("eve@evil.com", "@evil"),
        ("1.2.3.4", "1.2"),
        ("evil。com", "。com"),
        ("mailto:eve", "mailto:eve"),
    ],
)
def test_links_are_broken_by_zero_width_spaces(text, without):
    said = defuse_links(text)

    assert without not in said
    assert said.replace("\u200b", "") == text
