"""Who may see and do what: login, origin of requests, headers, files."""

import http.client
import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import expect
from starlette.requests import Request
from starlette.responses import Response

import wandb_local
from tests.wandb_local.process import Server
from tests.wandb_local.web.asked import ask, log_in
from tests.wandb_local.web.conftest import Visitor
from wandb_local.auth import Signer
from wandb_local.store.folder import DataFolder
from wandb_local.web.login import local_path
from wandb_local.web.session import Sessions
from wandb_local.web.times import COOKIE

BROWSER = {"Accept": "text/html"}


def test_without_a_cookie_a_browser_is_sent_to_the_login_page(shared_server):
    answer = ask(shared_server, "GET", "/local/p?columns=a", **BROWSER)
    assert (answer.status, answer.getheader("Location")) == (303, "/login?next=%2Flocal%2Fp%3Fcolumns%3Da")


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/local/web",
        "/_dash-layout",
        "/_dash-dependencies",
        "/_assets/shell.js",
        "/_dash-component-suites/dash/dcc/dash_core_components.js",
        "/_media/runs/local/web/run/config.yaml",
        "/_media/artifacts/local/web/weights/v0/weights.txt",
    ],
)
def test_without_a_cookie_nothing_is_sent(shared_server, path):
    assert ask(shared_server, "GET", path).status == 401


def test_without_a_cookie_no_callback_runs(shared_server):
    answer = ask(shared_server, "POST", "/_dash-update-component", "{}", Origin=shared_server.url)
    assert answer.status == 401


def test_the_api_key_does_not_open_the_pages_by_itself(shared_server):
    """A browser would send a password that it knows along with requests that other sites make."""
    headers = {"Authorization": "Basic " + "YXBpOg=="}
    assert ask(shared_server, "GET", "/local/web", **headers).status == 401


def ask_as(server, host, method, path, **headers):
    """The status of a request with this Host header, whatever it is."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    connection.putrequest(method, path, skip_host=True)
    for name, value in {"Host": host, "Content-Length": "2", **headers}.items():
        connection.putheader(name.replace("_", "-"), value)
    connection.endheaders(b"{}")
    answer = connection.getresponse()
    connection.close()
    return answer.status


@pytest.mark.parametrize("host", ["x/login?", "x/_login.css?", "x/login#", "x/login", "@x/login?", "127.0.0.1:1"])
def test_the_host_header_opens_nothing(shared_server, host):
    """Starlette before 1.0.1 made the path of it too (CVE-2026-48710)."""
    assert ask_as(shared_server, host, "GET", "/_dash-layout") == 401
    assert ask_as(shared_server, host, "POST", "/_dash-update-component", Origin="http://x") == 403


def test_no_code_asks_starlette_for_the_address():
    code = {path: path.read_text() for path in Path(wandb_local.__file__).parent.rglob("*.py")}
    assert [str(path) for path, text in code.items() if re.search(r"request\.(url|base_url)\.", text)] == []


@pytest.mark.parametrize("key", ["", "0" * 40, "ключ"])
def test_a_wrong_key_gives_no_cookie(shared_server, key):
    answer = log_in(shared_server, key)
    assert (answer.status, answer.getheader("Set-Cookie")) == (401, None)
    assert "not the API key of this server" in answer.text


def test_the_cookie_is_for_this_server_and_for_no_script(shared_server):
    given = log_in(shared_server, shared_server.key).getheader("Set-Cookie")
    attributes = {part.strip().lower() for part in given.split(";")[1:]}
    assert attributes == {"httponly", "samesite=strict", "path=/"}


def test_over_https_the_cookie_is_secure(tmp_path):
    sessions = Sessions(DataFolder(tmp_path))
    response = Response()
    scope = {"type": "http", "scheme": "https", "server": ("localhost", 443), "path": "/", "headers": []}
    sessions.begin(Request(scope), response)
    assert "; secure" in response.headers["set-cookie"].lower()


@pytest.mark.parametrize("change", ["shorter", "other", "signed", "digest", "empty"])
def test_a_forged_cookie_opens_nothing(shared_server, cookie, change):
    name, _, value = cookie.partition("=")
    signer = Signer(bytes.fromhex((shared_server.data / "signing_secret").read_text()))
    forged = {
        "shorter": value[:-1],
        "other": f"{value[:-2]}AA",
        "signed": signer.sign({"session": "x"}),
        "digest": next(iter(json.loads((shared_server.data / "sessions.json").read_text())["ends"])),
        "empty": "",
    }
    assert ask(shared_server, "GET", "/", Cookie=cookie).status == 200
    assert ask(shared_server, "GET", "/", Cookie=f"{name}={forged[change]}").status == 401


@pytest.mark.soak
def test_a_cookie_is_good_at_its_server_alone_until_it_is_logged_out(tmp_path):
    folders = [tmp_path / name for name in ("one", "two")]
    for folder in folders:
        folder.mkdir()
    with Server(folders[0]) as one, Server(folders[1]) as two:
        first, second, other = (
            str(log_in(server, server.key).getheader("Set-Cookie")).partition(";")[0] for server in (one, one, two)
        )
        assert first.partition("=")[0] != other.partition("=")[0]  # on one host, neither overwrites the other
        renamed = f"{other.partition('=')[0]}={first.partition('=')[2]}"
        assert [ask(two, "GET", "/", Cookie=value).status for value in (first, renamed, other)] == [401, 401, 200]
        one.kill()
        one.start()
        assert [ask(one, "GET", "/", Cookie=value).status for value in (first, second)] == [200, 200]
        assert ask(one, "POST", "/logout", Cookie=first, Origin=one.url).status == 303
        assert [ask(one, "GET", "/", Cookie=value).status for value in (first, second)] == [401, 200]
        one.kill()
        one.start()
        assert [ask(one, "GET", "/", Cookie=value).status for value in (first, second)] == [401, 200]
        assert (one.data / "sessions.json").stat().st_mode & 0o777 == 0o600
        one.stop()
        (one.data / "api_key").write_text("f" * 40)
        one.start()
        assert ask(one, "GET", "/", Cookie=second).status == 401


@pytest.mark.parametrize("origin", [None, "https://example.org", "null", "http://127.0.0.1:1"])
@pytest.mark.parametrize("path", ["/login", "/logout", "/_dash-update-component"])
def test_a_post_from_elsewhere_is_refused(shared_server, cookie, path, origin):
    headers = {"Cookie": cookie} | ({} if origin is None else {"Origin": origin})
    assert ask(shared_server, "POST", path, "{}", **headers).status == 403


def test_logging_out_takes_a_post_and_the_cookie(shared_server, cookie):
    assert ask(shared_server, "GET", "/logout", Cookie=cookie).getheader("Set-Cookie") is None
    answer = ask(shared_server, "POST", "/logout", Cookie=cookie, Origin=shared_server.url)
    assert "Max-Age=0" in answer.getheader("Set-Cookie")


@pytest.mark.parametrize(
    "target", ["//example.org", "https://example.org", "/\\example.org", "javascript:1", "/a\nb", ""]
)
def test_the_login_leads_nowhere_else(shared_server, target):
    assert local_path(target) == "/"
    assert log_in(shared_server, shared_server.key, target).getheader("Location") == "/"


def test_the_login_leads_to_the_page_that_was_asked_for(shared_server):
    assert log_in(shared_server, shared_server.key, "/local/web?a=b").getheader("Location") == "/local/web?a=b"


@pytest.mark.parametrize("path", ["/", "/local/web/runs/x", "/login", "/_assets/shell.js", "/_media/runs/a/b/c/d"])
def test_every_answer_says_what_a_browser_must_not_do(shared_server, cookie, path):
    answer = ask(shared_server, "GET", path, Cookie=cookie, **BROWSER)
    policy = dict(part.strip().partition(" ")[::2] for part in answer.getheader("Content-Security-Policy").split(";"))
    assert policy["default-src"] == policy["base-uri"] == policy["frame-ancestors"] == "'none'"
    scripts = policy.get("script-src", "'none'").split()
    assert all(source in ("'self'", "'none'") or source.startswith("'sha256-") for source in scripts), scripts
    assert answer.getheader("X-Content-Type-Options") == "nosniff"
    assert "http" not in answer.getheader("Content-Security-Policy")


@pytest.mark.parametrize(
    "path",
    ["../../../api_key", "..%2F..%2F..%2Fapi_key", "%2e%2e/%2e%2e/api_key", "/etc/passwd", "a/%00", "no-such-file"],
)
def test_no_path_leads_out_of_the_records(shared_server, cookie, logged_run, path):
    for base in (f"/_media/runs/local/web/{logged_run.id}", "/_media/artifacts/local/web/weights/v0"):
        answer = ask(shared_server, "GET", f"{base}/{path}", Cookie=cookie)
        assert answer.status in (400, 404) or "wandb_local" in answer.text  # a path that was resolved is a page's
        assert shared_server.key not in answer.text


def test_the_login_page_in_a_browser(browser, shared_server):
    context = browser.new_context()
    visitor = Visitor(context, shared_server)
    page = visitor.page
    page.goto(f"{shared_server.url}/local/nothing")
    expect(page.locator("#key")).to_be_focused()
    page.keyboard.type("wrong")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=not the API key of this server")
    assert visitor.inaccessible() == []
    assert [fault for fault in visitor.faults if "401" not in fault] == []
    visitor.faults.clear()
    page.fill("#key", shared_server.key)
    page.keyboard.press("Enter")
    page.wait_for_selector("text=local/nothing does not exist")
    page.click("text=Log out")
    page.wait_for_url("**/login")
    assert [cookie["name"] for cookie in context.cookies()] == [COOKIE] and visitor.faults == []
    context.close()
