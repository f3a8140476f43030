"""The key goes to the server of the data folder, and to nothing else that listens at the address it once had."""

import contextlib
import http.server
import json
import threading
import urllib.request

import pytest

from tests.wandb_local.process import Server, free_port, run_command
from wandb_local.client import is_server_of, running_server
from wandb_local.store.folder import DataFolder


@contextlib.contextmanager
def impostor(port, forward_to=None):
    """A program of somebody else on a port, which answers everything, and what it was sent."""
    requests = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            requests.append(dict(self.headers))
            body = b'{"server": "wandb_local", "proof": "a.b"}'
            if forward_to:
                with urllib.request.urlopen(f"{forward_to}{self.path}", timeout=10) as answer:
                    body = answer.read()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler) as listening:
        thread = threading.Thread(target=listening.serve_forever)
        thread.start()
        yield requests
        listening.shutdown()
        thread.join()


def test_a_dead_servers_address_is_not_asked(tmp_path):
    server = Server(tmp_path)
    server.start()
    assert running_server(DataFolder(server.data)) == server.url
    server.kill()
    assert json.loads((server.data / "server.json").read_text())["url"] == server.url
    with impostor(server.port) as requests:
        assert run_command("status", "--data", server.data, check=False).returncode == 1
        run_command("gc", "--data", server.data)
        printed = run_command("exec", "--data", server.data, "--port", server.port, "--", "printenv", "WANDB_BASE_URL")
    assert requests == []
    assert printed.stdout.strip() != server.url


@pytest.mark.parametrize("forward", [False, True])
def test_what_listens_in_the_place_of_the_server_gets_no_key(shared_server, tmp_path, forward):
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    folder = DataFolder(shared_server.data)
    assert is_server_of(folder, shared_server.url)
    with impostor(port, shared_server.url if forward else None) as requests:
        assert not is_server_of(folder, url)
        other = DataFolder(tmp_path)
        other.lock()
        other.announce(url)
        assert other.address() == url
        assert running_server(other) is None
        other.unlock()
    assert len(requests) == 2 and not any("Authorization" in request for request in requests)


def test_the_proof_opens_nothing(shared_server):
    """It is a signed word, as URLs and cookies are, and says something else."""
    with urllib.request.urlopen(f"{shared_server.url}/healthz?challenge={'0' * 32}", timeout=10) as answer:
        proof = json.loads(answer.read())["proof"]
    for path in (f"/storage/{proof}", "/"):
        request = urllib.request.Request(shared_server.url + path, headers={"Cookie": f"wandb_local={proof}"})
        with pytest.raises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(request, timeout=10)
        assert caught.value.code in (401, 403)
        caught.value.close()
    with urllib.request.urlopen(f"{shared_server.url}/healthz?challenge=chosen", timeout=10) as answer:
        assert "proof" not in json.loads(answer.read())
