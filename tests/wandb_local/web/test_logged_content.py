"""Logged text, notes, files and pages: they are shown, and run nothing."""

import re
from urllib.parse import quote

import wandb
from playwright.sync_api import expect

from tests.wandb_local.web.asked import ask
from tests.wandb_local.web.conftest import Visitor, run_path


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
