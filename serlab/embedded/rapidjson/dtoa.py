"""Doubles as RapidJSON 1.1.0 writes them: Grisu2, whose digits are short but not always the shortest.

TensorFlow Serving quotes JSON values in its error messages this way (2^64 is ``18446744073709553000.0``). After
``internal/dtoa.h`` and ``internal/diyfp.h`` of https://github.com/Tencent/rapidjson/tree/v1.1.0.
"""

from __future__ import annotations

import math
import struct

_MASK64 = 2**64 - 1
_HIDDEN_BIT = 1 << 52
_EXPONENT_BIAS = 0x3FF + 52
#: From this many digits before the point on, an exponent is written.
_MAX_WHOLE_DIGITS = 21


def write_double(value: float) -> bytes:
    """Return the text of a finite ``value``."""
    sign = b"-" if math.copysign(1.0, value) < 0 else b""
    if value == 0:
        return sign + b"0.0"
    digits, exponent = _grisu2(abs(value))
    return sign + _prettify(digits, exponent)


def _grisu2(value: float) -> tuple[bytes, int]:
    """Return digits and an exponent: ``value`` is about ``int(digits) * 10**exponent``."""
    bits = struct.unpack("<Q", struct.pack("<d", value))[0]
    biased, fraction = bits >> 52, bits & (_HIDDEN_BIT - 1)
    significand = fraction + _HIDDEN_BIT if biased else fraction
    exponent = (biased or 1) - _EXPONENT_BIAS
    upper, upper_e = _normalized((significand << 1) + 1, exponent - 1)
    at_power = significand == _HIDDEN_BIT
    lower = (significand << 2) - 1 if at_power else (significand << 1) - 1
    lower <<= exponent - (2 if at_power else 1) - upper_e
    power, power_e, decimal = _cached_power(upper_e)
    middle, _ = _normalized(significand, exponent)
    scaled_upper = _multiply(upper, power) - 1
    return _digits(
        _multiply(middle, power),
        scaled_upper,
        scaled_upper - _multiply(lower, power) - 1,
        upper_e + power_e + 64,
        decimal,
    )


def _normalized(significand: int, exponent: int) -> tuple[int, int]:
    shift = 64 - significand.bit_length()
    return significand << shift, exponent - shift


def _multiply(left: int, right: int) -> int:
    """Return the upper 64 bits of a product, rounded to nearest."""
    product = left * right
    return (product >> 64) + (product >> 63 & 1)


def _cached_power(exponent: int) -> tuple[int, int, int]:
    """Return the power of ten that brings ``exponent`` near -61: significand, exponent, minus its decimal one."""
    index = (math.ceil((-61 - exponent) * 0.30102999566398114 + 347) >> 3) + 1
    decimal = -348 + (index << 3)
    if decimal >= 0:
        exact = 10**decimal
        shift = exact.bit_length() - 64
        significand = (exact << -shift) if shift <= 0 else (exact + (1 << (shift - 1))) >> shift
    else:
        divisor = 10**-decimal
        shift = -(divisor.bit_length() + 63)
        significand = ((1 << (1 - shift)) // divisor + 1) >> 1
        if significand.bit_length() < 64:
            shift -= 1
            significand = ((1 << (1 - shift)) // divisor + 1) >> 1
    return significand, shift, -decimal


def _digits(middle: int, upper: int, delta: int, exponent: int, decimal: int) -> tuple[bytes, int]:
    """Generate digits of ``upper`` until what is left lies within ``delta``, then step back towards ``middle``."""
    shift = -exponent
    one = 1 << shift
    distance = upper - middle
    whole, part = upper >> shift, upper & (one - 1)
    digits = bytearray()
    kappa = len(str(whole)) if whole else 1
    while kappa > 0:
        digit, whole = divmod(whole, 10 ** (kappa - 1))
        if digit or digits:
            digits.append(48 + digit)
        kappa -= 1
        rest = (whole << shift) + part
        if rest <= delta:
            _round(digits, delta, rest, 10**kappa << shift, distance)
            return bytes(digits), decimal + kappa
    while True:
        part *= 10
        delta = delta * 10 & _MASK64
        digit = part >> shift
        if digit or digits:
            digits.append(48 + digit)
        part &= one - 1
        kappa -= 1
        if part < delta:
            scaled = distance * 10**-kappa & _MASK64 if -kappa < 9 else 0
            _round(digits, delta, part, one, scaled)
            return bytes(digits), decimal + kappa


def _round(digits: bytearray, delta: int, rest: int, ten_kappa: int, distance: int) -> None:
    while (
        rest < distance
        and delta - rest >= ten_kappa
        and (rest + ten_kappa < distance or distance - rest > rest + ten_kappa - distance)
    ):
        digits[-1] -= 1
        rest += ten_kappa


def _prettify(digits: bytes, exponent: int) -> bytes:
    point = len(digits) + exponent
    if exponent >= 0 and point <= _MAX_WHOLE_DIGITS:
        return digits + b"0" * exponent + b".0"
    if 0 < point <= _MAX_WHOLE_DIGITS:
        return digits[:point] + b"." + digits[point:]
    if -6 < point <= 0:
        return b"0." + b"0" * -point + digits
    mantissa = digits if len(digits) == 1 else digits[:1] + b"." + digits[1:]
    return b"%be%d" % (mantissa, point - 1)
