"""Time every codec's encode: ``python benches/encode.py -o encode.json [--payload image] [--codec orjson,json]``."""

from serlab.measure.pyperf_script import main

if __name__ == "__main__":
    main("encode")
