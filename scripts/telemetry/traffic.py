#!/usr/bin/env python3
"""Has everything of a running system do something, once or a few times, so that
its metrics have something to tell:

    ORDERLOG_API_KEY=… scripts/telemetry/traffic.py http://127.0.0.1:8080 [NUMBER]

With another number it happens again, to other orders. What is asked has to be answered as is expected here; it is no test of the API.
"""

import http.server
import json
import os
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request

URL = sys.argv[1].rstrip("/")
TURN = sys.argv[2] if len(sys.argv) > 2 else "1"
KEY = os.environ["ORDERLOG_API_KEY"]
ROUNDS = 4
ENDS = ("succeeded", "done", "failed", "cancelled", "dead")


def call(method, path, body=None, expect=(200, 201, 202), content="application/json", **headers):
    """The answer's status, its JSON or text, and its headers."""
    data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
    sent = {"Authorization": f"Bearer {KEY}", "Content-Type": content}
    sent.update({name.replace("_", "-"): value for name, value in headers.items()})
    request = urllib.request.Request(URL + path, data, sent, method=method)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            status, text, told = answer.status, answer.read(), answer.headers
    except urllib.error.HTTPError as problem:
        status, text, told = problem.code, problem.read(), problem.headers
    if status not in expect:
        sys.exit(f"{method} {path}: {status} {text.decode(errors='replace')}")
    is_json = "json" in (told.get("content-type") or "") and "ndjson" not in told["content-type"]
    return status, json.loads(text) if is_json and text else text, told


def until(what, look, seconds=30):
    """Waits for what happens in the background."""
    end = time.monotonic() + seconds
    while not (found := look()):
        if time.monotonic() > end:
            sys.exit(f"waited in vain for {what}")
        time.sleep(0.2)
    return found


def place(number, customer=None):
    order = {
        "platform": "web", "external_id": f"W-{TURN}-{number}", "currency": "GBP",
        "lines": [{"sku": "LAMP", "name": "Desk lamp", "quantity": 2, "unit_price": "19.99"}],
        "shipping_address": {"name": "Ada", "line1": "12 Mill Lane", "city": "Bristol", "country": "GB"},
    }
    if customer:
        order["customer"] = {"id": customer, "name": "Ada", "email": f"{customer}@example.com"}
    _, placed, _ = call("POST", "/v1/orders", order, Idempotency_Key=f"telemetry-{TURN}-{number}")
    return placed


def reference_data():
    seller = {"name": "Lumen & Sons Ltd", "address": ["12 Mill Lane", "Bristol", "United Kingdom"],
              "locale": "en-GB", "paper": "a4"}
    call("PUT", "/v1/platforms/web", {
        "name": "Web shop", "currency": "GBP", "country": "GB", "auto_confirm": True,
        "client_prices": "accepted", "seller": seller})
    call("PUT", "/v1/products/LAMP", {
        "title": "Desk lamp", "weight_grams": 900, "prices": [{"currency": "GBP", "unit_price": "19.99"}]})


class Receiver(http.server.BaseHTTPRequestHandler):
    """Takes webhooks at /ok, and refuses them elsewhere."""

    def do_POST(self):
        self.rfile.read(int(self.headers.get("content-length") or 0))
        self.send_response(204 if self.path == "/ok" else 500)
        self.end_headers()

    def log_message(self, *_):
        pass


def webhooks():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    for path in ("ok", "no"):
        url = f"http://127.0.0.1:{server.server_address[1]}/{path}"
        call("POST", "/v1/webhooks/endpoints", {"url": url, "event_types": ["*"]})


def commands():
    placed = [place(number, f"c-{TURN}-{number % 3}") for number in range(ROUNDS * 5)]
    lines = [{"op": "add_note", "key": f"note-{TURN}-{n}", "order": {"platform": "web", "external_id": f"W-{TURN}-{n}"},
              "body": {"text": "Rings twice"}} for n in range(ROUNDS)]
    body = "".join(json.dumps(line) + "\n" for line in lines).encode()
    call("POST", "/v1/bulk", body, content="application/x-ndjson")
    return placed


def reads(placed):
    for order in placed:
        path = f"/v1/orders/{order['order_id']}"
        call("GET", f"{path}?min_version=1", Prefer="wait=5")
        _, _, told = call("GET", path)
        call("GET", path, If_None_Match=told["etag"], expect=(200, 304))
    # A version that does not come: it is waited for, and told as it is.
    call("GET", f"/v1/orders/{placed[0]['order_id']}?min_version=99", Prefer="wait=1")
    for _ in range(ROUNDS):
        for path in ("/v1/orders?limit=5", "/v1/orders?q=lamp", "/v1/products/LAMP", "/v1/platforms/web",
                     "/v1/statistics/orders?group_by=platform", "/v1/events?limit=5", "/v1/customers?limit=5"):
            call("GET", path)
        call("POST", "/v1/shipping/quotes", {
            "platform": "web", "currency": "GBP", "destination": {"country": "GB"},
            "lines": [{"sku": "LAMP", "quantity": 1}]})
    call("GET", "/v1/orders/nobodys", expect=(400, 404))
    call("BREW", "/v1/orders", expect=(400, 405))
    for ending in ("ndjson", "csv", "parquet"):
        call("GET", f"/v1/orders.{ending}?platform=web")
    for path in (f"/v1/orders/{placed[0]['order_id']}/stream", "/v1/orders/changes", "/v1/events/stream"):
        request = urllib.request.Request(URL + path, headers={"Authorization": f"Bearer {KEY}"})
        urllib.request.urlopen(request, timeout=30).close()


def documents(placed):
    path = f"/v1/orders/{placed[0]['order_id']}"
    call("POST", f"{path}/invoice")
    until("an invoice", lambda: call("GET", f"{path}/invoice.pdf", expect=(200, 404, 409))[0] == 200)


def background():
    line = {"op": "place_order", "key": f"b-{TURN}", "body": {
        "platform": "web", "external_id": f"B-{TURN}", "currency": "GBP",
        "lines": [{"sku": "LAMP", "name": "Desk lamp", "quantity": 1, "unit_price": "19.99"}]}}
    body = (json.dumps(line) + "\n").encode()
    _, operation, _ = call("POST", "/v1/operations", body, content="application/x-ndjson")
    _, export, _ = call("POST", "/v1/exports", {"kind": "orders", "format": "csv", "filters": {"platform": "web"}})

    def ended(path):
        return lambda: (told := call("GET", path)[1])["state"] in ENDS and told

    until("an operation", ended(f"/v1/operations/{operation['id']}"))
    file = until("an export", ended(f"/v1/exports/{export['id']}"))
    if file["state"] != "done":
        sys.exit(f"the export is {file}")
    with urllib.request.urlopen(urllib.parse.urljoin(URL, file["download"]["url"]), timeout=30) as answer:
        answer.read()


def main():
    reference_data()
    webhooks()
    placed = commands()
    reads(placed)
    documents(placed)
    background()
    print(f"{len(placed)} orders, and something of everything else")
    # Deliveries and steps that are under way.
    time.sleep(1)


if __name__ == "__main__":
    main()
