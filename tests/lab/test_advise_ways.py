"""Which ways are weighed, and what is said of those that cannot be sent."""

from __future__ import annotations

import pytest

from serlab.analysis.advice import Asked
from serlab.errors import UnknownNameError, UsageError
from serlab.lab.advise_ways import blank_way, check, combinations, find, payload_of
from serlab.serving.fit import Wish
from serlab.serving.model import ModelMetadata, SignatureInfo, TensorInfo

BOTH = ("grpc", "rest")


def model(dtype: str = "float32") -> ModelMetadata:
    x, y = TensorInfo("x", dtype, (-1, 8)), TensorInfo("y", "float32", (-1, 4))
    return ModelMetadata("mine", 1, {"serving_default": SignatureInfo("serving_default", {"x": x}, {"y": y})})


def test_exact_needs_weigh_the_tensor_alone_and_transport_and_client_narrow() -> None:
    ways, against = combinations(Asked(1))
    assert {spec for spec, _ in ways} == {"as-is"}
    assert ("as-is", "json") in against
    light, _ = combinations(Asked(1, client="light", transport="grpc"))
    assert light == [("as-is", "wire")]
    lossy, _ = combinations(Asked(1, needs="top1", now="tensor-proto"))
    assert ("uint8", "wire") in lossy
    only, told = combinations(Asked(1, representations=("uint8",), now="tensor-proto"))
    assert {spec for spec, _ in only} == {"uint8"}
    assert ("as-is", "tensor-proto") in told


def test_images_are_photographs_where_they_may_travel_as_jpeg() -> None:
    pytest.importorskip("PIL")
    assert payload_of(Asked(1), "image") == "image"
    assert payload_of(Asked(1, needs="top1"), "image") == "image:photo"


def test_a_model_without_the_signature_gets_the_graph_code() -> None:
    found = find(Asked(1, needs="top1"), "1x8:float32", model(), Wish(), BOTH)
    assert "tf.cast" in found.graphs["uint8"]
    assert ("as-is", "wire") in found.sendings
    assert found.reference is not None
    with pytest.raises(UsageError, match=r"(?s)has no signature 'uint8'.*def restore"):
        find(Asked(1, representations=("uint8",)), "1x8:float32", model(), Wish(), BOTH)


def test_a_payload_that_is_no_image_and_a_dtype_that_nothing_carries() -> None:
    pytest.importorskip("PIL")
    with pytest.raises(UsageError, match="takes images"):
        find(Asked(1, representations=("jpeg:90",)), "1x8:float32", model(), Wish(), BOTH)
    with pytest.raises(UsageError, match="reads no complex64 from JSON"):
        find(Asked(1, transport="rest"), "1x8:complex64", model("complex64"), Wish(), BOTH)
    with pytest.raises(UsageError, match="does not offer grpc"):
        find(Asked(1, transport="grpc"), "2x3:float32", None, Wish(), ("rest",))


def test_a_way_says_what_its_client_imports() -> None:
    found = find(Asked(1), "2x3:float32", None, Wish(), BOTH)
    assert blank_way(("as-is", "wire"), found.sendings["as-is", "wire"]).requires == ("grpc", "serlab.wire")
    assert blank_way(("as-is", "json"), found.sendings["as-is", "json"]).requires == ()
    assert blank_way(("as-is", "base64"), found.sendings["as-is", "base64"]).dtypes == ("float32",)
    assert blank_way(("as-is", "orjson"), None, "no\nmore").failure == "no"


@pytest.mark.parametrize(
    ("asked", "error"),
    [
        (Asked(1, transport="udp"), UsageError),
        (Asked(1, client="heavy"), UsageError),
        (Asked(1, now="raw"), UsageError),
        (Asked(1, now="nothing"), UnknownNameError),
        (Asked(1, ("image", "half")), UsageError),
        (Asked(1, representations=("gif",)), UnknownNameError),
    ],
)
def test_words_that_cannot_be_meant_are_found_before_a_server_is_started(asked: Asked, error: type[Exception]) -> None:
    with pytest.raises(error):
        check(asked)
