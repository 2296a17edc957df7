"""Receives Orderlog's webhooks, and prints each event once.

    pip install -r requirements.txt
    WEBHOOK_SECRET=whsec_... python receiver.py 3000

A receiver has to do four things: check the signature over the body as it came,
answer 2xx before it does anything slow, treat a `webhook-id` that it has seen
as done, and not rely on order unless the endpoint is `ordered`.
"""

import json
import os
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from standardwebhooks.webhooks import Webhook, WebhookVerificationError

WEBHOOK = Webhook(os.environ["WEBHOOK_SECRET"])
SEEN = set()  # in production a table, in the transaction of what follows


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        try:
            # Signature, and a time of no more than five minutes ago.
            event = WEBHOOK.verify(body, dict(self.headers))
        except WebhookVerificationError as error:
            print(f"refused: {error}", flush=True)
            return self.answer(400)
        if (message := self.headers["webhook-id"]) not in SEEN:
            SEEN.add(message)
            print(json.dumps({"id": message, "type": event["type"], "data": event["data"]}), flush=True)
        self.answer(204)

    def answer(self, status):
        self.send_response(status)
        self.end_headers()

    def log_message(self, *_):
        pass


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Receiver)
    print(f"listening on {server.server_port}", flush=True)
    server.serve_forever()
