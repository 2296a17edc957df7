"""Rules of pods: health, limits, rights, settings. Each yields what is wrong."""

PROBES = {"startupProbe": "/startupz", "readinessProbe": "/readyz", "livenessProbe": "/livez"}
#: Their images write beside their data as they start; the overlay `local` alone has them.
WRITERS = {"postgres", "kafka"}
#: How long requests in flight may take after the drain (infra/src/http/server.rs), and some more.
FINISH_SECONDS, MARGIN_SECONDS = 30, 5
#: Beyond `jobs_drain_seconds` (docs/OPERATIONS.md, "Jobs and schedules").
JOBS_MARGIN_SECONDS = 15


def limits(overlay, _):
    for workload in overlay.workloads:
        for container in workload.all_containers:
            resources = container.get("resources", {})
            for way in ("requests", "limits"):
                for what in ("cpu", "memory"):
                    if what not in resources.get(way, {}):
                        yield f"{workload}: container {container['name']} has no {way} of {what}"


def probes(overlay, sources):
    for workload in overlay.workloads:
        if workload.kind == "Job":
            continue
        for container in workload.containers:
            ports = [port["name"] for port in container.get("ports", [])]
            for probe, path in PROBES.items():
                how = container.get(probe)
                if how is None:
                    yield f"{workload}: container {container['name']} has no {probe}"
                    continue
                asked = how.get("httpGet") or how.get("tcpSocket") or {}
                if asked and asked["port"] not in ports:
                    yield f"{workload}: its {probe} asks port {asked['port']}, which is not there"
                if workload.component in sources.roles and asked.get("path") != path:
                    yield f"{workload}: its {probe} is to ask {path}"


def restricted(overlay, _):
    """The Pod Security Standard `restricted`, and a root that cannot be written."""
    for workload in overlay.workloads:
        pod = workload.pod.get("securityContext", {})
        if not pod.get("runAsNonRoot") or not pod.get("runAsUser"):
            yield f"{workload} may run as root"
        if pod.get("seccompProfile", {}).get("type") != "RuntimeDefault":
            yield f"{workload} has not the seccomp profile RuntimeDefault"
        if any(workload.pod.get(key) for key in ("hostNetwork", "hostPID", "hostIPC")):
            yield f"{workload} shares something with its host"
        if any("hostPath" in volume for volume in workload.pod.get("volumes", [])):
            yield f"{workload} has a folder of its host"
        for container in workload.all_containers:
            context = container.get("securityContext", {})
            whose = f"{workload}: container {container['name']}"
            if context.get("allowPrivilegeEscalation") is not False or context.get("privileged"):
                yield f"{whose} may gain rights"
            if context.get("capabilities", {}) != {"drop": ["ALL"]}:
                yield f"{whose} has capabilities"
            if context.get("readOnlyRootFilesystem") is not True and container["name"] not in WRITERS:
                yield f"{whose} may write to its root"


def no_rights_in_the_cluster(overlay, _):
    for workload in overlay.workloads:
        if workload.pod.get("automountServiceAccountToken") is not False:
            yield f"{workload} is given a token of the cluster"
        if workload.pod.get("enableServiceLinks") is not False:
            yield f"{workload} is given variables named after Services"


def variables(workload, overlay):
    """Names and values of what a workload's containers are told; none: from a Secret."""
    for container in workload.all_containers:
        for variable in container.get("env", []):
            yield variable["name"], variable.get("value")
        for source in container.get("envFrom", []):
            config = overlay.named("ConfigMap", source.get("configMapRef", {}).get("name"))
            yield from ((config or {}).get("data") or {}).items()


def known_settings(overlay, sources):
    known = {f"ORDERLOG_{key.upper()}" for key in sources.settings} | {"ORDERLOG_CONFIG"}
    for workload in overlay.workloads:
        for name, _ in variables(workload, overlay):
            if name.startswith("ORDERLOG_") and name not in known:
                yield f"{workload} sets {name}, which is no setting (infra/src/config)"


def secrets_by_reference(overlay, sources):
    for workload in overlay.workloads:
        for name, value in variables(workload, overlay):
            if value and (name in sources.secrets() or "PASSWORD" in name):
                yield f"{workload} has the value of {name} in it, not a reference"


def past_poolers(overlay, _):
    """Whoever is told of a database may be told how to get past its pooler."""
    for workload in overlay.workloads:
        for container in workload.all_containers:
            told = {v["name"]: v.get("valueFrom", {}).get("secretKeyRef", {}) for v in container.get("env", [])}
            for database in ("EVENTS", "VIEWS", "OPS"):
                session = f"ORDERLOG_{database}_SESSION_URL"
                if f"ORDERLOG_{database}_URL" in told and not told.get(session, {}).get("optional"):
                    yield f"{workload}: container {container['name']} is not told of {session}, where there is one"


def sealing(overlay, sources):
    for workload in overlay.workloads:
        has = any(name.startswith("ORDERLOG_MASTER_KEY") for name, _ in variables(workload, overlay))
        needs = workload.component in sources.sealing_roles()
        if has != needs:
            yield f"{workload} {'has' if has else 'lacks'} the master key, unlike in docker-compose.yml"


def time_to_end(overlay, sources):
    drain = sources.number(overlay, "drain_seconds")
    jobs = sources.number(overlay, "jobs_drain_seconds")
    for workload in overlay.workloads:
        if workload.component not in sources.roles:
            continue
        needed = drain + FINISH_SECONDS + MARGIN_SECONDS
        if workload.component == "worker":
            needed = max(needed, jobs + JOBS_MARGIN_SECONDS)
        if workload.pod.get("terminationGracePeriodSeconds", 30) < needed:
            yield f"{workload} is killed before it has ended: it needs {needed} s"


def images(overlay, sources):
    ours = {c["image"] for w in overlay.workloads for c in w.all_containers if c["name"] in ("orderlog", "migrated")}
    if len(ours) != 1:
        yield f"there is to be one image of ours, not {sorted(ours)}"
    for workload in overlay.workloads:
        for container in workload.containers:
            image = container["image"]
            theirs = sources.images().get(image.split(":")[0].split("/")[-1])
            if container["name"] != "orderlog" and image != theirs:
                yield f"{workload} has {image}, docker-compose.yml {theirs}"


def waits_for_migrations(overlay, sources):
    """The first container of a role asks a doctor: in its words, which must be as they are."""
    words = ['"migrated".to_owned()', '"{more} migrations ahead"', *(f'"{d} database"' for d in ("events", "views", "ops"))]
    if missing := [word for word in words if word not in sources.doctor]:
        yield f"orderlog doctor does not say {missing} any more: every-role.yaml waits for it"
    if sources.doctor_fields[:4] != ["name", "answers", "version", "holds"]:
        yield "orderlog doctor tells of servers in another order: every-role.yaml reads it"
    for workload in overlay.workloads:
        if workload.component not in sources.roles:
            continue
        first = (workload.pod.get("initContainers") or [{}])[0]
        urls = {v["name"] for v in first.get("env", [])}
        databases = first.get("args", [])
        wanted = {f"ORDERLOG_{database.upper()}_{kind}" for database in databases for kind in ("URL", "SESSION_URL")}
        told = {v["name"] for v in workload.containers[0].get("env", [])}
        if not told & {"ORDERLOG_EVENTS_URL", "ORDERLOG_VIEWS_URL", "ORDERLOG_OPS_URL"}:
            if "initContainers" in workload.pod:
                yield f"{workload} waits for databases that it does not have"
        elif first.get("name") != "migrated" or not wanted or urls != wanted:
            yield f"{workload} does not wait until its databases are migrated"


def spread(overlay, _):
    wanted = {"topology.kubernetes.io/zone", "kubernetes.io/hostname"}
    for workload in overlay.workloads:
        constraints = workload.pod.get("topologySpreadConstraints", [])
        taken = {c["topologyKey"] for c in constraints if workload in overlay.selected(c["labelSelector"])}
        if workload.kind == "Deployment" and taken != wanted:
            yield f"{workload} is not spread over zones and hosts"


RULES = [
    limits, probes, restricted, no_rights_in_the_cluster, known_settings, secrets_by_reference,
    past_poolers, sealing, time_to_end, images, waits_for_migrations, spread,
]  # fmt: skip
