from __future__ import annotations
import base64, json
from typing import Any
import numpy as np

def _l(name: str, a: Any) -> Any:
    if a.dtype == object:
        f = (lambda b: {"b64": base64.b64encode(b).decode()}) if name.endswith("_bytes") else (lambda b: b.decode())
        def r(v: Any) -> Any:
            return [r(x) for x in v] if isinstance(v, list) else f(v)
        return r(a.tolist())
    if a.dtype == np.float32:
        return np.vectorize(lambda x: float(f"{x:.9g}"), otypes=[float])(a).tolist() if a.size else a.tolist()
    return a.tolist()

def write_predictions(outputs: Any, form: str) -> bytes:
    vals = {k: _l(k, v) for k, v in outputs.items()}
    if form == "columnar":
        return json.dumps({"outputs": next(iter(vals.values())) if len(vals) == 1 else vals}).encode()
    if len(vals) == 1:
        return json.dumps({"predictions": next(iter(vals.values()))}).encode()
    n = len(next(iter(vals.values())))
    return json.dumps({"predictions": [{k: v[i] for k, v in vals.items()} for i in range(n)]}).encode()
