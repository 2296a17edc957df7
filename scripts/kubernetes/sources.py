"""What the repository says elsewhere: settings, roles, topics, metrics, images."""

import re
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]


def read(path):
    return (ROOT / path).read_text(encoding="utf-8")


def every_source():
    for crate in ("infra", "jobs", "projections", "read-api", "command-api", "contracts", "console"):
        for path in sorted((ROOT / crate / "src").rglob("*.rs")):
            yield path.read_text(encoding="utf-8")


class Sources:
    def __init__(self):
        config = read("infra/src/config/mod.rs")
        body = config.split("pub struct Config {", 1)[1].split("\n}", 1)[0]
        #: Types of the settings, by key.
        self.settings = dict(re.findall(r"^    pub (\w+): (.+),$", body, re.M))
        defaults = config.split("impl Default for Config", 1)[1].split("\n}", 1)[0]
        #: Defaults that are whole numbers, by key.
        self.numbers = {k: int(v.replace("_", "")) for k, v in re.findall(r"^            (\w+): ([\d_]+),$", defaults, re.M)}
        table = read("docs/OPERATIONS.md").split("## Roles", 1)[1].split("\n## ", 1)[0]
        #: Names of the roles.
        self.roles = re.findall(r"^\| `([a-z-]+)` \|", table, re.M)
        #: What each of them is said to need.
        self.needs = dict(re.findall(r"^\| `([a-z-]+)` \|[^|]*\|([^|]*)\|", table, re.M))
        code = "\n".join(every_source())
        self.metrics = set(re.findall(r'"(orderlog_\w+)"', code))
        self.groups = set(re.findall(r'const GROUP: &str = "([\w.-]+)"', code))
        topics = read("contracts/src/topics.rs")
        #: Partitions of the topics, by name.
        self.topics = self.partitions(topics)
        self.compose = yaml.safe_load(read("docker-compose.yml"))["services"]
        self.doctor = read("orderlog/src/doctor/databases.rs")
        report = read("orderlog/src/doctor/report.rs").split("pub struct Server {", 1)[1].split("\n}", 1)[0]
        self.doctor_fields = re.findall(r"^    pub (\w+):", report, re.M)

    @staticmethod
    def partitions(topics):
        names = dict(re.findall(r'pub const (\w+): &str = "([\w.]+)"', topics))
        specs = re.findall(r"name: (\w+),\n    partitions: (\d+)", topics)
        return {names[name]: int(count) for name, count in specs}

    def number(self, overlay, key):
        """A setting of an overlay, else its default."""
        for config in overlay.of("ConfigMap"):
            value = (config.get("data") or {}).get(f"ORDERLOG_{key.upper()}")
            if value is not None:
                return int(value)
        return self.numbers[key]

    def secrets(self):
        """Variables that hold a secret, or may: those of URLs have passwords in them."""
        typed = [key for key, kind in self.settings.items() if kind == "Secret"]
        databases = [f"{name}_{kind}" for name in ("events", "views", "ops") for kind in ("url", "session_url")]
        urls = [*databases, "views_read_urls", "redis_url"]
        return {f"ORDERLOG_{key.upper()}" for key in [*typed, *urls, "objects_s3_access_key"]}

    def sealing_roles(self):
        """Roles that docker-compose.yml gives the master key."""
        return {n for n, s in self.compose.items() if "ORDERLOG_MASTER_KEY" in (s.get("environment") or {})}

    def images(self):
        """Images of docker-compose.yml, by what they are of."""
        images = {service["image"] for service in self.compose.values()}
        return {image.split(":")[0].split("/")[-1]: image for image in images}
