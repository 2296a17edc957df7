"""Objects as `kubectl kustomize` prints them, and who selects whom among them."""

import yaml

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
COMPONENT = "app.kubernetes.io/component"


def load(path):
    with open(path, encoding="utf-8") as text:
        return [document for document in yaml.load_all(text, Loader=LOADER) if document]


class Workload:
    """What makes pods: a Deployment, a StatefulSet or a Job."""

    def __init__(self, document):
        self.document = document
        self.kind = document["kind"]
        self.name = document["metadata"]["name"]
        template = document["spec"]["template"]
        self.labels = template.get("metadata", {}).get("labels") or {}
        self.pod = template["spec"]
        self.component = self.labels.get(COMPONENT)
        self.containers = self.pod["containers"]
        self.all_containers = self.containers + self.pod.get("initContainers", [])

    def __str__(self):
        return f"{self.kind} {self.name}"

    def ports(self):
        """Numbers of its ports by name."""
        ports = [port for container in self.containers for port in container.get("ports", [])]
        return {port["name"]: port["containerPort"] for port in ports}

    def role(self):
        """The subcommand that its one container runs; none of a foreign image."""
        container = self.containers[0]
        return container.get("args", [None])[0] if container["name"] == "orderlog" else None


class Overlay:
    """Everything of one rendering."""

    def __init__(self, name, documents):
        self.name = name
        self.documents = documents
        kinds = ("Deployment", "StatefulSet", "Job")
        self.workloads = [Workload(d) for d in documents if d["kind"] in kinds]

    def of(self, kind):
        return [document for document in self.documents if document["kind"] == kind]

    def named(self, kind, name):
        return next((d for d in self.of(kind) if d["metadata"]["name"] == name), None)

    def selected(self, selector):
        return [w for w in self.workloads if selects(selector, w.labels)]

    def policies(self, way):
        """Network policies of one way, `ingress` or `egress`."""
        return [p for p in self.of("NetworkPolicy") if way.capitalize() in p["spec"]["policyTypes"]]


def selects(selector, labels):
    """Whether a label selector takes a pod with these labels; an empty one takes all."""
    wanted = selector.get("matchLabels") or {}
    if any(labels.get(key) != value for key, value in wanted.items()):
        return False
    for expression in selector.get("matchExpressions") or []:
        if expression["operator"] != "In":
            raise ValueError(f"these checks know the operator In only: {expression}")
        if labels.get(expression["key"]) not in expression["values"]:
            return False
    return True
