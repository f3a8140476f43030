"""Whatever a client with the key sends: never a server error, and no file outside the data folder."""

import base64
import json
import re
import socket
import urllib.parse

import hypothesis
import pytest
from hypothesis import strategies as st
from wandb.apis._generated import operations as api_operations
from wandb.sdk.artifacts._generated import operations as artifact_operations

from tests.wandb_local.process import Server
from wandb_local.protocol.graphql.schema import KINDS

KNOWN = ["local", "fuzzed", "r", "data", "data:v0", "latest", "v0", "model", "dataset", "RUNNING", "_step"]
ID_KINDS = ("Run", "Artifact", "Sweep", "Agent", "ArtifactCollection", "RunFile")
IDS = [f"{kind}:{number}" for kind in ID_KINDS for number in (0, 1, -1)]
TEXT = st.sampled_from([*KNOWN, *(base64.b64encode(text.encode()).decode() for text in IDS)]) | st.text(max_size=20)
SCALAR = st.none() | st.booleans() | st.integers() | st.floats() | TEXT
JSON = st.recursive(
    SCALAR, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=4), max_leaves=8
)
LINE = st.builds(json.dumps, JSON) | st.text(max_size=5)
DOCUMENTS = [
    getattr(module, name)
    for module in (api_operations, artifact_operations)
    for name in sorted(vars(module))
    if name.endswith("_GQL")
]
INPUTS = [
    "id",
    "name",
    "entityName",
    "projectName",
    "runName",
    "modelName",
    "config",
    "summaryMetrics",
    "tags",
    "files",
    "state",
    "host",
    "sweep",
    "runState",
    "artifactID",
    "artifactTypeName",
    "artifactCollectionName",
    "artifactCollectionNames",
    "digest",
    "metadata",
    "aliases",
    "clientID",
    "historyStep",
    "artifactFiles",
    "storagePath",
    "uploadID",
    "completedParts",
    "completeMultipartAction",
    "artifactPortfolioName",
    "artifactPortfolioID",
    "artifactSequenceID",
    "description",
    "displayName",
    "priorRunsFilters",
    "tagsToAdd",
    "tagsToDelete",
    "ttlDurationSeconds",
    "metricName",
    "metricValue",
    "baseArtifactID",
    "type",
    "deleteAliases",
    "artifactManifestID",
    "usedAs",
    "title",
    "text",
    "severity",
    "deleteArtifacts",
]
ARGUMENTS = ["names", "specs", "filters", "order", "first", "after", "last", "samples", "minStep", "maxStep", "pattern"]
ARGUMENTS += ["keys", "name", "sweepName"]
SETTINGS = hypothesis.settings(max_examples=150, derandomize=True, suppress_health_check=list(hypothesis.HealthCheck))


class Wire:
    """A keep-alive connection to the server: hundreds of requests in a second."""

    def __init__(self, server):
        self.server = server
        self.key = base64.b64encode(f"api:{server.key}".encode()).decode()

    def send(self, method, target, body=b"", encoding=""):
        head = f"{method} {target} HTTP/1.1\r\nHost: h\r\nConnection: close\r\nAuthorization: Basic {self.key}\r\n"
        head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        head += (f"Content-Encoding: {encoding}\r\n" if encoding else "") + "\r\n"
        with socket.create_connection(("127.0.0.1", self.server.port), timeout=30) as connection:
            connection.sendall(head.encode() + body)
            answer = b""
            while chunk := connection.recv(65536):
                answer += chunk
        return int(answer.split(b" ", 2)[1]), answer.partition(b"\r\n\r\n")[2]

    def graphql(self, query, variables):
        return self.send("POST", "/graphql", json.dumps({"query": query, "variables": variables}).encode())


@pytest.fixture(scope="module")
def wire(tmp_path_factory):
    """A server of its own: what the fuzz asks for is not what the client asks for."""
    with Server(tmp_path_factory.mktemp("fuzzed")) as server:
        yield from opened(server)


def opened(server):
    found = Wire(server)
    status, _ = found.graphql('mutation{upsertBucket(input:{modelName:"fuzzed",name:"r",host:"h"}){inserted}}', {})
    assert status == 200
    before = {path.name for path in server.folder.iterdir()}
    yield found
    assert {path.name for path in server.folder.iterdir()} == before
    assert server.ask("/healthz")


@SETTINGS
@hypothesis.given(document=st.sampled_from(DOCUMENTS), data=st.data())
def test_the_clients_documents_with_any_variables(wire, document, data):
    names = set(re.findall(r"\$(\w+):", document))
    variables = {name: data.draw(JSON, name) for name in sorted(names)}
    if "input" in names:
        variables["input"] = data.draw(st.dictionaries(st.sampled_from(INPUTS), JSON, max_size=8))
    status, _ = wire.graphql(document, variables)
    assert status in (200, 400, 404)


@SETTINGS
@hypothesis.given(
    mutation=st.sampled_from(sorted(KINDS["Mutation"])), given=st.dictionaries(st.sampled_from(INPUTS), JSON)
)
def test_every_mutation_with_any_input(wire, mutation, given):
    status, _ = wire.graphql(f"mutation($i:Any){{{mutation}(input:$i){{__typename}}}}", {"i": given})
    assert status in (200, 400, 404)


@SETTINGS
@hypothesis.given(
    field=st.sampled_from(sorted((kind, name) for kind in ("Project", "Run") for name in KINDS[kind])), arguments=JSON
)
def test_every_field_with_any_arguments(wire, field, arguments):
    kind, name = field
    given = ",".join(f"{argument}:$a" for argument in ARGUMENTS)
    selected = f"{name}({given})"
    inner = selected if kind == "Project" else f'run(name:"r"){{{selected}}}'
    status, _ = wire.graphql(f'query($a:Any){{project(name:"fuzzed"){{{inner}}}}}', {"a": arguments})
    assert status in (200, 400, 404)


@SETTINGS
@hypothesis.given(filters=JSON, order=TEXT)
def test_filters_and_orders(wire, filters, order):
    query = 'query($f:Any,$o:Any){project(name:"fuzzed"){runs(filters:$f,order:$o){edges{node{id}}}}}'
    status, _ = wire.graphql(query, {"f": json.dumps(filters), "o": order})
    assert status in (200, 400)


@SETTINGS
@hypothesis.given(body=st.binary(max_size=60), encoding=st.sampled_from(["", "gzip"]))
def test_any_bytes_as_a_body(wire, body, encoding):
    for target in ("/graphql", "/files/local/fuzzed/r/file_stream", "/gc"):
        assert wire.send("POST", target, body, encoding)[0] == 400


@SETTINGS
@hypothesis.given(
    message=st.fixed_dictionaries(
        {},
        optional={
            "files": st.dictionaries(
                st.sampled_from(["wandb-history.jsonl", "wandb-events.jsonl", "wandb-summary.json", "output.log", "x"]),
                st.fixed_dictionaries(
                    {"offset": st.integers(-1, 5) | JSON},
                    optional={"content": st.lists(LINE, max_size=3) | JSON},
                ),
            )
            | JSON,
            "complete": JSON,
            "exitcode": JSON,
            "uploaded": JSON,
        },
    )
)
def test_any_file_stream_message(wire, message):
    status, _ = wire.send("POST", "/files/local/fuzzed/r/file_stream", json.dumps(message).encode())
    assert status in (200, 400)
    fields = "config historyKeys summaryMetrics systemMetrics history historyTail"
    status, body = wire.graphql(f'{{project(name:"fuzzed"){{run(name:"r"){{{fields}}}}}}}', {})
    assert status == 200, body


@SETTINGS
@hypothesis.given(
    parts=st.lists(st.sampled_from(["..", ".", "", "a", "%2e%2e", "\\", "etc", "api_key"]) | st.text(max_size=5))
)
def test_any_path(wire, parts):
    target = "/" + "/".join(urllib.parse.quote(part) for part in ["files", "local", "fuzzed", *parts])
    status, body = wire.send("GET", target)
    assert status in (400, 401, 404, 405)  # 401: no path of the API, so a page for people, who log in
    assert wire.server.key.encode() not in body
    status, _ = wire.send("GET", "/storage/" + urllib.parse.quote("/".join(parts), safe=""))
    assert status in (401, 403, 404)
