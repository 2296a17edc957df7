"""Overlays that are broken on purpose, one thing each: what the rules have to notice."""

import copy

from rendered import Overlay, load


def deployment(documents, name):
    return named(documents, "Deployment", name)


def named(documents, kind, name):
    return next(d for d in documents if d["kind"] == kind and d["metadata"]["name"] == name)


def pod(documents, name):
    return deployment(documents, name)["spec"]["template"]["spec"]


def container(documents, name):
    return pod(documents, name)["containers"][0]


def volume(documents, name, which):
    return next(v for v in pod(documents, name)["volumes"] if v["name"] == which)


def env(documents, name, variable):
    container(documents, name)["env"].append(variable)


def drop(documents, name, variable):
    told = container(documents, name)["env"]
    told.remove(next(v for v in told if v["name"] == variable))


def setting(documents, key, value):
    next(d for d in documents if d["kind"] == "ConfigMap" and "ORDERLOG_LOG" in d["data"])["data"][key] = value


def policy(documents, name):
    return named(documents, "NetworkPolicy", name)["spec"]


#: (overlay, what is done to it, how, a word of what has to be said)
BREAKAGES = [
    ("production", "no memory limit", lambda d: container(d, "relay")["resources"]["limits"].pop("memory"), "no limits of memory"),
    ("production", "no readiness probe", lambda d: container(d, "read-api").pop("readinessProbe"), "has no readinessProbe"),
    ("production", "a probe of another path", lambda d: container(d, "worker")["livenessProbe"]["httpGet"].update(path="/readyz"), "is to ask /livez"),
    ("production", "a probe of no port", lambda d: container(d, "front")["livenessProbe"]["httpGet"].update(port="web"), "asks port web"),
    ("production", "root", lambda d: pod(d, "projector")["securityContext"].pop("runAsNonRoot"), "may run as root"),
    ("local", "rights", lambda d: container(d, "front")["securityContext"].update(allowPrivilegeEscalation=True), "may gain rights"),
    ("local", "a root to write to", lambda d: container(d, "front")["securityContext"].pop("readOnlyRootFilesystem"), "may write to its root"),
    ("production", "capabilities", lambda d: container(d, "relay")["securityContext"]["capabilities"].update(add=["NET_ADMIN"]), "has capabilities"),
    ("production", "no seccomp", lambda d: pod(d, "relay")["securityContext"].pop("seccompProfile"), "seccomp"),
    ("production", "a token", lambda d: pod(d, "relay").pop("automountServiceAccountToken"), "a token of the cluster"),
    ("production", "a mistyped setting", lambda d: setting(d, "ORDERLOG_DRAIN_SECOND", "2"), "is no setting"),
    ("production", "a mistyped variable", lambda d: env(d, "relay", {"name": "ORDERLOG_KAFKA_SERVERS", "value": "x"}), "is no setting"),
    ("production", "a password", lambda d: env(d, "relay", {"name": "ORDERLOG_OPS_URL", "value": "postgres://a"}), "not a reference"),
    ("production", "no way past a pooler", lambda d: drop(d, "projector", "ORDERLOG_VIEWS_SESSION_URL"), "is not told of ORDERLOG_VIEWS_SESSION_URL"),
    ("production", "the key where it is of no use", lambda d: env(d, "relay", {"name": "ORDERLOG_MASTER_KEY_FILE", "value": "/k"}), "has the master key"),
    ("production", "too little time", lambda d: pod(d, "worker").update(terminationGracePeriodSeconds=30), "killed before"),
    ("production", "a longer drain", lambda d: setting(d, "ORDERLOG_DRAIN_SECONDS", "45"), "killed before"),
    ("production", "two images", lambda d: container(d, "relay").update(image="orderlog:0.9"), "one image of ours"),
    ("local", "another nginx than compose's", lambda d: container(d, "front").update(image="nginx:1.29-alpine"), "docker-compose.yml"),
    ("production", "no waiting", lambda d: pod(d, "relay").pop("initContainers"), "are migrated"),
    ("production", "waiting for nothing", lambda d: pod(d, "console").update(initContainers=pod(d, "relay")["initContainers"]), "does not have"),
    ("production", "no spread", lambda d: pod(d, "relay").pop("topologySpreadConstraints"), "not spread"),
    ("production", "a role that is gone", lambda d: d.remove(deployment(d, "worker")), "no Deployment runs the role worker"),
    ("production", "a Service of nobody", lambda d: named(d, "Service", "read-api")["spec"]["selector"].update({"app.kubernetes.io/component": "reads"}), "selects no pod"),
    ("production", "a Service of no port", lambda d: named(d, "Service", "front")["spec"]["ports"][0].update(targetPort="web"), "has no port web"),
    ("production", "an Ingress to nowhere", lambda d: d.remove(named(d, "Service", "front")), "there is no front:http"),
    ("production", "an address of nobody", lambda d: d.remove(named(d, "Service", "command-api")), "which is not there"),
    ("production", "an unknown Secret", lambda d: volume(d, "worker", "worker-key")["secret"].update(secretName="key"), "refers to Secret key"),
    ("production", "an ExternalSecret less", lambda d: d.remove(named(d, "ExternalSecret", "orderlog-master-key")), "ExternalSecrets are to be"),
    ("production", "another one's user", lambda d: container(d, "relay")["env"][0]["valueFrom"]["secretKeyRef"].update(name="orderlog-migrate"), "of another one's Secret"),
    ("local", "another one's user", lambda d: container(d, "relay")["env"][0]["valueFrom"].update(named(d, "Job", "migrate")["spec"]["template"]["spec"]["containers"][0]["env"][0]["valueFrom"]), "of another one's Secret"),
    ("production", "nobody to Kafka", lambda d: drop(d, "relay", "ORDERLOG_KAFKA_SASL_PASSWORD"), "is not told of ORDERLOG_KAFKA_SASL_PASSWORD"),
    ("production", "no roles of the databases", lambda d: named(d, "Job", "migrate")["spec"]["template"]["spec"]["containers"][0]["args"].pop(), "makes no roles"),
    ("production", "a server that the table does not have", lambda d: env(d, "relay", {"name": "ORDERLOG_OPS_URL"}), "is not said to need ops"),
    ("production", "no budget", lambda d: d.remove(named(d, "PodDisruptionBudget", "relay")), "has 0 PodDisruptionBudgets"),
    ("production", "two who scale", lambda d: deployment(d, "command-api")["spec"].update(replicas=2), "replicas of its own"),
    ("production", "more than partitions", lambda d: named(d, "ScaledObject", "projector")["spec"].update(maxReplicaCount=7), "more than 12 partitions"),
    ("production", "no such group", lambda d: named(d, "ScaledObject", "worker")["spec"]["triggers"][0]["metadata"].update(consumerGroup="orderlog.projector.orders"), "no consumer commits as"),
    ("production", "no such metric", lambda d: named(d, "ScaledObject", "projector")["spec"]["triggers"][0]["metadata"].update(query="orderlog_lag"), "there is no metric"),
    ("production", "a role that is not scraped", lambda d: named(d, "PodMonitor", "orderlog")["spec"]["selector"]["matchExpressions"][0]["values"].remove("relay"), "not of every role"),
    ("production", "open by default", lambda d: d.remove(named(d, "NetworkPolicy", "deny")), "denies everything"),
    ("local", "a peer that is gone", lambda d: policy(d, "to-redis")["egress"][0]["to"][0]["podSelector"]["matchLabels"].update({"app.kubernetes.io/component": "valkey"}), "a peer is no pod"),
    ("production", "a policy of nobody", lambda d: policy(d, "to-receivers")["podSelector"]["matchLabels"].update({"app.kubernetes.io/component": "sender"}), "selects no pod"),
    ("local", "a way with one end", lambda d: d.remove(named(d, "NetworkPolicy", "servers")), "does not let"),
    ("production", "a way that is missing", lambda d: policy(d, "to-events")["podSelector"]["matchExpressions"][0]["values"].remove("relay"), "may not go where it has to"),
    ("production", "a console that asks the log", lambda d: policy(d, "to-events")["podSelector"]["matchExpressions"][0]["values"].append("console"), "nothing to do"),
    ("production", "a console that nobody reaches", lambda d: d.remove(named(d, "NetworkPolicy", "console")), "does not let"),
    ("production", "a way too many", lambda d: policy(d, "to-redis")["podSelector"]["matchExpressions"][0]["values"].append("relay"), "nothing to do"),
    ("production", "a lax Namespace", lambda d: named(d, "Namespace", "orderlog")["metadata"]["labels"].update({"pod-security.kubernetes.io/enforce": "baseline"}), "does not enforce"),
    ("production", "a stray object", lambda d: deployment(d, "relay")["metadata"].update(namespace="default"), "is in the namespace default"),
    ("production", "a Secret", lambda d: d.append({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s", "namespace": "orderlog"}}), "a Secret is made"),
    ("production", "a mistyped member", lambda d: pod(d, "relay").update(restartPolice="Always"), "restartPolice"),
    ("production", "a wrong type", lambda d: deployment(d, "relay")["spec"].update(replicas="two"), "spec/replicas"),
]  # fmt: skip


def unnoticed(folder, schemas, rules):
    """How many overlays were broken, and which of them were found well."""
    whole = {path.stem: load(path) for path in folder.glob("*.yaml")}
    missed = []
    for name, what, how, word in BREAKAGES:
        documents = copy.deepcopy(whole[name])
        how(documents)
        changed = [document for document in documents if document not in whole[name]]
        findings = [*schemas(changed), *rules(Overlay(name, documents))]
        if not any(word in finding for finding in findings):
            missed.append(f"{name}, {what}: nobody said “{word}”")
    return len(BREAKAGES), missed
