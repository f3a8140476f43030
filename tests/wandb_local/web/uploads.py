"""What a client sends, stored piece by piece without a server."""

import base64
import hashlib
import json

from wandb_local.clock import now
from wandb_local.names import to_id
from wandb_local.protocol import filestream
from wandb_local.records import runs
from wandb_local.records.artifacts import versions
from wandb_local.records.artifacts.commit import commit


class Uploads:
    """A run, the table ``t`` in its summary, its files, and artifacts."""

    def __init__(self, context):
        self.context = context
        self.run, _ = runs.upsert(context, {"entityName": "local", "modelName": "p", "name": "r", "host": "h"})

    def summary(self, version):
        value = {"_type": "table-file", "path": "t.table.json", "artifact_path": f"{version}/t.table.json"}
        lines = {"offset": 0, "content": [json.dumps({"t": value})]}
        filestream.receive(self.context, "local", "p", "r", {"files": {"wandb-summary.json": lines}})

    def file(self, path, content):
        with self.context.db.write() as connection:
            values = (self.run, path, self.context.blobs.keep_bytes(content), now())
            connection.execute("INSERT INTO run_files (run_id, name, md5, updated_at) VALUES (?, ?, ?, ?)", values)

    def version(self, client_id, name, files=(), references=()):
        """Begin a version and commit it; answers its id, which may be that of an earlier one with equal files."""
        contents = {path: {"ref": to, "digest": to, "size": len(to)} for path, to in dict(references).items()}
        for path, content in dict(files).items():
            self.context.blobs.keep_bytes(content)
            digest = base64.b64encode(hashlib.md5(content).digest()).decode()
            contents[path] = {"digest": digest, "size": len(content)}
        manifest = json.dumps({"version": 1, "contents": contents}).encode()
        given = {"entityName": "local", "projectName": "p", "artifactTypeName": "run_table", "clientID": client_id}
        digest = hashlib.md5(manifest).hexdigest()
        begun = versions.begin(self.context, {**given, "artifactCollectionName": name, "digest": digest})
        with self.context.db.write() as connection:
            values = (begun, "m", "FULL", "", self.context.blobs.keep_bytes(manifest))
            sql = "INSERT INTO manifests (artifact_id, name, type, digest, md5) VALUES (?, ?, ?, ?, ?)"
            connection.execute(sql, values)
        return commit(self.context, to_id("Artifact", begun))
