from __future__ import annotations
import base64
from typing import Any
import numpy as np
import rapidjson
import tensorflow as tf
from serlab.serving.embedded.status import invalid_argument

def read_predict(body: bytes, tensorinfo: Any) -> tuple[str, str, dict[str, Any]]:
    try:
        doc = rapidjson.loads(body, number_mode=rapidjson.NM_NATIVE | rapidjson.NM_NAN)
    except rapidjson.JSONDecodeError as e:
        raise invalid_argument(f"JSON Parse error: {e}") from e
    sig = doc.get("signature_name", "")
    infos = tensorinfo(sig)
    row = "instances" in doc
    val = doc["instances"] if row else doc.get("inputs")
    out = {}
    def conv(v: Any, info: Any) -> Any:
        dt = tf.as_dtype(info.dtype).as_numpy_dtype
        def b(v: Any) -> Any:
            if isinstance(v, dict): return base64.b64decode(v["b64"])
            if isinstance(v, list): return [b(x) for x in v]
            return v.encode()
        try:
            return np.array(b(v) if dt is object else v, dtype=dt)
        except (ValueError, TypeError) as e:
            raise invalid_argument(str(e)) from e
    names = sorted(infos)
    if len(names) == 1:
        n = names[0]
        if row and isinstance(val[0], dict) and n in val[0]: val = [v[n] for v in val]
        if not row and isinstance(val, dict) and n in val: val = val[n]
        out[n] = conv(val, infos[n])
    else:
        for n in names:
            out[n] = conv([v[n] for v in val] if row else val[n], infos[n])
    return sig, "row" if row else "columnar", out
