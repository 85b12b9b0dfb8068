"""Predict, between the protocols and the model: checks a request against its signature and runs it.

The order of checks and their wording are those of tensorflow_serving/servables/tensorflow/predict_util.cc and
tensorflow/cc/saved_model/util.cc.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from serlab.embedded.core import Servable
from serlab.embedded.model import DEFAULT_SIGNATURE, Signature
from serlab.embedded.status import Code, StatusError, invalid_argument
from serlab.embedded.tensors import OpaqueTensor, Tensor, Tensors, parse_tensor

#: Turns the input of an alias into a tensor.
ReadInput = Callable[[str], Tensor | OpaqueTensor]


def find_signature(servable: Servable, name: str) -> Signature:
    """Return the signature of a name, "" for the default one.

    Raises:
        StatusError: the model has no such signature.
    """
    name = name or DEFAULT_SIGNATURE
    if name not in servable.model.signatures:
        raise StatusError(Code.FAILED_PRECONDITION, f'Serving signature key "{name}" not found.')
    return servable.model.signatures[name]


def run_predict(
    servable: Servable,
    signature_name: str,
    inputs: Iterable[str],
    read_input: ReadInput,
    output_filter: Sequence[str] = (),
    timeout_ms: int = 0,
) -> tuple[str, Tensors]:
    """Run one request and return the signature's name and its outputs by alias, in the order they are written.

    ``inputs`` are the aliases the request gives; ``read_input`` is only called for those the signature has.
    ``timeout_ms`` bounds the run, 0 for none.

    Raises:
        StatusError: whatever TensorFlow Serving would answer.
    """
    signature = find_signature(servable, signature_name)
    given = sorted(inputs)
    wanted = signature.inputs
    _check_input_count(signature, given)
    feeds = {alias: _input(signature, alias, given, read_input) for alias in wanted}
    used = [alias for alias in given if alias in wanted]
    if len(used) != len(given):
        raise invalid_argument(
            f"Inputs contains invalid name. Used request inputs: {','.join(used)}, request input: {','.join(given)}"
        )
    chosen = _outputs(signature, output_filter) if output_filter else signature.outputs
    return signature.name, servable.model.run(signature, feeds, chosen, timeout_ms)


def _check_input_count(signature: Signature, given: list[str]) -> None:
    wanted = signature.inputs
    if len(given) > len(wanted) or (len(given) < len(wanted) and not signature.definition.defaults):
        extra = ",".join(alias for alias in given if alias not in wanted)
        missing = ",".join(alias for alias in wanted if alias not in given)
        raise invalid_argument(
            f"input size does not match signature: {len(given)}!={len(wanted)} len({{{','.join(given)}}}) != "
            f"len({{{','.join(wanted)}}}). Sent extra: {{{extra}}}. Missing but required: {{{missing}}}."
        )


def _input(signature: Signature, alias: str, given: list[str], read_input: ReadInput) -> Tensor | OpaqueTensor:
    if alias in given:
        return read_input(alias)
    definition = signature.definition
    if alias not in definition.defaults:
        raise invalid_argument(
            f"Signature input alias: {alias}(feed name: {definition.inputs[alias].name}) not found in request and no "
            f"default value provided. Inputs expected to be in the request {{{','.join(given)}}}, or default input "
            f"alias set: {','.join(sorted(definition.defaults))}"
        )
    return parse_tensor(definition.defaults[alias])


def _outputs(signature: Signature, output_filter: Sequence[str]) -> list[str]:
    chosen: list[str] = []
    for alias in output_filter:
        if alias not in signature.outputs:
            raise invalid_argument(
                f"output tensor alias not found in signature: {alias} Outputs expected to be in the set "
                f"{{{','.join(signature.outputs)}}}."
            )
        if alias in chosen:
            raise invalid_argument(f"duplicate output tensor alias: {alias}")
        chosen.append(alias)
    return chosen
