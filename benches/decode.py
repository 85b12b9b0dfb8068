"""Time every codec's decode: ``python benches/decode.py -o decode.json [--payload image] [--codec orjson,json]``."""

from serlab.measure.pyperf_script import main

if __name__ == "__main__":
    main("decode")
