"""Personal data in texts: addresses, numbers and accounts of people, as far as a rule can be certain. No policy here.

Problems and programs are full of numbers and of at-signs, so that each kind asks for what only the real thing has: a
check sum, a top-level domain, a word before it that says what follows. Texts are looked through for a literal or a cue
first, and patterns see short pieces alone, so that all of this is linear and quick.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from ipaddress import AddressValueError, IPv4Address

Found = tuple[str, int, int]


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_LOCAL = re.compile(r"[A-Za-z0-9._%+-]{1,64}")
_DOMAIN = re.compile(r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.){1,5}([A-Za-z]{2,12})(?![A-Za-z0-9-])")
_DOMAINS = _words(
    # Those that all may register at, and those of countries; in code "x@self.weight" is a product of matrices.
    "com org net edu gov mil int info biz name pro io dev app me co ai xyz tech online site cloud email eu us uk "
    "de fr it es pt nl be at ch se no dk fi is ie pl cz sk hu ro bg gr hr si rs ua ru by lt lv ee tr il ir sa ae "
    "eg za ng ke ma dz tn in pk bd lk np cn jp kr tw hk sg my th vn ph id au nz ca mx br ar cl pe ve uy ec bo cr "
    "cu do gt lu mt cy li mc ba mk al md am ge az kz uz"
)
_RESERVED = re.compile(
    r"(?:^|\.)(?:example\.\w+|example|test|invalid|localhost|local|lan|home|internal|"
    r"(?:foo|bar|baz|foobar|test|domain|yourdomain|mydomain|some-?domain|somewhere|email|mail|address|site|website|"
    r"host|hostname|server|company|yourcompany|mycompany|abc|xyz|acme|users\.noreply\.github|noreply\.github)\.\w+)$",
    re.IGNORECASE,
)
"""Domains that were set aside for examples, or that everybody writes for want of one."""
_NOBODY = _words("git hg svn noreply no-reply donotreply do-not-reply mailer-daemon postmaster user username")
"""What stands before an at-sign and is nobody's name."""

_CALLED = re.compile(
    r"(?:tel(?:ephone)?|phone|mobile|cell|fax|whatsapp|call(?: me| us)?(?: at| on)?|contact(?: me| us)?)"
    r"(?: ?(?:no|nr|number)\.?)?(?: is| at)?[\s:.=#]{0,4}(?P<number>\(?\+?\d[\d ().\-/]{6,20}\d)(?![\w-])",
    re.IGNORECASE,
)
_CUES = (b"tel", b"phone", b"mobile", b"cell", b"fax", b"whatsapp", b"call", b"contact")
_ABROAD = re.compile(r"\+[1-9]\d{0,2}(?: ?\(0?\d{1,4}\))?(?:[ .-]\d{1,5}){2,5}(?![\w.-])")
_ADDED = re.compile(r"[\w)\]}=*^$+]\s{0,2}$")
"""What stands before a plus sign that adds."""

_CARD_SHAPES = (b"0000 0000 0000 0000", b"0000-0000-0000-0000", b"0000 000000 00000", b"0000-000000-00000")
_GOES_ON = re.compile(rb"[0.,-]\||0 \||\|[.,]?0|\| 0|\|-")
"""Before or after such digits: then they are part of a list or of a longer number."""
_CARD_CUES = (b"card", b"visa")
_CARD_CALLED = re.compile(
    r"(?:cards?|visa|mastercard)(?: (?:no|number))?\.?(?: is)?[\s:=#]{1,4}(\d{13,19})(?!\d)", re.I
)
_ISSUED = re.compile(r"4|5[1-5]|2[2-7]|3[47]|6(?:011|5|4[4-9])|35|3[068]")
_MADE_UP_CARDS = _words(
    "4111111111111111 4242424242424242 4012888888881881 4000056655665556 5555555555554444 5105105105105100 "
    "5200828282828210 2223003122003222 378282246310005 371449635398431 6011111111111117 6011000990139424 "
    "3530111333300000 4532015112830366 4539578763621486 4916338506082832"
)

_IBAN = re.compile(r"(?<![A-Za-z0-9])[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,4})?(?![A-Za-z0-9])")
_IBAN_LENGTHS = {
    **{"AT": 20, "BE": 16, "BG": 22, "CH": 21, "CY": 28, "CZ": 24, "DE": 22, "DK": 18, "EE": 20, "ES": 24, "FI": 18},
    **{"FR": 27, "GB": 22, "GR": 27, "HR": 21, "HU": 28, "IE": 22, "IS": 26, "IT": 27, "LI": 21, "LT": 20, "LU": 20},
    **{"LV": 21, "MC": 27, "MT": 31, "NL": 18, "NO": 15, "PL": 28, "PT": 25, "RO": 24, "RS": 22, "SE": 24, "SI": 19},
    **{"SK": 24, "TR": 26, "UA": 29, "AE": 23, "IL": 23, "SA": 24, "BR": 29, "KZ": 20, "GE": 22, "MD": 24},
}
_MADE_UP_IBANS = _words(
    "GB82WEST12345698765432 GB29NWBK60161331926819 DE89370400440532013000 FR1420041010050500013M02606 "
    "BE68539007547034 NL91ABNA0417164300 CH9300762011623852957 ES9121000418450200051332 "
    "IT60X0542811101000000123456"
)

_QUAD = re.compile(rb"\.\d{1,3}\.\d{1,3}\.\d{1,3}(?![\d.]|-\d)")
_BEGINS_QUAD = re.compile(r"(?<![\d.])\d{1,3}$")
_SOMEBODYS = re.compile(
    r"(?:\b(?:my|your|his|her|their|user|client|visitor|customer|remote)(?:'s)?[ _-]?ip(?:v4)?(?:[ _-]?addr(?:ess)?)?|"
    r"x-forwarded-for|x-real-ip|password for \w{1,30} from)(?: is| was)?[\s:=\"']{0,4}$",
    re.IGNORECASE,
)
_LOGGED = re.compile(r" (?:-|\w{1,30}) (?:-|\w{1,30}) \[\d")
"""What follows the address in the log of a web server."""
_SERVERS = _words("8.8.8.8 8.8.4.4 1.1.1.1 1.0.0.1 9.9.9.9 4.2.2.1 4.2.2.2 1.2.3.4 4.3.2.1 1.2.3.5 5.6.7.8")
"""Addresses of known servers, and of nobody."""
_SHAPE = bytes(
    ord("0") if chr(sign).isdigit() else ord("A") if chr(sign).isupper() else sign if sign < 128 else ord("?")
    for sign in range(256)
)
"""Each digit a 0 and each capital an A: so numbers of a certain form are found by ``find``."""


def personal_data_in(text: str, plain: bytes | None = None) -> Iterator[Found]:
    """Kind, beginning and end of each piece of personal data of a text that is certain to be one.

    Args:
        text: Any.
        plain: The same in ASCII, character by character, where it is at hand.
    """
    plain = text.encode("ascii", "replace") if plain is None else plain
    yield from _emails(text, plain)
    shape = plain.translate(_SHAPE)
    if b"0" not in shape:
        return
    lowered = plain.lower()
    yield from _phones(text, lowered, shape)
    yield from _cards(text, lowered, shape)
    yield from _accounts(text, shape)
    yield from _addresses(text, plain)


def _places(text: bytes, literal: bytes) -> Iterator[int]:
    place = text.find(literal)
    while place >= 0:
        yield place
        place = text.find(literal, place + 1)


def _emails(text: str, plain: bytes) -> Iterator[Found]:
    for at in _places(plain, b"@"):
        domain = _DOMAIN.match(text, at + 1, at + 256)
        local = _LOCAL.match(text[max(at - 65, 0) : at][::-1])
        if domain is None or local is None or domain[1].lower() not in _DOMAINS or _RESERVED.search(domain[0]):
            continue
        name, start = local[0][::-1].strip(".%+-"), at - len(local[0].rstrip(".%+-"))
        if not name or name.lower() in _NOBODY or _is_no_address(text, start, domain.end()):
            continue
        yield "e-mail address", start, domain.end()


def _is_no_address(text: str, start: int, end: int) -> bool:
    """Of an address's form, but a login at a host (``ssh root@host.net``, ``git@host.com:path``) or a program."""
    before, after = text[max(start - 24, 0) : start], text[end : end + 2]
    logged_in = re.search(r"(?:\b(?:ssh|scp|sftp|rsync|ssh-copy-id)\b[^\n]*|//)$", before) is not None
    return logged_in or after[:1] in ("(", "[", "/") or bool(re.match(r":[~/\w]", after)) or before.endswith("@")


def _phones(text: str, lowered: bytes, shape: bytes) -> Iterator[Found]:
    for plus in _places(shape, b"+0"):
        match = _ABROAD.match(text, plus, plus + 40)
        if match and 9 <= _digits(match[0]) <= 15 and not _ADDED.search(text, max(plus - 3, 0), plus):
            yield "phone number", match.start(), match.end()
    for cue in _CUES:
        for place in _places(lowered, cue):
            if b"00" not in shape[place : place + 70]:
                continue
            called = _CALLED.match(text, place, place + 70)
            if called and 8 <= _digits(called["number"]) <= 15 and not _made_up(called["number"]):
                yield "phone number", called.start("number"), called.end("number")


def _digits(text: str) -> int:
    return sum(map(str.isdigit, text))


def _made_up(number: str) -> bool:
    """Numbers of the range for fiction, and those that count up or say one digit only."""
    digits = "".join(filter(str.isdigit, number))
    return "555" in digits[:-4] or "12345" in digits or "98765" in digits or len(set(digits)) < 4


def _cards(text: str, lowered: bytes, shape: bytes) -> Iterator[Found]:
    for form in _CARD_SHAPES:
        for place in _places(shape, form):
            end = place + len(form)
            around = shape[max(place - 2, 0) : place] + b"|" + shape[end : end + 2]
            if not _GOES_ON.search(around) and _is_card("".join(filter(str.isdigit, text[place:end]))):
                yield "payment card", place, end
    if b"0" * 13 not in shape:
        return
    for cue in _CARD_CUES:
        for place in _places(lowered, cue):
            called = _CARD_CALLED.match(text, place, place + 50)
            if called and _is_card(called[1]):
                yield "payment card", called.start(1), called.end(1)


def _is_card(digits: str) -> bool:
    """An issuer's number with its check digit (Luhn), that stands in no manual."""
    if not _ISSUED.match(digits) or digits in _MADE_UP_CARDS or len(set(digits)) < 4:
        return False
    doubled = (sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2])
    return (sum(doubled) + sum(map(int, digits[::-2]))) % 10 == 0


def _accounts(text: str, shape: bytes) -> Iterator[Found]:
    for place in _places(shape, b"AA00"):
        length = _IBAN_LENGTHS.get(text[place : place + 2])
        if length is None or (match := _IBAN.match(text, place, place + 45)) is None:
            continue
        bare = match[0].replace(" ", "")[:length]
        if len(bare) < length or bare in _MADE_UP_IBANS:
            continue
        if int("".join(str(int(sign, 36)) for sign in bare[4:] + bare[:4])) % 97 == 1:
            yield "bank account", match.start(), match.end()


def _addresses(text: str, plain: bytes) -> Iterator[Found]:
    for quad in _QUAD.finditer(plain):
        begin = _BEGINS_QUAD.search(text, max(quad.start() - 4, 0), quad.start())
        if begin is None:
            continue
        start, end = begin.start(), quad.end()
        if not _LOGGED.match(text, end, end + 70) and not _SOMEBODYS.search(text, max(start - 60, 0), start):
            continue
        try:
            address = IPv4Address(text[start:end])
        except AddressValueError:
            continue
        if address.is_global and not address.is_multicast and text[start:end] not in _SERVERS:
            yield "IP address", start, end
