from __future__ import annotations

import pytest

from serlab.embedded.flags import LOOPBACK, channel_arguments, parse_flags
from serlab.errors import UsageError

MODEL = "--model_base_path=/models/m"


def test_values_follow_an_equals_sign_or_stand_alone() -> None:
    flags = parse_flags([MODEL, "--port=1", "--rest_api_port", "2", "--model_name", "m"])
    assert (flags.port, flags.rest_api_port, flags.model_name) == (1, 2, "m")


def test_the_defaults_are_tensorflow_servings_on_loopback() -> None:
    flags = parse_flags([MODEL])
    assert (flags.port, flags.model_name, flags.rest_api_timeout_in_ms) == (8500, "default", 30_000)
    assert flags.host == LOOPBACK
    assert not flags.enable_serialization_as_tensor_content


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        (["--enable_cors_support"], True),
        (["--enable_cors_support=true"], True),
        (["--enable_cors_support", "false"], False),
        (["--enable_cors_support=0"], False),
        (["--enable_cors_support", "--port=3"], True),
    ],
)
def test_booleans_may_stand_alone(words: list[str], wanted: bool) -> None:
    assert parse_flags([*words, MODEL]).enable_cors_support is wanted


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--prot=1", MODEL], "unknown flag --prot; did you mean --port?"),
        (["--enable_batching=true", MODEL], "unknown flag --enable_batching"),
        (["serve", MODEL], "unknown flag serve"),
        (["--port=x", MODEL], "--port is a number, not 'x'"),
        (["--enable_cors_support=maybe", MODEL], "--enable_cors_support is true or false, not 'maybe'"),
        ([MODEL, "--port"], "--port needs a value"),
        ([], "nothing to serve"),
        ([MODEL, "--model_config_file=f"], "exclude each other"),
        ([MODEL, "--port=70000"], "--port is a port from 0"),
        ([MODEL, "--port=-1", "--rest_api_port=-1"], "nothing to talk to"),
        ([MODEL, "--port=9000", "--rest_api_port=9000"], "both 9000"),
        ([MODEL, "--grpc_max_threads=0"], "--grpc_max_threads must be at least 1"),
        ([MODEL, "--grpc_channel_arguments=a"], "key=value"),
    ],
)
def test_what_cannot_be_meant_is_refused_by_name(words: list[str], message: str) -> None:
    with pytest.raises(UsageError) as raised:
        parse_flags(words)
    assert message in str(raised.value)


def test_channel_arguments_are_integers_where_they_read_as_such() -> None:
    text = "grpc.max_connection_age_ms=2000,grpc.name=x=y,a=-1"
    assert channel_arguments(text) == [("grpc.max_connection_age_ms", 2000), ("grpc.name", "x=y"), ("a", -1)]
