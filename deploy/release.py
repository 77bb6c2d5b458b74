"""From a project to a running platform, as far as it can be brought today: `make deploy`. Every step may be repeated.

what must be there  programs, production.tfvars, the state's bucket: all that is missing is named at once, nothing is begun
what runs           the images that the state names, so that a checkout which never deployed neither takes away nor brings back anything
foundation          terraform apply: everything but what needs images
secrets             that each has a value; what has none is named, with the command that adds it
images              built and pushed under the commit's name, then known by digest
release             terraform apply with the digests
first event         pushed to the agent, which answers when a pass has worked on it; the same one each time, so that there is one alert
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NoReturn

ROOT = Path(__file__).resolve().parents[1]
TERRAFORM = ROOT / "deploy" / "terraform"
PROGRAMS = ("terraform", "gcloud", "docker", "git")
SECRETS = ("discord-webhook", "agent-api-token", "warehouse-url")
EVENT = {
    "event_id": "first-deployment",
    "type": "PIPELINE_FAILED",
    "resource": "step:first-deployment",
    "message": "connection refused: an event to see the first alert by; resolve it in the pages",
}


def main() -> None:
    missing = list(what_is_missing())
    if missing:
        _end("nothing was begun; missing:", missing)
    bucket, project = (str(_variable(name)) for name in ("state_bucket", "project_id"))
    _run("terraform", f"-chdir={TERRAFORM}", "init", "-input=false", f"-backend-config=bucket={bucket}")
    _write_images(_outputs().get("images", {}))
    _apply()
    found = _outputs()
    if empty := list(_secrets_without_a_value(project)):
        _end("the foundation is there; these secrets have no value yet, then `make deploy` again:", empty)
    # Google makes this account at a service's first use, and a role cannot be given to one that is not there.
    _run("gcloud", "beta", "services", "identity", "create", "--service=iap.googleapis.com", f"--project={project}")
    _write_images(dict(_pushed(found["registry"])))
    _apply()
    found = _outputs()
    _say(f"first event: {_first_event(found['agent_url'])}")
    _say(f"pages: {found['pages_url']}")


def what_is_missing() -> Iterator[str]:
    """What has to be there before anything is begun, and how it is come by."""
    yield from (f"{name}: install it" for name in PROGRAMS if shutil.which(name) is None)
    if not _variables().exists():
        yield "production.tfvars: copy example.tfvars beside it and correct it"
    else:
        needed = re.findall(r"^(\w+)\s*=", (TERRAFORM / "example.tfvars").read_text(encoding="utf-8"), re.MULTILINE)
        yield from (f"{name} in production.tfvars" for name in needed if _variable(name) is None)
        if _variable("images") is not None:
            yield "production.tfvars without `images`: they would win over every release; take them out"
    if shutil.which("gcloud") and not _told(
        "gcloud", "auth", "list", "--filter=status:ACTIVE", "--format=value(account)"
    ):
        yield "an account: gcloud auth login, gcloud auth application-default login"
    if shutil.which("git") and _told("git", "-C", str(ROOT), "status", "--porcelain", "--untracked-files=no"):
        yield "a commit: an image is named by what it was built from, and there are changes"


def _secrets_without_a_value(project: str) -> Iterator[str]:
    for name in SECRETS:
        state = ("--filter=state:ENABLED", "--limit=1", "--format=value(name)")
        if not _told("gcloud", "secrets", "versions", "list", name, f"--project={project}", *state):
            yield f"{name}: gcloud secrets versions add {name} --project={project} --data-file=-"


def _pushed(registry: str) -> Iterator[tuple[str, str]]:
    """Each image by its digest."""
    commit = _told("git", "-C", str(ROOT), "rev-parse", "--short=12", "HEAD")
    _run("gcloud", "auth", "configure-docker", registry.partition("/")[0], "--quiet")
    for name in ("agent", "jobs"):
        image = f"{registry}/{name}:{commit}"
        if not _told("gcloud", "artifacts", "docker", "tags", "list", f"{registry}/{name}", f"--filter=tag:{commit}"):
            file = f"deploy/images/{name}.Dockerfile"
            _run("docker", "build", "--platform", "linux/amd64", "--file", file, "--tag", image, str(ROOT))
            _run("docker", "push", image)
        digest = "--format=value(image_summary.digest)"
        yield name, f"{registry}/{name}@{_told('gcloud', 'artifacts', 'docker', 'images', 'describe', image, digest)}"


def _first_event(agent: str) -> dict[str, Any]:
    """Push an event as a producer does; what the pass that worked on it did.

    The alarm of a silent agent begins with this pass, so that anything else than a whole one ends the deployment.
    """
    identity = _told("gcloud", "auth", "print-identity-token")
    headers = {"Authorization": f"Bearer {identity}", "Content-Type": "application/json"}
    request = urllib.request.Request(f"{agent}/events", json.dumps(EVENT).encode(), headers, method="POST")  # noqa: S310 - ours
    try:
        with urllib.request.urlopen(request, timeout=120) as answer:  # noqa: S310 - ours
            poll: dict[str, Any] = json.load(answer)["poll"]
    except urllib.error.HTTPError as error:
        _end("everything runs, but the agent has refused the first event:", [f"{error.code}: {error.read().decode()}"])
    if poll["state"] != "done" or poll["alerts_failed"] or poll["alerts_waiting"]:
        left = f"{poll['alerts_failed']} alerts failed, {poll['alerts_waiting']} wait after earlier attempts"
        said = f"state {poll['state']}, {left}; the service's log says why"
        _end("everything runs, but no whole pass has worked on the first event:", [said, "then `make deploy` again"])
    return poll


def _write_images(images: Mapping[str, str | None]) -> None:
    """What Terraform takes for the images that run."""
    told = json.dumps({"images": images}, indent=2)
    (TERRAFORM / "images.auto.tfvars.json").write_text(told + "\n", encoding="utf-8")


def _variables() -> Path:
    return TERRAFORM / "production.tfvars"


def _variable(name: str) -> str | None:
    found = re.search(rf'^\s*{name}\s*=\s*"?([^"\n]+)', _variables().read_text(encoding="utf-8"), re.MULTILINE)
    return found[1].strip() if found else None


def _apply() -> None:
    _run("terraform", f"-chdir={TERRAFORM}", "apply", f"-var-file={_variables().name}")


def _outputs() -> dict[str, Any]:
    told = _told("terraform", f"-chdir={TERRAFORM}", "output", "-json")
    if not told:
        _end("terraform output tells nothing, so that what runs is not known; nothing was changed", [])
    return {name: output["value"] for name, output in json.loads(told).items()}


def _run(*command: str) -> None:
    _say("$ " + " ".join(command))
    if code := subprocess.run(command, cwd=ROOT, check=False).returncode:
        _end(f"{command[0]} has ended with {code}; mend what it says, then `make deploy` again", [])


def _told(*command: str) -> str:
    return subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True).stdout.strip()


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def _end(what: str, items: list[str]) -> NoReturn:
    sys.stderr.write("\n  - ".join([what, *items]) + "\n")
    raise SystemExit(2)


if __name__ == "__main__":
    main()
