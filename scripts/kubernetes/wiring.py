"""Rules of what refers to what: selectors, ports, names, networks, scaling. Each yields
what is wrong."""

import re

from rendered import selects

#: Secrets that base names and does not make: users of the servers, and keys.
USERS = {f"orderlog-{who}" for who in ("command-api", "read-api", "relay", "projector", "worker", "migrate")}
EXTERNAL = USERS | {"orderlog-master-key", "orderlog-worker-key", "orderlog-console-key"}
#: Those that there need not be.
OPTIONAL = {"orderlog-otlp"}
#: Where a role that is told of a server may go.
SERVERS = {
    "ORDERLOG_EVENTS_URL": "to-events",
    "ORDERLOG_VIEWS_URL": "to-views",
    "ORDERLOG_OPS_URL": "to-views",
    "ORDERLOG_REDIS_URL": "to-redis",
}


def every_role(overlay, sources):
    for role in sources.roles:
        if not any(w.kind == "Deployment" and w.component == w.role() == role for w in overlay.workloads):
            yield f"no Deployment runs the role {role}"
    if not any(w.kind == "Job" and w.role() == "migrate" for w in overlay.workloads):
        yield "no Job migrates"


def services(overlay, _):
    for service in overlay.of("Service"):
        name = service["metadata"]["name"]
        chosen = overlay.selected({"matchLabels": service["spec"]["selector"]})
        if not chosen:
            yield f"Service {name} selects no pod"
        for port in service["spec"]["ports"]:
            for workload in chosen:
                if port["targetPort"] not in workload.ports():
                    yield f"Service {name}: {workload} has no port {port['targetPort']}"
    for ingress in overlay.of("Ingress"):
        for rule in ingress["spec"]["rules"]:
            for path in rule["http"]["paths"]:
                wanted = path["backend"]["service"]
                service = overlay.named("Service", wanted["name"])
                ports = [port["name"] for port in service["spec"]["ports"]] if service else []
                if wanted["port"]["name"] not in ports:
                    yield f"Ingress {ingress['metadata']['name']}: there is no {wanted['name']}:{wanted['port']['name']}"


def addresses(overlay, _):
    """URLs of settings that name a Service."""
    for workload in overlay.workloads:
        for variable in workload.containers[0].get("env", []):
            found = re.fullmatch(r"http://([a-z-]+):(\d+)", variable.get("value") or "")
            service = overlay.named("Service", found[1]) if found else None
            if found and (not service or int(found[2]) not in [p["port"] for p in service["spec"]["ports"]]):
                yield f"{workload}: {variable['name']} names {variable['value']}, which is not there"


def references(overlay, _):
    secrets = {s["metadata"]["name"] for s in overlay.of("Secret")}
    outside = {s["metadata"]["name"] for s in overlay.of("ExternalSecret")}
    if outside and not EXTERNAL <= outside <= EXTERNAL | OPTIONAL:
        yield f"ExternalSecrets are to be {sorted(EXTERNAL)}, not {sorted(outside)}"
    for workload in overlay.workloads:
        for kind, name in referred(workload):
            if kind == "Secret" and (name in EXTERNAL | OPTIONAL or name in secrets):
                continue
            if overlay.named(kind, name) is None:
                yield f"{workload} refers to {kind} {name}, which is not there"
        mounted = {m["name"] for c in workload.all_containers for m in c.get("volumeMounts", [])}
        volumes = {v["name"] for v in workload.pod.get("volumes", [])}
        claims = {c["metadata"]["name"] for c in workload.document["spec"].get("volumeClaimTemplates", [])}
        if mounted != volumes | claims:
            yield f"{workload} mounts {sorted(mounted)} and has the volumes {sorted(volumes | claims)}"


def referred(workload):
    if account := workload.pod.get("serviceAccountName"):
        yield "ServiceAccount", account
    for container in workload.all_containers:
        for source in container.get("envFrom", []):
            yield "ConfigMap", source["configMapRef"]["name"]
        for variable in container.get("env", []):
            if reference := variable.get("valueFrom", {}).get("secretKeyRef"):
                yield "Secret", reference["name"]
    for volume in workload.pod.get("volumes", []):
        if "secret" in volume:
            yield "Secret", volume["secret"]["secretName"]
        if "configMap" in volume:
            yield "ConfigMap", volume["configMap"]["name"]
        if "persistentVolumeClaim" in volume:
            yield "PersistentVolumeClaim", volume["persistentVolumeClaim"]["claimName"]


def disruption(overlay, _):
    budgets = overlay.of("PodDisruptionBudget")
    for budget in budgets:
        if not overlay.selected(budget["spec"]["selector"]):
            yield f"PodDisruptionBudget {budget['metadata']['name']} selects no pod"
    for workload in overlay.workloads:
        if workload.kind == "Deployment":
            count = sum(selects(budget["spec"]["selector"], workload.labels) for budget in budgets)
            if count != 1:
                yield f"{workload} has {count} PodDisruptionBudgets"


def scaling(overlay, sources):
    for scaler in overlay.of("HorizontalPodAutoscaler") + overlay.of("ScaledObject"):
        name, spec = scaler["metadata"]["name"], scaler["spec"]
        target = overlay.named("Deployment", spec["scaleTargetRef"]["name"])
        if target is None:
            yield f"{scaler['kind']} {name} scales nothing"
        elif "replicas" in target["spec"]:
            yield f"{scaler['kind']} {name}: its Deployment has a number of replicas of its own"
        for trigger in spec.get("triggers", []):
            yield from told(name, trigger["metadata"], sources)
        if spec.get("minReplicas", spec.get("minReplicaCount", 0)) < 2:
            yield f"{scaler['kind']} {name} may leave one pod alone"
    projector = overlay.named("ScaledObject", "projector")
    consumers = sources.number(overlay, "projector_workers")
    partitions = sources.topics["orders.events.v1"]
    if projector and projector["spec"]["maxReplicaCount"] * consumers > partitions:
        yield f"ScaledObject projector: {consumers} consumers each are more than {partitions} partitions"
    worker = overlay.named("ScaledObject", "worker")
    if worker and worker["spec"]["maxReplicaCount"] > partitions:
        yield f"ScaledObject worker: more pods than {partitions} partitions"


def told(name, metadata, sources):
    for metric in re.findall(r"orderlog_\w+", metadata.get("query", "")):
        if metric not in sources.metrics:
            yield f"ScaledObject {name}: there is no metric {metric}"
    if "topic" in metadata and metadata["topic"] not in sources.topics:
        yield f"ScaledObject {name}: there is no topic {metadata['topic']}"
    if "consumerGroup" in metadata and metadata["consumerGroup"] not in sources.groups:
        yield f"ScaledObject {name}: no consumer commits as {metadata['consumerGroup']}"


def monitors(overlay, sources):
    for monitor in overlay.of("PodMonitor"):
        chosen = overlay.selected(monitor["spec"]["selector"])
        if {w.component for w in chosen} != set(sources.roles):
            yield f"PodMonitor {monitor['metadata']['name']} is not of every role"
        for endpoint in monitor["spec"]["podMetricsEndpoints"]:
            for workload in chosen:
                if endpoint["port"] not in workload.ports():
                    yield f"PodMonitor {monitor['metadata']['name']}: {workload} has no port {endpoint['port']}"


def nothing_is_open(overlay, _):
    for policy in overlay.of("NetworkPolicy"):
        spec = policy["spec"]
        if spec["podSelector"] == {} and set(spec["policyTypes"]) == {"Ingress", "Egress"}:
            if not spec.get("ingress") and not spec.get("egress"):
                return
    yield "no NetworkPolicy denies everything"


def peers(overlay, _):
    for policy in overlay.of("NetworkPolicy"):
        name, spec = policy["metadata"]["name"], policy["spec"]
        chosen = overlay.selected(spec["podSelector"])
        if not chosen:
            yield f"NetworkPolicy {name} selects no pod"
        for expression in spec["podSelector"].get("matchExpressions", []):
            for value in set(expression["values"]) - {w.labels.get(expression["key"]) for w in chosen}:
                yield f"NetworkPolicy {name}: there is no pod {value}"
        for rule in spec.get("ingress", []) + spec.get("egress", []):
            for peer in rule.get("from", []) + rule.get("to", []):
                if "podSelector" in peer and "namespaceSelector" not in peer:
                    if not overlay.selected(peer["podSelector"]):
                        yield f"NetworkPolicy {name}: a peer is no pod: {peer['podSelector']}"
        for rule in spec.get("ingress", []):
            open_ports = {number for workload in chosen for number in workload.ports().values()}
            for port in rule.get("ports", []):
                if port["port"] not in open_ports:
                    yield f"NetworkPolicy {name}: nobody it selects listens on {port['port']}"


def ways_have_two_ends(overlay, _):
    """Who may ask a pod is one whom that pod lets in, at that port."""
    for policy in overlay.policies("egress"):
        for rule in policy["spec"].get("egress", []):
            for peer in rule.get("to", []):
                if "podSelector" not in peer or "namespaceSelector" in peer:
                    continue
                for port in rule.get("ports", []):
                    for source in overlay.selected(policy["spec"]["podSelector"]):
                        for target in overlay.selected(peer["podSelector"]):
                            if not lets_in(overlay, target, source, port["port"]):
                                yield f"NetworkPolicy {policy['metadata']['name']}: {target} does not let {source} in at {port['port']}"


def lets_in(overlay, target, source, port):
    for policy in overlay.policies("ingress"):
        if not selects(policy["spec"]["podSelector"], target.labels):
            continue
        for rule in policy["spec"].get("ingress", []):
            from_it = any("podSelector" in p and selects(p["podSelector"], source.labels) for p in rule.get("from", []))
            if port in [p["port"] for p in rule["ports"]] and (from_it or "from" not in rule):
                return port in target.ports().values()
    return False


def servers_can_be_reached(overlay, sources):
    """Who is told of a server may go there; nobody else may."""
    for workload in overlay.workloads:
        if workload.component not in [*sources.roles, "migrate"]:
            continue
        names = {v["name"] for c in workload.all_containers for v in c.get("env", [])}
        for name in set(SERVERS.values()):
            policy = overlay.named("NetworkPolicy", name)
            may = policy is not None and selects(policy["spec"]["podSelector"], workload.labels)
            if may != any(SERVERS.get(variable) == name for variable in names):
                yield f"{workload} {'may go where it has nothing to do' if may else 'may not go where it has to'}: {name}"


def users_of_their_own(overlay, sources):
    """Each role is told of the servers by a Secret that nobody else has, and who it is
    to Kafka, where it goes there and Kafka has users; the Job makes the groups."""
    for workload in overlay.workloads:
        if workload.component not in [*sources.roles, "migrate"]:
            continue
        own = re.compile(rf"orderlog-{workload.component}(-[a-z0-9]{{10}})?")
        for container in workload.all_containers:
            for variable in container.get("env", []):
                reference = variable.get("valueFrom", {}).get("secretKeyRef")
                if reference and reference["name"] not in OPTIONAL and not own.fullmatch(reference["name"]):
                    yield f"{workload} has {variable['name']} of another one's Secret {reference['name']}"
        told = {v["name"]: v.get("valueFrom", {}).get("secretKeyRef", {}) for v in workload.containers[0].get("env", [])}
        policy = overlay.named("NetworkPolicy", "to-kafka")
        asks_kafka = policy is not None and selects(policy["spec"]["podSelector"], workload.labels)
        for name in ("ORDERLOG_KAFKA_SASL_USERNAME", "ORDERLOG_KAFKA_SASL_PASSWORD"):
            if asks_kafka != bool(told.get(name, {}).get("optional")):
                yield f"{workload} {'is not told of' if asks_kafka else 'has no need of'} {name}"
        if workload.component == "migrate" and "--database-roles" not in workload.containers[0]["args"]:
            yield f"{workload} makes no roles of the databases"


def needs_as_documented(overlay, sources):
    """A pod is told of what docs/OPERATIONS.md says that its role needs, and of no more."""
    kafka = overlay.named("NetworkPolicy", "to-kafka")
    for workload in overlay.workloads:
        if workload.component not in sources.roles:
            continue
        told = {variable["name"] for variable in workload.containers[0].get("env", [])}
        has = {
            "events": "ORDERLOG_EVENTS_URL" in told,
            "views": "ORDERLOG_VIEWS_URL" in told,
            "ops": "ORDERLOG_OPS_URL" in told,
            "Redis": "ORDERLOG_REDIS_URL" in told,
            "master key": "ORDERLOG_MASTER_KEY_FILE" in told,
            "Kafka": kafka is not None and selects(kafka["spec"]["podSelector"], workload.labels),
        }
        for what, is_told in has.items():
            if is_told != bool(re.search(rf"\b{what}\b", sources.needs[workload.component])):
                said = "not said to need" if is_told else "said to need"
                yield f"{workload} is {said} {what} (docs/OPERATIONS.md, Roles)"


def one_namespace(overlay, _):
    if overlay.name == "base":
        return
    namespaces = overlay.of("Namespace")
    if len(namespaces) != 1:
        yield f"there is to be one Namespace, not {len(namespaces)}"
        return
    level = namespaces[0]["metadata"].get("labels", {}).get("pod-security.kubernetes.io/enforce")
    if level != "restricted":
        yield "the Namespace does not enforce the Pod Security Standard `restricted`"
    for document in overlay.documents:
        where = document["metadata"].get("namespace")
        if document["kind"] != "Namespace" and where != namespaces[0]["metadata"]["name"]:
            yield f"{document['kind']} {document['metadata']['name']} is in the namespace {where}"


def no_secret(overlay, _):
    if overlay.name != "local" and (found := overlay.of("Secret")):
        yield f"a Secret is made: {found[0]['metadata']['name']}"


RULES = [
    every_role, services, addresses, references, disruption, scaling, monitors, nothing_is_open, peers,
    ways_have_two_ends, servers_can_be_reached, users_of_their_own, needs_as_documented, one_namespace, no_secret,
]  # fmt: skip
