"""Prints every order event: time, type, order, version, status, total.

    consumer.py localhost:9092 orders.events.v1 [--count N] [--group NAME]
"""

import argparse
import json

from confluent_kafka import Consumer, KafkaException

parser = argparse.ArgumentParser(description="Prints every order event.")
parser.add_argument("bootstrap", help="HOST:PORT of any broker")
parser.add_argument("topic", help="orders.events.v1, with the deployment's prefix")
parser.add_argument("--count", type=int, help="end after so many events")
parser.add_argument("--group", default="order-printer", help="goes on where this group was")
args = parser.parse_args()

consumer = Consumer({
    "bootstrap.servers": args.bootstrap,
    "group.id": args.group,
    "isolation.level": "read_committed",  # so that each event is seen once
    "enable.auto.commit": False,  # commit what is done, not what is fetched
    "auto.offset.reset": "earliest",
})
consumer.subscribe([args.topic])
seen = 0
while seen != args.count:
    record = consumer.poll(1.0)
    if record is None:
        continue
    if record.error():
        raise KafkaException(record.error())
    event = {name: value.decode() for name, value in record.headers()}
    if not event["ce_type"].startswith("order."):  # about no order: see "A restored log"
        print(event["ce_time"], event["ce_type"], record.value().decode(), flush=True)
        continue
    after = json.loads(record.value())["after"]
    print(event["ce_time"], event["ce_type"], event["ce_subject"], event["ce_sequence"],
          after["status"], after["totals"]["total"], flush=True)
    consumer.commit(record, asynchronous=False)  # after the work: a crash repeats the event
    seen += 1
consumer.close()
