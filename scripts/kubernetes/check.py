"""Checks what `kubectl kustomize` made of deploy/kubernetes: check.py FOLDER, which
holds base.yaml and one file per overlay. Prints what is wrong; then fails.

Every object is held against Kubernetes' own schemas, of the oldest version that
will do and of the newest one known, and against the rules of pods.py and
wiring.py; each rule is then held against an overlay that breaks it (broken.py).
What others check is written beside: custom resources to custom.json, the files of
the front to the folder front.
"""

import json
import re
import subprocess
import sys
from pathlib import Path

import broken
import kubernetes_validate
import pods
import wiring
from rendered import Overlay, load
from sources import ROOT, Sources

#: The oldest (`matchLabelKeys`, `unhealthyPodEvictionPolicy`), and the newest one known.
VERSIONS = ("1.30", "1.37")
RULES = pods.RULES + wiring.RULES


def is_custom(document):
    group = document["apiVersion"].rpartition("/")[0]
    return "." in group and not group.endswith(".k8s.io")


def schemas(documents):
    for document in documents:
        if is_custom(document):
            continue
        for version in VERSIONS:
            try:
                kubernetes_validate.validate(document, version, strict=True)
            except Exception as error:  # noqa: BLE001 (each kind has a class of its own)
                where = "/".join(str(step) for step in getattr(error, "path", []))
                what = getattr(error, "message", error)
                yield f"{document['kind']} {document['metadata']['name']}: {where}: {what} (Kubernetes {version})"
                break


def rules(overlay, sources):
    for rule in RULES:
        for finding in rule(overlay, sources):
            yield finding


def in_git():
    """What is written down, whether or not an overlay uses it."""
    folder = ROOT / "deploy" / "kubernetes"
    used = "\n".join(path.read_text() for path in (folder / "overlays").glob("*/kustomization.yaml"))
    for component in sorted((folder / "components").iterdir()):
        if f"../../components/{component.name}\n" not in used:
            yield f"no overlay uses {component.relative_to(ROOT)}: nobody checks it"
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "deploy/kubernetes"]
    for name in subprocess.run(listed, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split():
        text = (ROOT / name).read_text() if (ROOT / name).is_file() else ""
        local = name.startswith("deploy/kubernetes/overlays/local/")
        if not local and re.search(r"^\s*(kind: Secret$|secretGenerator:|stringData:)", text, re.M):
            yield f"{name} makes a Secret"
        if re.search(r"://[^/\s:]+:[^$\s@]+@", text) or re.search(r"\b[A-Za-z0-9+/]{43}=", text):
            yield f"{name} has a secret in it"


def write_down(folder, overlay):
    """The front's files as its pod has them."""
    volumes = {volume["name"]: volume for w in overlay.workloads if w.component == "front" for volume in w.pod["volumes"]}
    (folder / "front").mkdir(exist_ok=True)
    for name, text in overlay.named("ConfigMap", volumes["files"]["configMap"]["name"])["data"].items():
        (folder / "front" / name).write_text(text)


def main(folder):
    sources = Sources()
    findings, custom = list(in_git()), []
    for path in sorted(folder.glob("*.yaml")):
        overlay = Overlay(path.stem, load(path))
        found = [*schemas(overlay.documents), *rules(overlay, sources)]
        findings += [f"{overlay.name}: {finding}" for finding in found]
        custom += [document for document in overlay.documents if is_custom(document)]
        print(f"{overlay.name}: {len(overlay.documents)} objects, {len(found)} findings")
    (folder / "custom.json").write_text(json.dumps(custom))
    if not findings:
        write_down(folder, overlay)
        tried, findings = broken.unnoticed(folder, schemas, lambda overlay: rules(overlay, sources))
        print(f"{tried} overlays that were broken on purpose, {len(findings)} unnoticed")
    for finding in findings:
        print(f"  {finding}", file=sys.stderr)
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
