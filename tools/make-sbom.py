#!/usr/bin/env python3
"""Prints what a built pathwitness is made of, as SPDX 2.3 JSON: tools/make-sbom.py PROGRAM

Linked are the shared libraries that the loader finds for PROGRAM here, by the Debian packages they
come from; compiled in are the web server and the headers of three libraries. SOURCE_DATE_EPOCH is the
time of its making, so that the same program has the same document.

Source: SPDX specification 2.3, https://spdx.github.io/spdx-spec/v2.3/
"""

import datetime
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
HEADERS_COMPILED_IN = ["libcli11-dev", "nlohmann-json3-dev", "prometheus-cpp-dev"]


def run(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def libraries_of(program):
    """The files that the loader takes for it."""
    return sorted(set(re.findall(r"=> (/\S+)", run("ldd", program))))


def packages_of(libraries):
    """The names of the Debian packages that have them, sorted.

    Since /lib became a link, dpkg may know a file by either of its names; it is asked for both at
    once, as each question takes long, and fails when it does not know them all.
    """
    names = {}
    for library in libraries:
        for path in {library, os.path.realpath(library)}:
            names[path] = names[path.removeprefix("/usr")] = library
    answer = subprocess.run(["dpkg", "-S", *names], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    owners = {}
    for line in answer.stdout.splitlines():
        package, path = line.split(": ")
        owners[names[path]] = package.split(",")[0]
    missing = set(libraries) - set(owners)
    if missing:
        raise SystemExit(f"make-sbom: no package has {', '.join(sorted(missing))}")
    return sorted(set(owners.values()))


def spdx_id(text):
    return "SPDXRef-" + re.sub(r"[^A-Za-z0-9.-]", "-", text)


def debian_package(line, distribution):
    """`line` is what debian_packages asks for."""
    package, version, architecture, source, maintainer = line.split("\t")
    purl = f"pkg:deb/debian/{package}@{version.replace('+', '%2B')}?arch={architecture}&distro={distribution}"
    return {
        "SPDXID": spdx_id("Package-" + package),
        "name": package,
        "versionInfo": version,
        "supplier": "Organization: " + re.sub(r"\s*<.*", "", maintainer),
        "downloadLocation": "NOASSERTION",
        "filesAnalyzed": False,
        "sourceInfo": f"built by Debian from its source package {source}",
        "licenseConcluded": "NOASSERTION",
        "licenseDeclared": "NOASSERTION",
        "copyrightText": "NOASSERTION",
        "externalRefs": [
            {"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": purl}
        ],
    }


def debian_packages(names, distribution):
    fields = "${Package}\t${Version}\t${Architecture}\t${source:Package}\t${Maintainer}\n"
    lines = run("dpkg-query", "-W", "-f", fields, *names).splitlines()
    return [debian_package(line, distribution) for line in sorted(lines)]


def civetweb():
    version = (ROOT / ".deps/civetweb/VERSION").read_text().strip()
    purl = f"pkg:deb/debian/civetweb@{version.replace('+', '%2B')}?arch=source"
    return {
        "SPDXID": "SPDXRef-Package-civetweb",
        "name": "civetweb",
        "versionInfo": version,
        "supplier": "Organization: Debian",
        "downloadLocation": "NOASSERTION",
        "filesAnalyzed": False,
        "sourceInfo": "compiled from Debian's source package with its patches",
        "licenseConcluded": "NOASSERTION",
        "licenseDeclared": "MIT",
        "copyrightText": "NOASSERTION",
        "externalRefs": [
            {"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": purl}
        ],
    }


def own_package(program, version, digest):
    return {
        "SPDXID": "SPDXRef-Package-pathwitness",
        "name": "pathwitness",
        "versionInfo": version,
        "packageFileName": pathlib.Path(program).name,
        "downloadLocation": "NOASSERTION",
        "filesAnalyzed": False,
        "primaryPackagePurpose": "APPLICATION",
        "checksums": [{"algorithm": "SHA256", "checksumValue": digest}],
        "licenseConcluded": "Apache-2.0",
        "licenseDeclared": "Apache-2.0",
        "copyrightText": "NOASSERTION",
    }


def related(one, kind, other):
    return {"spdxElementId": one, "relationshipType": kind, "relatedSpdxElement": other}


def document(program):
    version = re.search(r"version (\S+)", run(program, "--version")).group(1)
    digest = hashlib.sha256(pathlib.Path(program).read_bytes()).hexdigest()
    release = dict(re.findall(r'^(\w+)="?([^"\n]*)', pathlib.Path("/etc/os-release").read_text(), re.M))
    distribution = release["ID"] + "-" + release.get("VERSION_ID", "unstable")
    made = datetime.datetime.fromtimestamp(
        int(os.environ.get("SOURCE_DATE_EPOCH", os.path.getmtime(program))), datetime.timezone.utc)

    own = own_package(program, version, digest)
    linked = debian_packages(packages_of(libraries_of(program)), distribution)
    compiled_in = debian_packages(HEADERS_COMPILED_IN, distribution)
    if (ROOT / ".deps/civetweb/VERSION").exists():
        compiled_in.append(civetweb())
    return {
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": f"pathwitness-{version}",
        "documentNamespace": f"https://pathwitness.example/spdx/{version}/{digest}",
        "creationInfo": {
            "created": made.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "creators": [f"Tool: pathwitness-make-sbom-{version}"],
        },
        "documentDescribes": [own["SPDXID"]],
        "packages": [own, *linked, *compiled_in],
        "relationships": [
            related("SPDXRef-DOCUMENT", "DESCRIBES", own["SPDXID"]),
            *[related(own["SPDXID"], "DYNAMIC_LINK", package["SPDXID"]) for package in linked],
            *[related(own["SPDXID"], "STATIC_LINK", package["SPDXID"]) for package in compiled_in],
        ],
    }


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    json.dump(document(sys.argv[1]), sys.stdout, indent=2)
    print()
