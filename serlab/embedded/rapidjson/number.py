"""Numbers as RapidJSON 1.1.0 reads them in TensorFlow Serving: fast, not fully precise, subnormals flushed.

TensorFlow Serving parses with ``kParseNanAndInfFlag`` and without ``kParseFullPrecisionFlag``, so a decimal is gathered
into a 64-bit integer, goes on in doubles, and is scaled by one (or two) rounded powers of ten: 1–2 ULP off for some
literals. Its request threads run with subnormals flushed to zero. All of it follows RapidJSON's ``reader.h`` and
``internal/strtod.h`` (https://github.com/Tencent/rapidjson/tree/v1.1.0), down to the value of ``NaN.5``.
"""

from __future__ import annotations

import re
from fractions import Fraction

from serlab.embedded.status import ParseError

_NUMBER = re.compile(rb"(-?)(0|[1-9][0-9]*)(?:\.([0-9]+))?(?:[eE]([+-]?)([0-9]+))?")
_TAIL = re.compile(rb"(?:\.([0-9]+))?(?:[eE]([+-]?)([0-9]+))?")
_POW10 = [float(f"1e{exponent}") for exponent in range(309)]

_MAX_UINT64, _MIN_INT64 = 2**64 - 1, -(2**63)
#: Above this a further digit no longer goes into the 64-bit significand (2^53 - 1).
_MAX_SIGNIFICAND = 2**53 - 1
#: Digits after the first that still count.
_SIGNIFICANT_DIGITS = 17
_MAX_BY_TEN = 1.7976931348623157e307
_MIN_NORMAL = 2.0**-1022
#: Exact results below this round to something smaller than the smallest normal number.
_TINY = Fraction(1, 2**1022) - Fraction(1, 2**1076)


def read_number(text: bytes, at: int) -> tuple[int | float, int]:
    """Return the number that begins at ``text[at]`` and the offset behind it.

    Literals without fraction and exponent are ints where they fit 64 bits, everything else is a float.

    Raises:
        ParseError: RapidJSON reports an error here.
    """
    match = _NUMBER.match(text, at)
    if match is None:
        return _read_nan_or_infinity(text, at)
    minus, whole, fraction, exponent_sign, exponent = match.groups()
    end = match.end()
    _check_complete(text, end, fraction, exponent)
    if fraction is None and exponent is None and len(whole) <= 20:
        value = int(match.group())
        if _MIN_INT64 <= value <= _MAX_UINT64:
            return value, end
    number = _read_double(whole, fraction or b"", exponent_sign, exponent, bool(minus), at)
    return (-number if minus else number), end


def _check_complete(text: bytes, end: int, fraction: bytes | None, exponent: bytes | None) -> None:
    following = text[end : end + 1]
    if fraction is None and exponent is None and following == b".":
        raise ParseError("Miss fraction part in number.", end + 1)
    if exponent is None and following in (b"e", b"E"):
        signed = text[end + 1 : end + 2] in (b"+", b"-")
        raise ParseError("Miss exponent in number.", end + 1 + signed)


def _read_double(
    whole: bytes, fraction: bytes, exponent_sign: bytes | None, exponent: bytes | None, minus: bool, at: int
) -> float:
    """Gather digits and scale them; the sign is the caller's."""
    limit = -_MIN_INT64 if minus else _MAX_UINT64
    kept = whole[:20]
    if int(kept) > limit:
        kept = kept[:-1]
        if int(kept) > limit:
            kept = kept[:-1]
    significand, digits, scale = int(kept), len(kept) - 1, 0
    rest = whole[len(kept) :]
    if rest:
        number = _append_to_double(float(significand), rest, at)
    else:
        # Zeros behind "0." neither change the significand nor count: no need to walk through megabytes of them.
        taken = 0 if significand else len(fraction) - len(fraction.lstrip(b"0"))
        for digit in fraction[taken:]:
            if significand > _MAX_SIGNIFICAND:
                break
            significand = significand * 10 + digit - 48
            taken += 1
            digits += significand != 0
        number = float(significand)
        scale = -taken
        fraction = fraction[taken:]
    for digit in fraction:
        if digits >= _SIGNIFICANT_DIGITS:
            break
        number = number * 10.0 + (digit - 48)
        scale -= 1
        digits += number > 0.0
    return _scaled(number, scale + _exponent(exponent_sign, exponent, scale, at))


def _append_to_double(number: float, digits: bytes, at: int) -> float:
    for digit in digits:
        if number >= _MAX_BY_TEN:
            raise ParseError("Number too big to be stored in double.", at)
        number = number * 10 + (digit - 48)
    return number


def _exponent(sign: bytes | None, digits: bytes | None, scale: int, at: int) -> int:
    if not digits:
        return 0
    significant = digits.lstrip(b"0")[:10]
    value = int(significant or b"0")
    if sign == b"-":
        return -value
    if value > 308 - scale and len(digits) > 1:
        # RapidJSON compares only from the second digit on; a single one is never too big.
        raise ParseError("Number too big to be stored in double.", at)
    return value


def _scaled(number: float, exponent: int) -> float:
    if exponent >= -308:
        return _scale_once(number, exponent)
    return _scale_once(_scale_once(number, -308), exponent + 308)


def _scale_once(number: float, exponent: int) -> float:
    if exponent < -308:
        return 0.0
    if exponent >= 0:
        return number * _POW10[exponent]
    power = _POW10[-exponent]
    quotient = number / power
    if quotient > _MIN_NORMAL or not quotient:
        return quotient
    # Flushed to zero; the smallest normal number too, where only gradual underflow rounds up to it.
    exact = Fraction(number) / Fraction(power)
    return quotient if quotient == _MIN_NORMAL and exact >= _TINY else 0.0


def _read_nan_or_infinity(text: bytes, at: int) -> tuple[float, int]:
    minus = text[at : at + 1] == b"-"
    end = at + minus
    # "N" and "a" stay consumed when what follows is "Inf": RapidJSON reads NaInf as Infinity.
    number, end = _consume_nan(text, end)
    if number is None:
        if text[end : end + 3] == b"Inf":
            number, end = float("-inf" if minus else "inf"), end + 3
            if text[end : end + 1] == b"i":
                end = _consume_inity(text, end)
        else:
            raise ParseError("Invalid value.", _consume_prefix(text, end, b"Inf"))
    tail = _TAIL.match(text, end)
    assert tail is not None  # it matches the empty string
    fraction, exponent_sign, exponent = tail.groups()
    _check_complete(text, tail.end(), fraction, exponent)
    if fraction is None and exponent is None:
        return number, end
    # A fraction or exponent behind NaN or Infinity is read as if a lone 0 stood before it.
    number = _read_double(b"0", fraction or b"", exponent_sign, exponent, minus, at)
    return (-number if minus else number), tail.end()


def _consume_nan(text: bytes, at: int) -> tuple[float | None, int]:
    end = _consume_prefix(text, at, b"NaN")
    if end == at + 3:
        return float("nan"), end
    return None, end


def _consume_inity(text: bytes, at: int) -> int:
    end = _consume_prefix(text, at, b"inity")
    if end < at + 5:
        raise ParseError("Invalid value.", end)
    return end


def _consume_prefix(text: bytes, at: int, word: bytes) -> int:
    """Return the offset behind as much of ``word`` as stands at ``at``."""
    end = at
    for letter in word:
        if text[end : end + 1] != bytes([letter]):
            break
        end += 1
    return end
