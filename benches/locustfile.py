"""Load from as many machines as there are: Locust users built on the lab's codecs, one class per codec.

On one machine:  locust -f benches/locustfile.py --headless -u 8 -t 30s --rest localhost:8501 OrjsonUser
On several:      locust -f benches/locustfile.py --master --expect-workers 2 --grpc HOST:8500 --rest HOST:8501 \
                     --payload image --headless -u 16 -t 60s OrjsonUser WireUser
                 locust -f benches/locustfile.py --worker --master-host MASTER      (on each of the others)

Without class names every codec gets its share of the users. The results land where those of ``serlab load`` do.
"""

from serlab.measure.load.locust.locustfile import USERS

globals().update(USERS)
