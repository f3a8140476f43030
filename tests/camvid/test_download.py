"""Against a real HTTP server on this machine: no archive comes from outside."""

import io
import tarfile
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from camvid.download import HOSTED_SIZE, DownloadError, download
from camvid.layouts import open_dataset
from tests.camvid.drawn import draw, write_fastai


class Quiet(SimpleHTTPRequestHandler):
    """Serves a folder; an address that starts with /cut/ promises all bytes and sends half."""

    def log_message(self, format, *args):
        pass

    def do_GET(self):
        if not self.path.startswith("/cut/"):
            return super().do_GET()
        data = Path(self.directory + self.path.removeprefix("/cut")).read_bytes()
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data[: len(data) // 2])
        return None


@pytest.fixture
def served(tmp_path):
    """A folder and the address that serves it; it holds camvid.tgz with camvid/ at its top, as fastai's does."""
    folder = tmp_path / "served"
    write_fastai(folder / "camvid", draw())
    with tarfile.open(folder / "camvid.tgz", "w:gz") as tar:
        tar.add(folder / "camvid", "camvid")
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    server.daemon_threads = False  # closing waits for the last answer
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield folder, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def left_over(out):
    return [path.name for path in out.parent.iterdir() if path.name != "served"]


def pack(folder, *members):
    with tarfile.open(folder / "bad.tgz", "w:gz") as tar:
        for member, content in members:
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))


def test_download_unpacks_and_opens(served, tmp_path):
    out = tmp_path / "deep" / "camvid"
    scan = download(out, f"{served[1]}/camvid.tgz")
    assert (scan.layout, len(scan.frames), scan.root) == ("fastai", 6, out)
    assert {split: len(frames) for split, frames in open_dataset(out).splits.items()} == {
        "train": 2,
        "val": 2,
        "test": 2,
    }
    assert [path.name for path in out.parent.iterdir()] == ["camvid"]


def test_a_file_address_and_an_empty_folder_will_do(served, tmp_path):
    out = tmp_path / "camvid"
    out.mkdir()
    assert len(download(out, (served[0] / "camvid.tgz").as_uri()).frames) == 6


def test_a_folder_in_use_is_kept(served, tmp_path):
    (tmp_path / "camvid").mkdir()
    (tmp_path / "camvid" / "mine.txt").write_text("mine")
    with pytest.raises(FileExistsError, match="camvid: not an empty folder; give a new one"):
        download(tmp_path / "camvid", f"{served[1]}/camvid.tgz")
    assert (tmp_path / "camvid" / "mine.txt").read_text() == "mine"


@pytest.mark.parametrize(
    "path,reason",
    [
        ("nothing.tgz", "HTTP Error 404"),
        ("cut/camvid.tgz", "the connection ended after"),
        ("camvid/codes.txt", "archive is damaged"),
    ],
)
def test_what_goes_wrong_on_the_way_is_named_and_leaves_nothing(served, path, reason, tmp_path):
    with pytest.raises(DownloadError, match=reason) as caught:
        download(tmp_path / "out", f"{served[1]}/{path}")
    assert f"{served[1]}/{path}" in str(caught.value)
    assert left_over(tmp_path / "out") == []


def test_no_network_names_the_ways_out(tmp_path):
    with pytest.raises(DownloadError) as caught:
        download(tmp_path / "out", "http://127.0.0.1:9/camvid.tgz")
    for part in (
        "cannot download http://127.0.0.1:9/camvid.tgz",
        "refused",
        "--url file:///",
        "--data ROOT",
        "camvid synth",
    ):
        assert part in str(caught.value)
    assert left_over(tmp_path / "out") == []


def test_a_truncated_archive_is_refused(served, tmp_path):
    archive = served[0] / "camvid.tgz"
    archive.write_bytes(archive.read_bytes()[:-4])
    with pytest.raises(DownloadError, match="archive is damaged"):
        download(tmp_path / "out", archive.as_uri())
    assert left_over(tmp_path / "out") == []


def member(name, kind=tarfile.REGTYPE, link=""):
    made = tarfile.TarInfo(name)
    made.type, made.linkname = kind, link
    return made


@pytest.mark.parametrize(
    ("made", "reason"),
    [
        (member("../escaped.txt"), "leads out"),
        (member("a/../../escaped.txt"), "leads out"),
        (member("/tmp/escaped.txt"), "leads out"),
        (member("link", tarfile.SYMTYPE, "/etc"), "link or a device"),
        (member("link", tarfile.SYMTYPE, "inside"), "link or a device"),
        (member("link", tarfile.LNKTYPE, "codes.txt"), "link or a device"),
        (member("pipe", tarfile.FIFOTYPE), "link or a device"),
        (member("device", tarfile.CHRTYPE), "link or a device"),
        (member("n" * 300), "File name too long"),
    ],
)
def test_an_archive_that_is_more_than_files_and_folders_is_refused(served, tmp_path, made, reason):
    pack(served[0], (made, b""))
    with pytest.raises(DownloadError, match=rf"refused to unpack: .*{reason}"):
        download(tmp_path / "out", (served[0] / "bad.tgz").as_uri())
    assert left_over(tmp_path / "out") == []


def test_links_that_are_too_long_to_be_followed_lead_nowhere(served, tmp_path):
    """CVE-2025-4517: the path outgrows what can be resolved, so that Python takes a link out for one that stays in."""
    victim = tmp_path / "victim"
    victim.write_text("mine")
    long, steps, path, members = "d" * 247, "abcdefghijklmnop", "", []
    for step in steps:
        members += [member(f"{path}{long}", tarfile.DIRTYPE), member(f"{path}{step}", tarfile.SYMTYPE, long)]
        path += f"{long}/"
    last = "/".join(steps) + "/" + "l" * 254
    members.append(member(last, tarfile.SYMTYPE, "../" * len(steps)))
    members.append(member("escape", tarfile.SYMTYPE, f"{last}/../.."))
    members.append(member("door", tarfile.LNKTYPE, "escape/victim"))
    pack(served[0], *((made, b"") for made in members), (member("door"), b"theirs"))
    with pytest.raises(DownloadError):
        download(tmp_path / "out", (served[0] / "bad.tgz").as_uri())
    assert victim.read_text() == "mine"


def test_an_archive_of_odd_but_honest_members_unpacks(served, tmp_path):
    with tarfile.open(served[0] / "odd.tgz", "w:gz") as tar:
        tar.add(served[0] / "camvid", "./camvid")
        tar.add(served[0] / "camvid", "./camvid")  # once more, as a tar that was appended to has it
    assert len(download(tmp_path / "out", (served[0] / "odd.tgz").as_uri()).frames) == 6


@pytest.mark.parametrize("members", [[(tarfile.TarInfo("cats/cat.png"), b"cat")], []], ids=["cats", "nothing"])
def test_an_archive_of_something_else_is_refused(members, served, tmp_path):
    pack(served[0], *members)
    with pytest.raises(
        DownloadError,
        match=r"there is no CamVid in this archive; its top folder: no layout recognised: known are [^`]*$",
    ):
        download(tmp_path / "out", (served[0] / "bad.tgz").as_uri())
    assert left_over(tmp_path / "out") == []


def test_the_hosted_copy_must_be_the_known_one(served, tmp_path, monkeypatch):
    monkeypatch.setattr("camvid.download._hosted", lambda: f"{served[1]}/camvid.tgz")
    with pytest.raises(DownloadError, match=rf"MD5 \w+; expected {HOSTED_SIZE}, \w+; try"):
        download(tmp_path / "out")
    assert left_over(tmp_path / "out") == []


def test_an_archive_that_unpacks_to_more_than_the_disk_is_refused(served, tmp_path, monkeypatch):
    monkeypatch.setattr("camvid.download.MOST_BYTES", 1000)
    pack(served[0], *[(member(f"zeros{n}"), bytes(600)) for n in range(2)])
    with pytest.raises(DownloadError, match=r"refused to unpack: it holds more than 0 GiB or 200000 files"):
        download(tmp_path / "out", (served[0] / "bad.tgz").as_uri())
    assert left_over(tmp_path / "out") == []
