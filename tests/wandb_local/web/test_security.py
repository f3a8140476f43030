"""Who may see and do what: login, origin of requests, headers, files."""

import http.client
import json
import re
from dataclasses import dataclass
from email.message import Message
from pathlib import Path
from urllib.parse import quote, urlencode

import pytest
import wandb
from playwright.sync_api import expect
from starlette.requests import Request
from starlette.responses import Response

import wandb_local
from tests.wandb_local.process import Server
from tests.wandb_local.web.conftest import Visitor, run_path
from wandb_local.auth import Signer
from wandb_local.store.folder import DataFolder
from wandb_local.web.login import local_path
from wandb_local.web.session import Sessions
from wandb_local.web.times import COOKIE

BROWSER = {"Accept": "text/html"}


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Message
    text: str

    def getheader(self, name: str) -> str | None:
        return self.headers.get(name)


def ask(server, method, path, body=None, **headers):
    """The answer to a request as it is: no cookie, no redirect followed."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
    answer = connection.getresponse()
    found = Answer(answer.status, answer.headers, answer.read().decode(errors="replace"))
    connection.close()
    return found


def log_in(server, key, target="/", origin=None):
    form = urlencode({"key": key, "next": target})
    return ask(server, "POST", "/login", form, Origin=origin or server.url)


@pytest.fixture
def cookie(shared_server: Server) -> str:
    return str(log_in(shared_server, shared_server.key).getheader("Set-Cookie")).partition(";")[0]


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
    assert "not this server" in answer.text


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


def test_logged_files_keep_their_kind_and_run_nothing(shared_server, cookie, logged_run):
    files = {file.name for file in wandb.Api().run(logged_run.path).files()}
    (picture,) = [name for name in files if name.startswith("media/images/picture_9_")]
    (page,) = [name for name in files if name.endswith(".html")]
    base = f"/_media{run_path(logged_run).replace('/runs/', '/').replace('/local/', '/runs/local/', 1)}"
    answer = ask(shared_server, "GET", f"{base}/{quote(picture)}", Cookie=cookie)
    assert (answer.status, answer.getheader("Content-Type")) == (200, "image/png")
    assert answer.getheader("Content-Security-Policy").startswith("sandbox;")
    answer = ask(shared_server, "GET", f"{base}/{quote(page)}", Cookie=cookie)
    policy = answer.getheader("Content-Security-Policy")
    assert "sandbox allow-scripts;" in policy and "allow-same-origin" not in policy and "default-src 'none'" in policy
    assert answer.getheader("Access-Control-Allow-Origin") is None
    for more, status in (({"If_None_Match": answer.getheader("ETag")}, 304), ({"Range": "bytes=0-1"}, 206)):
        again = ask(shared_server, "GET", f"{base}/{quote(page)}", Cookie=cookie, **more)
        names = ("Content-Security-Policy", "ETag", "Cache-Control", "X-Content-Type-Options")
        assert again.status == status
        assert [again.getheader(name) for name in names] == [answer.getheader(name) for name in names]


@pytest.mark.parametrize(
    "path",
    ["../../../api_key", "..%2F..%2F..%2Fapi_key", "%2e%2e/%2e%2e/api_key", "/etc/passwd", "a/%00", "no-such-file"],
)
def test_no_path_leads_out_of_the_records(shared_server, cookie, logged_run, path):
    for base in (f"/_media/runs/local/web/{logged_run.id}", "/_media/artifacts/local/web/weights/v0"):
        answer = ask(shared_server, "GET", f"{base}/{path}", Cookie=cookie)
        assert answer.status in (400, 404) or "wandb_local" in answer.text  # a path that was resolved is a page's
        assert shared_server.key not in answer.text


def test_logged_text_is_shown_as_text(visitor: Visitor, shared_server, client_home):
    name = "<script>alert(1)</script>"
    evil = '"><img src=x onerror=alert(1)>'
    with wandb.init(project="evil", name=name, config={evil: evil}, tags=[evil], notes=evil) as run:
        run.log({evil: 1.0, "${y}%{x}": 2.0})
        run.summary["text"] = evil
        run.write_logs(evil)  # what a test prints, pytest may have taken
    visitor.page.on("dialog", lambda dialog: visitor.faults.append("a logged script ran"))
    page = visitor.open("/local/evil")
    assert page.inner_text("#runs-grid .ag-row a") == name
    page = visitor.open(run_path(run))
    page.wait_for_selector("#charts-grid .scatterlayer .point")
    assert name in page.inner_text("h1") and page.title().startswith(name)
    assert evil in page.inner_text("#charts-grid")
    for view, place in (("overview", "#overview-grids"), ("logs", "#console-lines")):
        page = visitor.open(run_path(run, view))
        page.wait_for_selector(f"{place}:has-text('onerror')")
    assert page.query_selector_all("img[src=x]") == []


def test_notes_are_markdown_and_nothing_else(visitor: Visitor, client_home):
    notes = """# Base **line**
[paper](https://example.org) [bad](javascript:alert(1)) ![out](https://example.org/x.png)

<img src=x onerror=alert(1)><script>alert(1)</script>
"""
    with wandb.init(project="noted", notes=notes) as run:
        run.log({"loss": 1.0})
    visitor.page.on("dialog", lambda dialog: visitor.faults.append("a note ran a script"))
    page = visitor.open(run_path(run, "overview"))
    expect(page.locator(".prose h1")).to_have_text("Base line")
    link = page.locator(".prose a", has_text="paper")
    assert link.get_attribute("target") == "_blank"  # which is without an opener unless a link asks for one
    expect(page.locator(".prose a", has_text="bad")).not_to_have_attribute("href", re.compile(""))
    page.locator(".prose a", has_text="bad").dispatch_event("click")
    expect(page.locator(".prose")).to_contain_text("<img src=x onerror=alert(1)><script>alert(1)</script>")
    assert page.locator("img[src=x], .prose script").count() == 0
    refused = [fault for fault in visitor.faults if "example.org/x.png" in fault]
    assert refused  # the browser asks no other server for the picture
    assert [fault for fault in visitor.faults if fault not in refused] == []
    visitor.faults.clear()


def test_a_logged_page_is_kept_in_its_frame(visitor: Visitor, shared_server, client_home):
    """It can run scripts, but reaches neither the page around it nor any server, not even W&B's for a style sheet."""
    script = "document.write('ran'); fetch('/status').catch(() => 0); parent.document.title = 'stolen'"
    with wandb.init(project="framed") as run:
        run.log({"page": wandb.Html(f"<script>{script}</script>")})
    page = visitor.open(run_path(run, "media"))
    frame = page.frame_locator("iframe.logged")
    frame.locator("text=ran").wait_for()
    page = visitor.open(run_path(run, "media"))  # now the browser asks whether the file has changed
    frame.locator("text=ran").wait_for()
    assert page.get_attribute("iframe.logged", "sandbox") == "allow-scripts"
    assert "stolen" not in page.title()
    blocked = ("Content Security Policy", "Blocked a frame", "https://app.wandb.ai/normalize.css")
    visitor.eventually("document.title.includes('media')", True)
    assert [fault for fault in visitor.faults if not any(reason in fault for reason in blocked)] == []
    assert any("Blocked a frame" in fault for fault in visitor.faults)
    visitor.faults.clear()


def test_the_login_page_in_a_browser(browser, shared_server):
    context = browser.new_context()
    visitor = Visitor(context, shared_server)
    page = visitor.page
    page.goto(f"{shared_server.url}/local/nothing")
    page.keyboard.type("wrong")  # the field has the focus
    page.keyboard.press("Enter")
    page.wait_for_selector("text=not this server's API key")
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
