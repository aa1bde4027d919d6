"""`python -m tests.stripe_standin`: Stripe's stand-in beside `make run`; the settings to use are printed."""

import argparse
import sys
import threading

from tests.stripe_standin.server import StandIn


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.stripe_standin", description=__doc__)
    parser.add_argument("--port", type=int, default=12111)
    parser.add_argument("--site", default="http://localhost:8000", help="where the events go")
    parser.add_argument("--delay", type=float, default=1, help="seconds before an event is sent")
    parser.add_argument("--shuffle", action="store_true", help="send events out of order")
    parser.add_argument("--twice", action="store_true", help="send each event twice")
    parser.add_argument("--lose", type=float, default=0, help="the share of events that never arrive")
    options = parser.parse_args()
    webhook = f"{options.site.rstrip('/')}/stripe/webhook/"
    with StandIn(port=options.port, webhook=webhook) as standin:
        standin.post.start(
            delay=options.delay, shuffle=options.shuffle, twice=options.twice, lose=options.lose
        )
        print(
            f"STRIPE_SECRET_KEY={standin.key} STRIPE_WEBHOOK_SECRET={standin.post.secret} "
            f"STRIPE_API_BASE={standin.url} make run",
            flush=True,
        )
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            sys.exit(0)


if __name__ == "__main__":
    main()
