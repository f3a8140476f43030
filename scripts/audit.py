"""``make audit``: looks for known vulnerabilities in the tested versions and in the lowest allowed versions.

It needs a network, because pip-audit asks the package registry about each version. If the registry does not answer for
a version, the audit fails. pip-audit alone would skip this version.
"""

import re
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
PROJECTS = (ROOT / "pyproject.toml", ROOT / "wandb_local" / "pyproject.toml")
_BOUND = re.compile(r"([A-Za-z0-9._-]+)>=([0-9.]+)")


def lowest(*pyprojects: str) -> list[str]:
    """``name==version`` for each lower bound among the dependencies, extras and groups of these pyproject.toml."""
    groups: list[list[str]] = []
    for settings in map(tomllib.loads, pyprojects):
        project = settings["project"]
        groups += [project["dependencies"], *project.get("optional-dependencies", {}).values()]
        groups += settings["dependency-groups"].values()
    found = (_BOUND.fullmatch(entry) for group in groups for entry in group)
    return sorted({f"{match[1]}=={match[2]}" for match in found if match})


def main() -> int:
    """Audit both lists. Returns 0 if each version was looked up and has no advisory."""
    tested = [line for line in (ROOT / "constraints.txt").read_text().splitlines() if not line.startswith("#")]
    lists = {"as tested": tested, "lowest allowed": lowest(*(path.read_text() for path in PROJECTS))}
    failed = []
    for name, pins in lists.items():
        with tempfile.NamedTemporaryFile("w", suffix=".txt") as handle:
            handle.write("\n".join(pins) + "\n")
            handle.flush()
            print(f"{name}: {len(pins)} versions", flush=True)
            command = ["pip_audit", "--strict", "--no-deps", "--disable-pip", "--requirement", handle.name]
            if subprocess.run([sys.executable, "-m", *command], check=False).returncode:
                failed.append(name)
    print(
        f"audit: an advisory was found, or the audit could not be done: {', '.join(failed)}"
        if failed
        else "audit: no known advisory"
    )
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
