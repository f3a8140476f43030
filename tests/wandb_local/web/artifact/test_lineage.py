"""Lineage as a graph, over records that were written for it."""

import itertools
from pathlib import Path

import pytest

from wandb_local.context import Context
from wandb_local.records.artifacts import versions
from wandb_local.server import open_services
from wandb_local.store.folder import DataFolder
from wandb_local.web.artifact.lineage import DRAWN, MOST_NODES, MOST_SIBLINGS, _label, causes, elements, lineage, steps


@pytest.fixture
def context(tmp_path: Path):
    services = open_services(DataFolder(tmp_path))
    yield Context(**{name: getattr(services, name) for name in services.__dataclass_fields__})
    services.close()


class Records:
    """Runs and versions, written straight into the database."""

    def __init__(self, context):
        self.context = context
        self.count = itertools.count()
        with context.db.write() as db:
            db.execute("INSERT INTO projects (id, entity, name, created_at) VALUES (1, 'local', 'p', 0)")
            db.execute("INSERT INTO artifact_types (id, project_id, name, created_at) VALUES (1, 1, 'data set', 0)")

    def insert(self, db, table, **columns):
        marks = ", ".join("?" * len(columns))
        sql = f"INSERT INTO {table} ({', '.join(columns)}, created_at, updated_at) VALUES ({marks}, 0, 0)"
        return db.execute(sql, list(columns.values())).lastrowid

    def run(self, used=(), logged=()):
        with self.context.db.write() as db:
            run = self.insert(db, "runs", project_id=1, name=f"run {next(self.count)}", state="x", heartbeat_at=0)
            for direction, artifacts in (("input", used), ("output", logged)):
                for artifact in artifacts:
                    versions.record_use(db, run, artifact, direction, None)
        return f"r{run}"

    def version(self, state="COMMITTED"):
        name = f"name/{next(self.count)}"
        with self.context.db.write() as db:
            collection = self.insert(db, "collections", project_id=1, type_id=1, name=name, portfolio=0)
            return self.insert(db, "artifacts", collection_id=collection, digest="", state=state, version=0)


def test_ancestors_and_descendants_but_no_cousins(context):
    records = Records(context)
    data, other, model, cousin, report, draft = [records.version() for _ in range(5)] + [records.version("PENDING")]
    maker = records.run(logged=[data])
    trainer = records.run(used=[data, other], logged=[model, draft])
    records.run(used=[data], logged=[cousin])
    tester = records.run(used=[model], logged=[report])
    found = lineage(context, model)
    names = {"data": f"a{data}", "other": f"a{other}", "model": f"a{model}", "report": f"a{report}"}
    assert found.nodes.keys() == {*names.values(), maker, trainer, tester}
    assert found.edges == {
        (maker, names["data"]),
        (names["data"], trainer),
        (names["other"], trainer),
        (trainer, names["model"]),
        (names["model"], tester),
        (tester, names["report"]),
    }
    assert [found.ranks[name] for name in (maker, names["other"], trainer, names["model"], names["report"])] == [
        -3,
        -2,
        -1,
        0,
        2,
    ]
    assert found.nodes[names["model"]]["kind"] == "here"
    assert found.nodes[names["data"]]["href"] == "/local/p/artifacts/data%20set/name%2F0/v0/lineage"
    assert len(elements(found)) == len(found.nodes) + len(found.edges)
    assert [(rank, set(names)) for rank, names in steps(found)] == [
        (-3, {maker}),
        (-2, {names["data"], names["other"]}),
        (-1, {trainer}),
        (0, {names["model"]}),
        (1, {tester}),
        (2, {names["report"]}),
    ]
    assert causes(found, trainer) == ["name/0:v0", "name/1:v0"]
    assert not found.cut


def test_a_cause_stands_before_all_that_follows_from_it(context):
    """Also where there is a shorter way: the first data set is used at every stage."""
    records = Records(context)
    first, second, third, model = [records.version() for _ in range(4)]
    runs = [records.run(logged=[first])]
    runs += [records.run(used=[first], logged=[second]), records.run(used=[first, second], logged=[third])]
    runs += [records.run(used=[first, third], logged=[model])]
    for middle in (first, third, model):
        found = lineage(context, middle)
        assert all(found.ranks[cause] < found.ranks[effect] for cause, effect in found.edges)
        places = [found.ranks[f"a{version}"] - found.ranks[f"a{first}"] for version in (first, second, third, model)]
        assert places == [0, 2, 4, 6]
    assert found.ranks[runs[0]] == -7


def test_the_picture_shows_the_nearest_steps(context):
    records = Records(context)
    chain = [records.version() for _ in range(2 * DRAWN)]
    for used, logged in itertools.pairwise(chain):
        records.run(used=[used], logged=[logged])
    found = lineage(context, chain[DRAWN])
    drawn = [element["data"] for element in elements(found)]
    assert len([node for node in drawn if "id" in node]) == 2 * DRAWN + 1 < len(found.nodes)
    assert len([edge for edge in drawn if "source" in edge]) == 2 * DRAWN


def test_a_node_shows_both_ends_of_a_long_name():
    one, other = (_label({"title": f"{'road-scenes-' * 6}{end}:v12", "type": "dataset"}) for end in ("train", "valid"))
    assert one.split("\n")[1].endswith("train:v12") and one != other
    assert one.startswith("road-scenes-") and max(map(len, one.split("\n"))) == 25
    assert _label({"title": "short:v0", "type": ""}) == "short:v0"


def test_many_siblings_become_one_node(context):
    records = Records(context)
    data = records.version()
    for _ in range(MOST_SIBLINGS + 5):
        records.run(used=[data])
    found = lineage(context, data)
    assert [node["title"] for node in found.nodes.values() if node["kind"] == "more"] == ["5 more runs"]
    assert len(found.nodes) == 1 + MOST_SIBLINGS + 1


def test_a_circle_and_a_very_long_chain_end(context):
    records = Records(context)
    chain = [records.version() for _ in range(MOST_NODES)]
    for used, logged in itertools.pairwise(chain):
        records.run(used=[used], logged=[logged])
    records.run(used=[chain[-1]], logged=[chain[0]])
    found = lineage(context, chain[0])
    assert found.cut
    assert len(found.nodes) == MOST_NODES
