"""What becomes of extreme float64 values through each codec, without a server and through the lab's echo."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from serlab.codecs import registry
from serlab.errors import MeasureError, SerlabError
from serlab.measure.calls import call_of_signature
from serlab.measure.claims.lab import Lab, series
from serlab.measure.process.patience import says_no
from serlab.records import evidence as said
from serlab.records.call import TensorSpec
from serlab.records.claims import Evidence
from serlab.records.run import Endpoint
from serlab.servable.signatures import signature
from serlab.transports.base import Transport, TransportOptions
from serlab.transports.loopback import LoopbackTransport
from serlab.transports.registry import open_transport

JSON_CODECS = ("json", "orjson")
CODECS = (*JSON_CODECS, "base64", "tensor-proto", "wire")
NAMED_VALUE = 1e-100
#: Normal numbers this many powers of ten from 1: as extreme as the one the article names, and no subnormals.
LEAST_EXPONENT, MOST_EXPONENT = 100, 300
VALUES = 1000


def measure(lab: Lab) -> Evidence:
    """Send values around 1e±100 to 1e±300 there and back, and say of each whether the same bits came back."""
    listed = []
    facts: dict[str, str] = {said.JSON_CODECS: ",".join(JSON_CODECS)}
    target = lab.on_target(None)
    for codec in lab.available(CODECS):
        for place, endpoint in ((said.OFFLINE, None), (said.LIVE, target.endpoint)):
            try:
                exact = lab.ask(codec, kept_bits, codec, lab.seed, endpoint, target.options)
            except MeasureError as error:
                facts[f"{codec}, {place}"] = str(error)
                if not says_no(error.code):
                    lab.missing.append(f"{codec}, {place}: {error}")
                continue
            listed.append(series(said.EXACT, "count", {0: tuple(exact)}, codec=codec, setting=place))
            if (codec, place) == ("json", said.LIVE):
                facts[said.NAMED_VALUE] = "exact" if exact[0] else "altered"
    if not any(entry.setting == said.LIVE for entry in listed):
        raise MeasureError(f"no codec brought the values back: {facts}")
    return Evidence("extremes", tuple(listed), facts)


def extreme_values(seed: int) -> NDArray[np.float64]:
    """Return one row of values, the article's first: random digits, both signs, exponents far from zero."""
    rng = np.random.default_rng(seed)
    digits = rng.uniform(1.0, 10.0, VALUES - 1)
    exponents = rng.integers(LEAST_EXPONENT, MOST_EXPONENT, VALUES - 1, endpoint=True) * rng.choice([-1, 1], VALUES - 1)
    drawn = digits * rng.choice([-1.0, 1.0], VALUES - 1) * np.power(10.0, exponents.astype(np.float64))
    return np.concatenate([[NAMED_VALUE], drawn]).reshape(1, -1)


def kept_bits(codec_name: str, seed: int, endpoint: Endpoint | None, options: TransportOptions) -> list[float]:
    """Be a fresh process that makes one round trip; return 1.0 for each value that kept its bits, else 0.0.

    Without an ``endpoint`` the codec's own server half answers.
    """
    codec, sent = registry.get(codec_name), extreme_values(seed)
    spec = TensorSpec("float64", sent.shape)
    call = call_of_signature(codec.signature if codec.signature == "bytes" else signature("echo", "float64").name, spec)
    (name,) = call.inputs
    transport: Transport
    if endpoint is None:
        transport = LoopbackTransport(codec, call, codec.forms[0])
    else:
        transport = open_transport(codec.transport, endpoint, call, options)
    with transport:
        (received,) = codec.decode(transport.send(codec.encode({name: sent}, call)), call).values()
    if received.shape != sent.shape:
        raise SerlabError(f"{codec_name} brought back shape {list(received.shape)} for {list(sent.shape)}")
    same = np.ascontiguousarray(received, np.float64).view(np.uint64) == sent.view(np.uint64)
    return [float(kept) for kept in same.reshape(-1)]
