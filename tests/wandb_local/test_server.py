"""The server as a process: who may use it, what it refuses, and what it does with a bad disk."""

import base64
import concurrent.futures
import hashlib
import json
import re
import subprocess
import urllib.error
import urllib.parse
import urllib.request

import pytest

from tests.wandb_local.process import Server
from wandb_local.auth import Signer, is_authorized

UPSERT = "mutation($p:String,$n:String,$h:String,$e:String){"
UPSERT += "upsertBucket(input:{modelName:$p,name:$n,host:$h,entityName:$e}){bucket{id name state} inserted}}"
FILES = "mutation($p:String,$r:String,$f:[String!]!){createRunFiles(input:{projectName:$p,runName:$r,files:$f})"
FILES += "{files{name uploadUrl}}}"


def status_of(url, *, data=None, method=None, **headers):
    """The HTTP status of a request without a key, unless a header brings one."""
    request = urllib.request.Request(url, data=data, method=method)
    for name, value in {"Content-Type": "application/json", **headers}.items():
        request.add_header(name.replace("_", "-"), value)
    try:
        with urllib.request.urlopen(request, timeout=30) as response:
            return response.status
    except urllib.error.HTTPError as error:
        error.close()
        return error.code


def upload_url(server, project, name="a.txt"):
    server.graphql(UPSERT, p=project, n="r", h="h")
    return server.graphql(FILES, p=project, r="r", f=[name])["createRunFiles"]["files"][0]["uploadUrl"]


def test_every_endpoint_needs_the_key(server):
    wrong = "Basic " + base64.b64encode(b"api:" + b"0" * 40).decode()
    for path, method in [("/graphql", "POST"), ("/status", "GET"), ("/gc", "POST"), ("/files/local/p/r/a.txt", "GET")]:
        for headers in ({}, {"Authorization": wrong}, {"Authorization": "Basic ???"}, {"Authorization": "Bearer x"}):
            data = b"{}" if method == "POST" else None
            assert status_of(server.url + path, method=method, data=data, **headers) == 401
    assert status_of(f"{server.url}/files/local/p/r/file_stream", method="POST", data=b"{}") == 401
    assert status_of(f"{server.url}/healthz") == 200


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Content_Type": "application/json; charset=utf-8"}, 200),
        ({"Content_Type": "text/plain"}, 415),
        ({"Content_Type": "application/x-www-form-urlencoded"}, 415),
        ({"Content_Type": "multipart/form-data; boundary=x"}, 415),
        ({"Content_Type": ""}, 415),
        ({"Origin": "http://example.org"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://127.0.0.1:1"}, 403),
        ({"Sec_Fetch_Site": "cross-site"}, 403),
        ({"Sec_Fetch_Site": "same-site"}, 403),
        ({"Sec_Fetch_Site": "same-origin"}, 200),
    ],
)
def test_pages_of_other_sites_cannot_use_the_key_that_a_browser_knows(server, headers, status):
    key = "Basic " + base64.b64encode(f"api:{server.key}".encode()).decode()
    for path in ("/graphql", "/gc", "/files/local/p/r/file_stream"):
        ours = status if status != 200 else {"/graphql": 200, "/gc": 200}.get(path, 404)
        body = b'{"query": "{viewer{id}}", "grace": 86400}'
        assert status_of(server.url + path, data=body, Authorization=key, **headers) == ours, path
    if status == 403:
        assert status_of(f"{server.url}/status", Authorization=key, **headers) == 403
    assert status_of(f"{server.url}/graphql", data=b"{}", Authorization=key, Origin=server.url) == 400


def test_the_key_is_long_and_private(server):
    assert re.fullmatch("[0-9a-f]{40}", server.key)
    for name in ("api_key", "signing_secret", "server.json"):
        assert (server.data / name).stat().st_mode & 0o777 == 0o600
    assert server.data.stat().st_mode & 0o777 == 0o700
    assert server.key not in server.log()


def test_the_authorization_header():
    key = "k" * 40
    assert is_authorized("Basic " + base64.b64encode(f"api:{key}".encode()).decode(), key)
    for header in (None, "", "Basic", "Basic " + base64.b64encode(key.encode()).decode(), f"Basic {key}"):
        assert not is_authorized(header, key)


def test_signed_urls_expire_and_cannot_be_changed(server, project):
    assert Signer(b"s", lifetime=-1).verify(Signer(b"s", lifetime=-1).sign({"get": "x"})) is None
    assert Signer(b"s").verify(Signer(b"t").sign({"get": "x"})) is None
    url = upload_url(server, project)
    token = url.rpartition("/")[2]
    assert status_of(url.replace(token, "x" + token[1:]), method="PUT", data=b"x") == 403
    assert status_of(f"{server.url}/storage/nonsense", method="PUT", data=b"x") == 403
    assert status_of(url) == 403
    assert status_of(url, method="PUT", data=b"x") == 200


def test_an_upload_with_the_wrong_md5_is_refused(server, project):
    url = upload_url(server, project)
    wrong = base64.b64encode(hashlib.md5(b"other", usedforsecurity=False).digest()).decode()
    assert status_of(url, method="PUT", data=b"bytes", Content_MD5=wrong) == 400
    assert status_of(url, method="PUT", data=b"bytes", Content_MD5="!") == 400
    assert list((server.data / "uploads").iterdir()) == []
    found = server.graphql('query($p:String){project(name:$p){run(name:"r"){fileCount}}}', p=project)
    assert found["project"]["run"]["fileCount"] == 0


def test_an_upload_for_a_deleted_run_reaches_no_later_run(server, project):
    late = upload_url(server, project)
    of_project = "query($p:String){project(name:$p){run(name:%s){id fileCount}}}"
    gone = server.graphql(of_project % '"r"', p=project)["project"]["run"]["id"]
    server.graphql("mutation($i:ID!){deleteRun(input:{id:$i}){success}}", i=gone)
    server.graphql(UPSERT, p=project, n="next", h="h")
    assert status_of(late, method="PUT", data=b"x") == 404
    assert server.graphql(of_project % '"next"', p=project)["project"]["run"]["fileCount"] == 0


def test_ranges_and_cross_origin_requests(server, project):
    url = upload_url(server, project)
    status_of(url, method="PUT", data=b"0123456789")
    query = 'query($p:String){project(name:$p){run(name:"r"){files{edges{node{directUrl md5 sizeBytes}}}}}}'
    (edge,) = server.graphql(query, p=project)["project"]["run"]["files"]["edges"]
    request = urllib.request.Request(edge["node"]["directUrl"], headers={"Range": "bytes=2-4"})
    with urllib.request.urlopen(request, timeout=30) as response:
        assert (response.status, response.read()) == (206, b"234")
    request = urllib.request.Request(url, method="OPTIONS", headers={"Origin": "http://x"})
    with urllib.request.urlopen(request, timeout=30) as response:
        assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert server.ask(f"/files/local/{project}/r/a.txt") == b"0123456789"


@pytest.mark.parametrize("name", ["../x", "/etc/passwd", "a/../../x", "..\\x", "", ".", "a\x00b", "x" * 2000])
def test_no_path_leads_out_of_the_data_folder(server, project, name):
    server.graphql(UPSERT, p=project, n="r", h="h")
    body = json.dumps({"query": FILES, "variables": {"p": project, "r": "r", "f": [name]}}).encode()
    with pytest.raises(urllib.error.HTTPError) as caught:
        server.ask("/graphql", body)
    assert caught.value.code == 400
    caught.value.close()
    assert status_of(f"{server.url}/files/local/{project}/r/{urllib.parse.quote(name)}") in (401, 404)


@pytest.mark.parametrize("name", ["a/b", "..", "a:b", "x" * 200, "a\nb", "a?b"])
def test_names_that_cannot_be_used_are_refused(server, name):
    for variables in ({"p": name, "n": "r"}, {"p": "p", "n": name}, {"p": "p", "n": "r", "e": name}):
        with pytest.raises(urllib.error.HTTPError) as caught:
            server.ask("/graphql", json.dumps({"query": UPSERT, "variables": variables}).encode())
        assert caught.value.code == 400
        caught.value.close()


def test_bodies_have_limits(server):
    key = "Basic " + base64.b64encode(f"api:{server.key}".encode()).decode()
    bomb = subprocess.run(["gzip", "-c"], input=b"0" * (65 << 20), capture_output=True, check=True).stdout
    headers = {"Authorization": key, "Content_Encoding": "gzip"}
    assert status_of(f"{server.url}/graphql", data=bomb, **headers) == 413
    assert status_of(f"{server.url}/graphql", data=b"not gzip", **headers) == 400
    assert status_of(f"{server.url}/graphql", data=b"[" * 100_000, Authorization=key) == 413
    deep = json.dumps({"query": "{" + "project{" * 5000 + "}" * 5001}).encode()
    assert status_of(f"{server.url}/graphql", data=deep, Authorization=key) == 400


@pytest.mark.soak
def test_a_full_disk_answers_507_and_loses_nothing(tmp_path):
    """A limit on the size of files stands for the full disk: SQLite and plain writes fail in the same places."""
    with Server(tmp_path, prefix=["prlimit", f"--fsize={3 << 20}"]) as server:
        url = upload_url(server, "p")
        assert status_of(url, method="PUT", data=b"small") == 200
        assert status_of(url, method="PUT", data=b"x" * (4 << 20)) in (503, 507)
        lines = [json.dumps({"_step": step, "text": "x" * 1000}) for step in range(1000)]
        accepted, statuses = 0, []
        for _ in range(8):
            body = json.dumps({"files": {"wandb-history.jsonl": {"offset": accepted, "content": lines}}}).encode()
            key = "Basic " + base64.b64encode(f"api:{server.key}".encode()).decode()
            statuses.append(status_of(f"{server.url}/files/local/p/r/file_stream", data=body, Authorization=key))
            accepted += 1000 if statuses[-1] == 200 else 0
        assert set(statuses) - {200} <= {503, 507}
        assert statuses[-1] in (503, 507)
        server.kill()
    with Server(tmp_path) as roomy:
        query = '{project(name:"p"){run(name:"r"){historyLineCount files{edges{node{sizeBytes}}}}}}'
        run = roomy.graphql(query)["project"]["run"]
        assert run["historyLineCount"] == accepted
        assert [edge["node"]["sizeBytes"] for edge in run["files"]["edges"]] == [5]
        assert list((roomy.data / "uploads").iterdir()) == []


def test_many_requests_at_once_make_one_run(server, project):
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: server.graphql(UPSERT, p=project, n="same"), range(40)))
    assert sum(answer["upsertBucket"]["inserted"] for answer in answers) == 1
    assert len({answer["upsertBucket"]["bucket"]["id"] for answer in answers}) == 1
