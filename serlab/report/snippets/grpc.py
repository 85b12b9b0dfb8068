"""Programs over gRPC: ``serlab.wire``'s clients, TensorFlow's messages, for other codecs serlab itself."""

from __future__ import annotations

from serlab.records.call import Call
from serlab.report.snippets.program import Part, Server, headers_code, variable

_WIRE = '''
SERVER = {server!r}
{settings}_client = PredictClient(SERVER{arguments})


def predict(tensors):
    """Return the outputs by name, views of the answer. Threads may share this."""
    return _client.predict(MODEL, PREPARED, signature={signature!r}{version})


async def predict_async(tensors):
    """As predict, in a coroutine; a service keeps one client open for as long as its event loop runs."""
    async with AsyncPredictClient(SERVER{arguments}) as client:
        return await client.predict(MODEL, PREPARED, signature={signature!r}{version})
'''

_TENSOR_PROTO = '''
SERVER = {server!r}
{settings}OPTIONS = [("grpc.max_receive_message_length", 100 * 2**20)]


def _request(tensors):
    request = predict_pb2.PredictRequest()
    request.model_spec.name = MODEL
    request.model_spec.signature_name = {signature!r}
{version}    for name, tensor in tensors.items():
        request.inputs[name].CopyFrom(tf.make_tensor_proto(tensor))
    return request


def _read(response):
    return {{name: tf.make_ndarray(response.outputs[name]) for name in {outputs!r}}}


_stub = prediction_service_pb2_grpc.PredictionServiceStub({channel})


def predict(tensors):
    """Return the outputs by name. Threads may share this."""
    return _read(_stub.Predict(_request(PREPARED), timeout={timeout!r}, metadata=METADATA))


async def predict_async(tensors):
    """As predict, in a coroutine; a service keeps one channel open for as long as its event loop runs."""
    async with {async_channel} as channel:
        stub = prediction_service_pb2_grpc.PredictionServiceStub(channel)
        return _read(await stub.Predict(_request(PREPARED), timeout={timeout!r}, metadata=METADATA))
'''

_ANY = '''
CODEC = registry.get({codec!r})
CALL = {call}
ENDPOINT = Endpoint("remote", "", {grpc!r}, {rest!r}, tls={tls!r}, https={https!r})
OPTIONS = TransportOptions(ca={ca!r}, headers={headers})


def predict(tensors):
    """Return the outputs by name; a service keeps one transport open per thread."""
    with open_transport(CODEC.transport, ENDPOINT, CALL, OPTIONS) as transport:
        return CODEC.decode(transport.send(CODEC.encode(PREPARED, CALL)), CALL)


async def predict_async(tensors):
    """As predict, without blocking the event loop."""
    return await asyncio.to_thread(predict, tensors)
'''


def wire_part(call: Call, server: Server) -> Part:
    """Return the part for ``serlab.wire``."""
    arguments = f", timeout={server.timeout_s!r}"
    arguments += ", tls=True" if server.grpc_tls else ""
    arguments += f", ca={server.ca!r}" if server.ca else ""
    arguments += ", metadata=METADATA" if server.headers else ""
    version = (
        f", version={call.version!r}" if call.version is not None else f", label={call.label!r}" if call.label else ""
    )
    version += f", output_filter={tuple(call.outputs)!r}" if call.picks_outputs else ""
    code = _WIRE.format(server=server.grpc, settings=_settings(call, server), arguments=arguments,
                        signature=call.signature, version=version)  # fmt: skip
    imports = ("from serlab.wire import AsyncPredictClient, PredictClient", *_os(server))
    return Part(imports, code, ("serlab",))


def tensor_proto_part(call: Call, server: Server) -> Part:
    """Return the part for TensorFlow's messages."""
    credentials = "grpc.ssl_channel_credentials()"
    if server.ca:
        credentials = f"grpc.ssl_channel_credentials(open({server.ca!r}, 'rb').read())"

    def channel(module: str) -> str:
        if server.grpc_tls:
            return f"{module}.secure_channel(SERVER, {credentials}, options=OPTIONS)"
        return f"{module}.insecure_channel(SERVER, options=OPTIONS)"

    version = ""
    if call.version is not None:
        version = f"    request.model_spec.version.value = {call.version}\n"
    elif call.label:
        version = f"    request.model_spec.version_label = {call.label!r}\n"
    if call.picks_outputs:
        version += f"    request.output_filter.extend({tuple(call.outputs)!r})\n"
    code = _TENSOR_PROTO.format(
        server=server.grpc, settings=_settings(call, server, always=True), signature=call.signature, version=version,
        outputs=tuple(call.outputs), channel=channel("grpc"), async_channel=channel("grpc.aio"),
        timeout=server.timeout_s,
    )  # fmt: skip
    stubs = "from tensorflow_serving.apis import predict_pb2, prediction_service_pb2_grpc"
    imports = ("import grpc", "import grpc.aio", "import tensorflow as tf", stubs, *_os(server))
    return Part(imports, code, ("grpc", "tensorflow", "tensorflow_serving"))


def any_part(codec: str, call: Call, server: Server) -> Part:
    """Return the part for a codec of anyone's, through serlab itself."""
    rest = server.rest.partition("://")[2]
    secrets = ", ".join(f"{name!r}: Secret(os.environ[{variable(name)!r}])" for name in server.headers)
    code = _ANY.format(codec=codec, call=repr(call), grpc=server.grpc, rest=rest, tls=server.grpc_tls,
                       https=server.rest.startswith("https"), ca=server.ca, headers=f"{{{secrets}}}")  # fmt: skip
    imports = ("from serlab.codecs import registry", "from serlab.connection import TransportOptions",
               "from serlab.records.call import Call, TensorSpec", "from serlab.records.run import Endpoint",
               "from serlab.transports.registry import open_transport", *_os(server))  # fmt: skip
    if server.headers:
        imports = (*imports, "from serlab.records.secret import Secret")
    return Part(imports, code, ("serlab",))


def _settings(call: Call, server: Server, *, always: bool = False) -> str:
    settings = f"MODEL = {call.model!r}\n"
    if server.headers or always:
        pairs = headers_code(server)
        settings += f"METADATA = [(name.lower(), value) for name, value in {pairs}.items()]\n"
    return settings


def _os(server: Server) -> tuple[str, ...]:
    return ("import os",) if server.headers else ()
