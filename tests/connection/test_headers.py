"""What goes with every call: checked once, for both protocols."""

from __future__ import annotations

import pytest

from serlab.connection.headers import checked_headers, checked_metadata, grpc_metadata, http_headers
from serlab.errors import UsageError
from serlab.records.secret import Secret


def secrets(**headers: str) -> dict[str, Secret]:
    return {name.replace("_", "-"): Secret(value) for name, value in headers.items()}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("", "x"), ("two words", "x"), ("näme", "x"), ("a:b", "x"), ("x", "line\nbreak"), ("x", "é"), ("x", "\x7f"),
        ("Content-Length", "1"), ("transfer-encoding", "chunked"), ("Connection", "close"), ("TE", "trailers"),
        ("grpc-timeout", "1S"),
    ],
)  # fmt: skip
def test_a_header_that_http_cannot_carry_or_sets_itself_is_refused(name: str, value: str) -> None:
    with pytest.raises(UsageError, match="--header"):
        checked_headers({name: value})


def test_host_points_to_authority() -> None:
    with pytest.raises(UsageError, match="--authority"):
        checked_headers({"Host": "model.example.com"})


def test_one_name_in_two_cases_is_refused() -> None:
    with pytest.raises(UsageError, match="given twice"):
        checked_headers({"X-Key": "1", "x-key": "2"})


@pytest.mark.parametrize("name", ["content-type", "Content-Type", "CONTENT-TYPE"])
def test_the_users_header_replaces_the_labs_own_in_any_case(name: str) -> None:
    sent = http_headers(
        {name: Secret("text/json")}, {"Content-Type": "application/json", "Accept-Encoding": "identity"}
    )
    assert sent == {"Accept-Encoding": "identity", name: "text/json"}


def test_a_grpc_call_carries_lower_case_names_and_bytes() -> None:
    metadata = grpc_metadata(secrets(X_Tenant="blue", Trace_Bin="AAEC", short_bin="AAE"))
    assert metadata == (("x-tenant", "blue"), ("trace-bin", b"\0\1\2"), ("short-bin", b"\0\1"))


def test_what_says_how_an_http_body_is_read_stays_with_http() -> None:
    assert grpc_metadata(secrets(content_type="application/json", Accept_Encoding="gzip", a="1")) == (("a", "1"),)


@pytest.mark.parametrize(
    "name", ["a+b", "x!y", "tilde~", "star*", "a^b", "pipe|d", "dollar$", "tick`", "a'b", "p%", "a&b"]
)
def test_a_name_that_http_allows_and_grpc_does_not_is_told(name: str) -> None:
    assert checked_headers({name: "x"})
    with pytest.raises(UsageError, match="gRPC cannot carry"):
        grpc_metadata({name: Secret("x")})


@pytest.mark.parametrize("value", ["not base64!", "A", "====", "é"])
def test_a_binary_value_that_is_no_base64_is_told_without_the_value(value: str) -> None:
    with pytest.raises(UsageError, match="not Base64") as told:
        grpc_metadata({"trace-bin": Secret(value)})
    assert value not in str(told.value).replace("not Base64: a name that ends", "")


@pytest.mark.parametrize(
    ("pair", "words"),
    [(("trace-bin", "AAEC"), "is bytes"), (("a b", "x"), "cannot carry"), (("a", "é"), "printable ASCII")],
)
def test_metadata_of_the_python_clients_is_checked_by_the_same_rule(pair: tuple[str, str], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        checked_metadata([pair])


def test_metadata_comes_from_mappings_and_pairs() -> None:
    assert checked_metadata({"A": "1"}, [("b-bin", b"\0")]) == (("a", "1"), ("b-bin", b"\0"))
