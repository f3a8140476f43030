"""Projects, runs with their streams and files, artifacts, sweeps. Times are Unix seconds, digests hexadecimal MD5."""

_RUNS = (
    """CREATE TABLE projects (
        id INTEGER PRIMARY KEY, entity TEXT NOT NULL, name TEXT NOT NULL, description TEXT, created_at REAL NOT NULL,
        UNIQUE (entity, name))""",
    """CREATE TABLE sweeps (
        id INTEGER PRIMARY KEY, project_id INTEGER NOT NULL REFERENCES projects ON DELETE CASCADE, name TEXT NOT NULL,
        display_name TEXT, description TEXT, config TEXT NOT NULL, state TEXT NOT NULL, seed INTEGER NOT NULL,
        created_at REAL NOT NULL, updated_at REAL NOT NULL, heartbeat_at REAL,
        UNIQUE (project_id, name))""",
    """CREATE TABLE agents (
        id INTEGER PRIMARY KEY, sweep_id INTEGER NOT NULL REFERENCES sweeps ON DELETE CASCADE, name TEXT NOT NULL,
        host TEXT, created_at REAL NOT NULL, heartbeat_at REAL NOT NULL, running TEXT NOT NULL DEFAULT '[]')""",
    """CREATE TABLE runs (
        id INTEGER PRIMARY KEY, project_id INTEGER NOT NULL REFERENCES projects ON DELETE CASCADE, name TEXT NOT NULL,
        display_name TEXT, description TEXT, notes TEXT, state TEXT NOT NULL, config TEXT NOT NULL DEFAULT '{}',
        summary TEXT NOT NULL DEFAULT '{}', history_keys TEXT NOT NULL DEFAULT '{"keys":{},"lastStep":-1}',
        system_metrics TEXT NOT NULL DEFAULT '{}', tags TEXT NOT NULL DEFAULT '[]', group_name TEXT, job_type TEXT,
        host TEXT, program TEXT, repo TEXT, commit_hash TEXT, debug INTEGER, exitcode INTEGER,
        history_lines INTEGER NOT NULL DEFAULT 0, events_lines INTEGER NOT NULL DEFAULT 0,
        log_lines INTEGER NOT NULL DEFAULT 0, started INTEGER NOT NULL DEFAULT 0, stopped INTEGER NOT NULL DEFAULT 0,
        sweep_id INTEGER REFERENCES sweeps ON DELETE SET NULL, agent_id INTEGER REFERENCES agents ON DELETE SET NULL,
        sweep_args TEXT, offers INTEGER NOT NULL DEFAULT 0, created_at REAL NOT NULL,
        updated_at REAL NOT NULL, heartbeat_at REAL NOT NULL, UNIQUE (project_id, name))""",
    "CREATE INDEX runs_by_sweep ON runs (sweep_id) WHERE sweep_id IS NOT NULL",
    "CREATE INDEX runs_by_creation ON runs (project_id, created_at)",
    """CREATE TABLE sweep_prior_runs (
        sweep_id INTEGER NOT NULL REFERENCES sweeps ON DELETE CASCADE,
        run_id INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE, PRIMARY KEY (sweep_id, run_id)) WITHOUT ROWID""",
    """CREATE TABLE history (
        run_id INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE, number INTEGER NOT NULL, step INTEGER NOT NULL,
        line TEXT NOT NULL, PRIMARY KEY (run_id, number)) WITHOUT ROWID""",
    "CREATE INDEX history_by_step ON history (run_id, step)",
    """CREATE TABLE events (
        run_id INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE, number INTEGER NOT NULL, line TEXT NOT NULL,
        PRIMARY KEY (run_id, number)) WITHOUT ROWID""",
    """CREATE TABLE console (
        run_id INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE, number INTEGER NOT NULL, line TEXT NOT NULL,
        PRIMARY KEY (run_id, number)) WITHOUT ROWID""",
    "CREATE TABLE blobs (md5 TEXT PRIMARY KEY, size INTEGER NOT NULL, touched_at REAL NOT NULL) WITHOUT ROWID",
    """CREATE TABLE run_files (
        id INTEGER PRIMARY KEY, run_id INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE, name TEXT NOT NULL,
        md5 TEXT NOT NULL REFERENCES blobs, updated_at REAL NOT NULL, UNIQUE (run_id, name))""",
    "CREATE INDEX run_files_by_blob ON run_files (md5)",
    """CREATE TABLE alerts (
        id INTEGER PRIMARY KEY, run_id INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE, title TEXT NOT NULL,
        text TEXT NOT NULL, severity TEXT NOT NULL, created_at REAL NOT NULL)""",
)

_ARTIFACTS = (
    """CREATE TABLE artifact_types (
        id INTEGER PRIMARY KEY, project_id INTEGER NOT NULL REFERENCES projects ON DELETE CASCADE, name TEXT NOT NULL,
        description TEXT, created_at REAL NOT NULL, UNIQUE (project_id, name))""",
    """CREATE TABLE collections (
        id INTEGER PRIMARY KEY, project_id INTEGER NOT NULL REFERENCES projects ON DELETE CASCADE,
        type_id INTEGER NOT NULL REFERENCES artifact_types ON DELETE CASCADE, name TEXT NOT NULL,
        portfolio INTEGER NOT NULL, description TEXT, client_id TEXT, next_version INTEGER NOT NULL DEFAULT 0,
        created_at REAL NOT NULL, updated_at REAL NOT NULL, UNIQUE (project_id, name))""",
    """CREATE TABLE artifacts (
        id INTEGER PRIMARY KEY, collection_id INTEGER NOT NULL REFERENCES collections ON DELETE CASCADE,
        digest TEXT NOT NULL, state TEXT NOT NULL, version INTEGER, description TEXT, metadata TEXT,
        run_id INTEGER REFERENCES runs ON DELETE SET NULL, client_id TEXT, distributed_id TEXT, history_step INTEGER,
        commit_hash TEXT, size INTEGER NOT NULL DEFAULT 0, file_count INTEGER NOT NULL DEFAULT 0,
        ttl INTEGER NOT NULL DEFAULT -1,
        pending_aliases TEXT NOT NULL DEFAULT '[]', created_at REAL NOT NULL, updated_at REAL NOT NULL)""",
    "CREATE INDEX artifacts_by_digest ON artifacts (collection_id, digest)",
    "CREATE INDEX artifacts_by_client ON artifacts (client_id)",
    """CREATE TABLE memberships (
        id INTEGER PRIMARY KEY, collection_id INTEGER NOT NULL REFERENCES collections ON DELETE CASCADE,
        artifact_id INTEGER NOT NULL REFERENCES artifacts ON DELETE CASCADE, version INTEGER NOT NULL,
        created_at REAL NOT NULL, UNIQUE (collection_id, version), UNIQUE (collection_id, artifact_id))""",
    "CREATE INDEX memberships_by_artifact ON memberships (artifact_id)",
    """CREATE TABLE aliases (
        id INTEGER PRIMARY KEY, collection_id INTEGER NOT NULL REFERENCES collections ON DELETE CASCADE,
        membership_id INTEGER NOT NULL REFERENCES memberships ON DELETE CASCADE, alias TEXT NOT NULL,
        UNIQUE (collection_id, alias))""",
    "CREATE INDEX aliases_by_membership ON aliases (membership_id)",
    """CREATE TABLE artifact_tags (
        id INTEGER PRIMARY KEY, artifact_id INTEGER NOT NULL REFERENCES artifacts ON DELETE CASCADE, name TEXT NOT NULL,
        UNIQUE (artifact_id, name))""",
    """CREATE TABLE collection_tags (
        id INTEGER PRIMARY KEY, collection_id INTEGER NOT NULL REFERENCES collections ON DELETE CASCADE,
        name TEXT NOT NULL, UNIQUE (collection_id, name))""",
    """CREATE TABLE manifests (
        id INTEGER PRIMARY KEY, artifact_id INTEGER NOT NULL REFERENCES artifacts ON DELETE CASCADE, name TEXT NOT NULL,
        type TEXT NOT NULL, base_id INTEGER, digest TEXT NOT NULL, md5 TEXT REFERENCES blobs)""",
    "CREATE INDEX manifests_by_artifact ON manifests (artifact_id)",
    "CREATE INDEX manifests_by_blob ON manifests (md5)",
    """CREATE TABLE artifact_files (
        artifact_id INTEGER NOT NULL REFERENCES artifacts ON DELETE CASCADE, path TEXT NOT NULL,
        md5 TEXT REFERENCES blobs, ref TEXT, size INTEGER NOT NULL, PRIMARY KEY (artifact_id, path)) WITHOUT ROWID""",
    "CREATE INDEX artifact_files_by_blob ON artifact_files (md5)",
    """CREATE TABLE run_artifacts (
        run_id INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
        artifact_id INTEGER NOT NULL REFERENCES artifacts ON DELETE CASCADE, direction TEXT NOT NULL, use_as TEXT,
        created_at REAL NOT NULL, PRIMARY KEY (run_id, artifact_id, direction)) WITHOUT ROWID""",
    "CREATE INDEX run_artifacts_by_artifact ON run_artifacts (artifact_id)",
)

STATEMENTS: tuple[str, ...] = _RUNS + _ARTIFACTS
