#!/usr/bin/env python3
"""Holds metrics, their list, rules, dashboards and runbook against each other and
against a running system:

    scripts/telemetry/expressions.py PROMETHEUS METRICS

are the addresses of a Prometheus that asks the system, and of the system's own
/metrics. Everything that is wrong is told, and makes it end with 1.
"""

import collections
import json
import math
import pathlib
import re
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
PROMETHEUS, METRICS = (address.rstrip("/") for address in sys.argv[1:3])
# Labels that Prometheus adds, or that say something of a histogram.
ADDED = {"job", "instance", "le"}
SUFFIXES = ("_bucket", "_sum", "_count")
# What Grafana puts in the place of its variables.
VARIABLES = {"$__rate_interval": "1m", "$__range": "1m", "$__interval": "5s",
             "$job": ".*", "$route": ".*", "$projection": ".*"}
LOOKS_PERSONAL = re.compile(r"@|[0-9a-f]{8}-[0-9a-f]{4}-")

wrong = []
Metric = collections.namedtuple("Metric", "kind labels values rare")


def tell(text):
    wrong.append(text)


# --- what there is ------------------------------------------------------------


def documented():
    """docs/METRICS.md: name -> kind, labels, listed values of labels, whether it may be absent."""
    found = {}
    for line in (ROOT / "docs/METRICS.md").read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.split("|")[1:-1]]
        name = re.match(r"\| `(orderlog_\w+)`( †)? \|", line)
        if not name:
            continue
        if len(cells) != 5 or not cells[2] or not cells[4]:
            tell(f"METRICS.md: {name[1]} lacks a unit or a meaning")
            continue
        listed = cells[3]
        values = {label: set(re.findall(r"`(\w+)`", inside))
                  for label, inside in re.findall(r"`(\w+)` \(([^)]*)\)", listed)}
        labels = set(re.findall(r"`(\w+)`", re.sub(r"\([^)]*\)", "", listed)))
        if name[1] in found:
            tell(f"METRICS.md: {name[1]} is listed twice")
        found[name[1]] = Metric(cells[1], labels, values, bool(name[2]))
    return found


def registered():
    """What the sources count: name -> kinds, by the macro that is given the name, or
    a constant of the same file."""
    found = collections.defaultdict(set)
    macro = r"(?:describe_)?(counter|gauge|histogram)!\(\s*(?:\"(orderlog_\w+)\"|(\w+)\b)"
    for source in ROOT.glob("*/src/**/*.rs"):
        text = source.read_text(encoding="utf-8")
        constants = dict(re.findall(r'const (\w+): &str = "(orderlog_\w+)";', text))
        for kind, literal, constant in re.findall(macro, text):
            if name := literal or constants.get(constant):
                found[name].add(kind)
    return found


def served():
    """/metrics: name -> kind, labels with their values; and what has no help."""
    with urllib.request.urlopen(METRICS, timeout=10) as answer:
        lines = answer.read().decode().splitlines()
    kinds = {line.split()[2]: line.split()[3] for line in lines if line.startswith("# TYPE ")}
    helped = {line.split()[2] for line in lines if line.startswith("# HELP ")}
    labels, series = collections.defaultdict(dict), collections.Counter()
    for line in lines:
        sample = re.match(r"(\w+)(?:\{(.*)\})? ", line)
        if line.startswith("#") or not sample:
            continue
        name = base(sample[1], kinds)
        series[name] += 1
        for label, value in re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', sample[2] or ""):
            labels[name].setdefault(label, set()).add(value)
    for name in sorted(set(kinds) - helped):
        tell(f"/metrics: {name} has no help text")
    print(f"{len(kinds)} metrics, {sum(series.values())} series; most:",
          ", ".join(f"{name} {count}" for name, count in series.most_common(3)))
    return kinds, labels


def base(name, kinds):
    """The metric that a series of it belongs to."""
    for suffix in SUFFIXES:
        plain = name.removesuffix(suffix)
        if plain != name and kinds.get(plain) == "histogram":
            return plain
    return name


def compare(listed, coded, kinds, labels):
    for name in sorted(set(listed) ^ set(coded)):
        tell(f"{name} is {'listed in METRICS.md, but no source counts it' if name in listed else 'counted, but METRICS.md does not list it'}")
    for name, metric in listed.items():
        if name in coded and coded[name] != {metric.kind}:
            tell(f"METRICS.md: {name} is a {'/'.join(coded[name])}, not a {metric.kind}")
        if name not in kinds:
            if not metric.rare:
                tell(f"METRICS.md: {name} is not told by the running system, and no † says so")
            continue
        if kinds[name] != metric.kind:
            tell(f"METRICS.md: {name} is told as a {kinds[name]}, not a {metric.kind}")
        told = {label: values for label, values in labels[name].items() if label != "le"}
        if set(told) != metric.labels:
            tell(f"METRICS.md: {name} has the labels {sorted(told)}, not {sorted(metric.labels)}")
        for label, values in told.items():
            if strange := sorted(values - metric.values.get(label, values)):
                tell(f"METRICS.md: {name} also has {label} {strange}")
            if personal := [value for value in values if LOOKS_PERSONAL.search(value)]:
                tell(f"{name} has a label that looks like an id: {personal[0]}")
    for name in sorted(set(kinds) - set(listed)):
        tell(f"{name} is told, but METRICS.md does not list it")


# --- what is asked --------------------------------------------------------------


def ask(path, **parameters):
    address = f"{PROMETHEUS}/api/v1/{path}?{urllib.parse.urlencode(parameters)}"
    try:
        with urllib.request.urlopen(address, timeout=30) as answer:
            return json.load(answer), None
    except urllib.error.HTTPError as problem:
        return None, json.loads(problem.read()).get("error")


def nodes(tree):
    """All parts of a parsed expression."""
    if isinstance(tree, dict):
        if "type" in tree:
            yield tree
        for part in tree.values():
            yield from nodes(part)
    elif isinstance(tree, list):
        for part in tree:
            yield from nodes(part)


class Known:
    """Every name that an expression may ask for."""

    def __init__(self, listed, recorded, heard):
        self.listed, self.recorded, self.unheard = listed, recorded, set(listed) - set(heard)
        self.kinds = {name: metric.kind for name, metric in listed.items()}
        others, _ = ask("label/__name__/values")
        self.others = {name for name in others["data"] if not name.startswith("orderlog")} | {"ALERTS"}

    def labels(self, name):
        """Its labels, or None where any may be; raises KeyError for no metric at all."""
        if name in self.others:
            return None
        if name in self.recorded:
            return self.recorded[name]
        plain = base(name, self.kinds)
        if plain == name and self.kinds.get(name) == "histogram":
            raise KeyError(name)
        return self.listed[plain].labels | ADDED


def look(where, expr, known):
    """Parses an expression, and checks each name, label and value in it."""
    for variable, value in VARIABLES.items():
        expr = expr.replace(variable, value)
    parsed, error = ask("parse_query", query=expr)
    if error:
        tell(f"{where}: {error}")
        return None
    allowed, anything = set(), False
    for selector in (n for n in nodes(parsed["data"]) if n["type"].endswith("Selector")):
        name = selector["name"]
        try:
            labels = known.labels(name)
        except KeyError:
            tell(f"{where}: there is no metric {name}")
            return None
        anything = anything or labels is None
        allowed |= labels or set()
        metric = known.listed.get(base(name, known.kinds))
        for matcher in selector["matchers"]:
            label, value = matcher["name"], matcher["value"]
            if label == "__name__" or labels is None:
                continue
            if label not in labels:
                tell(f"{where}: {name} has no label {label}")
            values = metric and metric.values.get(label)
            if values and matcher["type"] in ("=", "=~") and re.fullmatch(r"[\w|]+", value):
                for one in set(value.split("|")) - values:
                    tell(f"{where}: {name} is never told with {label}={one}")
    for part in nodes(parsed["data"]):
        for label in (part.get("grouping") or []) if part["type"] == "aggregation" else []:
            if label not in allowed and not anything:
                tell(f"{where}: nothing that is added up has a label {label}")
    return expr


def shows(expr):
    """Whether it has a value now that is one."""
    answer, error = ask("query", query=expr)
    if error:
        return error
    values = [sample["value"][1] for sample in answer["data"]["result"]] \
        if answer["data"]["resultType"] == "vector" else [answer["data"]["result"][1]]
    return any(not math.isnan(float(value)) for value in values)


def panels(known):
    listed = subprocess.run([ROOT / "scripts/dashboards", "--list"], check=True, capture_output=True, text=True)
    lines = [json.loads(line) for line in listed.stdout.splitlines()]
    showing = 0
    for line in lines:
        where, expr = line["where"], look(line["where"], line["expr"], known)
        found = expr is None or shows(expr)
        showing += found is True
        if isinstance(found, str):
            tell(f"{where}: {found}")
        # What has not happened yet is not told at all.
        rare = any(known.listed[name].rare for name in re.findall(r"\w+", expr or "") if name in known.unheard)
        if not found and not line["quiet"] and not rare:
            tell(f"{where}: shows nothing after the traffic: {expr}")
    print(f"{len(lines)} expressions of dashboards, {showing} of which show something")


def rules(groups, known):
    headings = {re.sub(r"[^\w -]", "", line.lstrip("# ")).strip().lower().replace(" ", "-")
                for line in (ROOT / "docs/RUNBOOK.md").read_text(encoding="utf-8").splitlines() if line.startswith("#")}
    tests = "".join(file.read_text(encoding="utf-8") for file in (ROOT / "deploy/prometheus/tests").glob("*.yml"))
    slos = {rule["labels"]["slo"] for rule in groups if rule["name"] == "orderlog:slo_budget:ratio"}
    alerts = [rule for rule in groups if rule["type"] == "alerting"]
    for rule in groups:
        if rule["health"] == "err":
            tell(f"{rule['name']}: {rule['lastError']}")
        look(rule["name"], rule["query"], known)
        if rule["type"] == "recording":
            recorded = ",".join(f'{label}="{value}"' for label, value in (rule.get("labels") or {}).items())
            recorded = f"{rule['name']}{{{recorded}}}"
            if not shows(recorded):
                tell(f"{recorded}: nothing is recorded after the traffic")
    for rule in alerts:
        name, annotations = rule["name"], rule["annotations"]
        url = annotations.get("runbook_url", "")
        anchors = [url.replace("{{ $labels.slo }}", slo) for slo in slos] if "{{" in url else [url]
        for anchor in anchors:
            file, _, anchor = anchor.partition("#")
            if file != "docs/RUNBOOK.md" or anchor not in headings:
                tell(f"{name}: docs/RUNBOOK.md has no entry #{anchor}")
        if not annotations.get("summary"):
            tell(f"{name} has no summary")
        if rule["labels"].get("severity") not in ("critical", "warning", "none"):
            tell(f"{name} has no severity")
        for wanted in ("fires", "does not") if rule["labels"]["severity"] != "none" else ("fires",):
            if not re.search(rf'name: "?{name} {wanted}\b', tests):
                tell(f"{name}: no test in which it {wanted}")
        # What a slow machine does to latency is no fault of the rules.
        if rule["state"] == "firing" and rule["labels"]["severity"] != "none" and "Budget" not in name:
            tell(f"{name} fires although all is well: {rule['alerts'][0]['annotations']['summary']}")
    names = {rule["name"].lower() for rule in alerts}
    for stray in sorted(heading for heading in headings if heading.startswith("orderlog") and heading not in names):
        tell(f"docs/RUNBOOK.md: there is no alert {stray}")
    if not any(rule["name"] == "OrderlogWatchdog" and rule["state"] == "firing" for rule in alerts):
        tell("OrderlogWatchdog does not fire")
    print(f"{len(alerts)} alerts, {len(groups) - len(alerts)} recording rules")


def main():
    listed = documented()
    kinds, labels = served()
    compare(listed, registered(), kinds, labels)
    told, _ = ask("rules")
    groups = [rule for group in told["data"]["groups"] for rule in group["rules"]]
    recorded = {}
    for rule in groups:
        if rule["type"] == "recording":
            recorded.setdefault(rule["name"], set()).update(rule.get("labels") or {}, {"slo"} if ":slo_" in rule["name"] else ())
    known = Known(listed, recorded, kinds)
    rules(groups, known)
    panels(known)
    for text in wrong:
        print(f"FAILED   {text}", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
