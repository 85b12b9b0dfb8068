"""The words of a page, explained at its end: the only source of their meanings. A page lists the ones that it uses."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from markupsafe import Markup, escape

#: Each term with its meaning, as it stands in a page's list of words.
MEANINGS: Mapping[str, str] = MappingProxyType(
    {
        "canonical": "A NaN came back as another NaN: the standard one of its sign, without the bits it carried.",
        "95 % interval": "Where the true value lies, in 95 of 100 such measurements; over client processes.",
        "allocated": "Everything that was asked of the memory allocator, also what was freed at once.",
        "changed type": "The same value came back as another type: text as bytes, for instance.",
        "codec": "One way to turn a tensor into a request body, and a response body into a tensor.",
        "content": "A tensor's numbers as one block of bytes in a protobuf message (tensor_content).",
        "copy factor": "Bytes allocated ÷ bytes of the tensor: how many copies were made, also for a moment.",
        "end to end": "Of a whole call to a live server, as its client's clock has it.",
        "exact": "Every bit came back as it was sent.",
        "floor": "One copy of the tensor's buffer (the codec raw), which whatever copies cannot beat. A decode that "
        "returns a view of its body copies nothing, and takes less.",
        "flushed": "A number too small for the normal format (subnormal) came back as zero.",
        "in isolation": "A step timed alone, in a process that calls no server: in a loop, or, to be held against "
        "calls, with a wait before each.",
        "law": "What a server costs: a fixed time plus nanoseconds per byte of request and of response, as measured.",
        "ledger": "A call's time split into its stages, with what is left over.",
        "p50": "The median: half of the calls took less. p90, p99: 90 and 99 of 100 did.",
        "peak": "The most memory that one call held at a time.",
        "processes": "Fresh processes of the operating system: each is one sample, as its memory layout differs.",
        "rank correlation": "Spearman's: 1 where two orders are the same, 0 where they have nothing in common.",
        "rejected": "A value that was refused with an error.",
        "round": "One measurement of every case, in shuffled order. Ratios are taken within a round.",
        "rounded": "A number came back as a neighbour of itself; how far is counted in ULP.",
        "silently": "Without an error or a warning.",
        "Theil–Sen": "A fitted line whose slope is the median of the slopes between all pairs of points.",
        "too close to call": "The interval of a ratio contains 1: neither side can be called faster.",
        "ULP": "Unit in the last place: the distance from a number to the next one that its type can hold.",
        "undisturbed": "Of a process's values the least: what other programs and the garbage collector did not add to.",
        "values": "What the round trip does to the numbers; as a message's form: numbers in typed fields.",
    }
)  # fmt: skip

#: Codecs of use only to a model whose signature takes bytes, and how that is said of them.
TAKE_BYTES, _BYTES = frozenset({"base64", "base64-simd"}), "for a model whose signature takes bytes"
#: Each codec, what it does on the way out and on the way back.
CODECS: Mapping[str, str] = MappingProxyType(
    {
        "json": "REST: .tolist() and json.dumps; json.loads and np.array. What most tutorials do.",
        "json-orjson-list": "REST: .tolist() and orjson.dumps; orjson.loads and np.array.",
        "orjson": "REST: orjson straight from numpy (OPT_SERIALIZE_NUMPY); orjson.loads and np.array.",
        "json-chunked": "REST: orjson row by row, sent in chunks; orjson.loads and np.array.",
        "orjson-gzip": "REST: orjson straight from numpy, gzipped; orjson.loads and np.array.",
        "json-msgspec": "REST: .tolist() and msgspec.json.encode; msgspec.json.decode and np.array.",
        "json-ujson": "REST: .tolist() and ujson.dumps; ujson.loads and np.array.",
        "json-simdjson": "REST: orjson straight from numpy; simdjson into a buffer of numbers.",
        "base64": f'REST: the raw bytes as base64 ({{"b64": …}}) by Python\'s base64, both ways; {_BYTES}.',
        "base64-simd": f"REST: the raw bytes as base64 by pybase64, which uses SIMD, both ways; {_BYTES}.",
        "tensor-proto": "gRPC: tf.make_tensor_proto; tf.make_ndarray. What most tutorials do.",
        "tensor-proto-values": "gRPC: float_val.extend(…); np.array of float_val.",
        "wire": "gRPC: serlab's own reader and writer of the same messages, without TensorFlow and without copies "
        "but one: serlab.wire.PredictClient.",
        "raw": "No way to send anything: it copies the tensor's buffer once, which is the floor.",
    }
)

#: Terms that are words of every day as well: only a heading that is nothing else means the term.
_HEADINGS = frozenset({"values", "exact", "peak", "end to end"})
_PATTERN = re.compile(
    r"(?<![\w-])("
    + "|".join(sorted(map(re.escape, MEANINGS.keys() - _HEADINGS), key=len, reverse=True))
    + r")s?(?![\w-])",
    re.IGNORECASE,
)
_TERMS = {term.casefold(): term for term in MEANINGS}


class Words:
    """What a page being made uses of the glossary: it links a term where a part of the page first has it."""

    def __init__(self, codecs: Iterable[str] = ()) -> None:
        """Begin with a page that uses no term; ``codecs`` are its codecs, with or without parameters."""
        names = [name.partition(":")[0] for name in codecs]
        self._codecs = {name: CODECS[name] for name in names if name in CODECS}
        self._used: set[str] = set()
        self._linked: set[str] = set()

    def begin(self) -> str:
        """Begin a part of the page, in which terms are linked anew; return nothing to show."""
        self._linked.clear()
        return ""

    def link(self, text: str) -> Markup:
        """Return text as HTML in which terms that this part has not linked yet lead to their meaning."""
        found, at = [], 0
        for match in _PATTERN.finditer(text.replace("\N{NO-BREAK SPACE}", " ")):
            term = _TERMS[match.group(1).casefold()]
            if term not in self._linked:
                self._linked.add(term)
                shown = text[match.start() : match.end()]
                found += [escape(text[at : match.start()]), _anchor(term, shown)]
                at = match.end()
        self._used |= self._linked
        return Markup().join([*found, escape(text[at:])])

    def hint(self, text: str) -> str:
        """Return the meaning of the first term of a heading, "" where it has none."""
        match = _PATTERN.search(text)
        term = _TERMS.get((match.group(1) if match else text.strip()).casefold(), "")
        if term:
            self._used.add(term)
        return MEANINGS.get(term, "")

    @property
    def used(self) -> list[tuple[str, str, str]]:
        """Term, id and meaning of every term that the page has used and of its codecs, in alphabetical order."""
        found = {**{term: MEANINGS[term] for term in self._used}, **self._codecs}
        return [(term, identity(term), found[term]) for term in sorted(found, key=str.casefold)]


def identity(term: str) -> str:
    """Return where a term stands on a page: ``term-copy-factor``."""
    return "term-" + re.sub(r"[^a-z0-9]+", "-", term.lower()).strip("-")


def _anchor(term: str, shown: str) -> Markup:
    return Markup('<a class="term" href="#{}">{}</a>').format(identity(term), shown)
