"""Plans, shards, the CI matrix, the Kubernetes job, and the archive of a result."""

from __future__ import annotations

import hashlib
import io
import json
import shlex
import subprocess
import zipfile
from dataclasses import replace
from pathlib import Path

import kubernetes_validate
import pytest
import yaml

from conformance.base.errors import UsageError
from conformance.certify import bundle
from conformance.fleet import archive, cluster, kubernetes, plan, shards, supervised, unit
from conformance.fleet.kubernetes import Cluster
from conformance.fleet.plan import Fleet, Member, Pins
from tests.fleet.conftest import Night
from tests.fleet.targets import Servers
from tests.support.contracts import real

NAMES = [f"target-{number:04}" for number in range(1000)]
CLUSTER = Cluster("nightly", "example.com/suite:1", "fleet", "keys", "results", 10)


def many(names: list[str]) -> Fleet:
    """A plan with some targets."""
    pins = Pins("0" * 64, "1", "2", 0, "2026-11-29")
    return Fleet(pins, tuple(Member(name, f"targets/{name}.yaml", "0" * 64) for name in names))


def test_every_target_is_in_one_shard() -> None:
    """Each shard has its share, and a new target moves no other."""
    fleet, of = many(NAMES), 7
    parts = [shards.members(fleet, number, of) for number in range(1, of + 1)]
    assert sorted(member.id for part in parts for member in part) == NAMES
    assert all(100 < len(part) < 190 for part in parts)
    more = many([*NAMES, "a-new-one"])
    for number, part in enumerate(parts, 1):
        assert {*part} <= {*shards.members(more, number, of)}


def test_a_matrix_has_at_most_256_shards() -> None:
    """A plan of few targets has few shards, none of them empty."""
    most = shards.matrix(many([f"t{number}" for number in range(10_000)]), 256)
    assert len(most["shard"]) == 256
    assert shards.number_for(many([f"t{number}" for number in range(10_000)]), None) == 256
    few = many(NAMES[:3])
    assert shards.number_for(few, None) == 1
    assert shards.matrix(few, 1) == {"shard": ["1/1"]}
    assert 0 < len(shards.matrix(few, 256)["shard"]) <= 3


def test_the_commands_print_matrix_and_manifest(servers: Servers) -> None:
    """The matrix is one line of JSON for an output of a job, and the manifest is YAML."""
    path = servers.plan("sound", "html")
    matrix = servers.command("matrix", path, "--shards", 2)
    assert set(json.loads(matrix.out)["shard"]) <= {"1/2", "2/2"}
    assert len(matrix.out.splitlines()) == 1
    made = servers.command("manifest", path, "--image", "example.com/suite:1", "--shards", 2)
    job = yaml.safe_load(made.out)
    kubernetes_validate.validate(job, "1.34", strict=True)
    items = job["spec"]["template"]["spec"]["volumes"][0]["configMap"]["items"]
    assert [item["path"] for item in items] == [
        "fleet.json",
        "targets/html.yaml",
        "targets/sound.yaml",
    ]


def test_a_pod_works_its_own_shard(servers: Servers) -> None:
    """The index of a pod begins at 0, the number of a shard at 1."""
    text = kubernetes.manifest(plan.read(servers.plan("sound")), 4, CLUSTER)
    (container,) = yaml.safe_load(text)["spec"]["template"]["spec"]["containers"]
    shell, option, script = container["command"]
    printed = script.replace("exec kaicalls-conformance", "printf '%s\\n'")
    env = {"JOB_COMPLETION_INDEX": "2"}
    done = subprocess.run([shell, option, printed], env=env, capture_output=True, check=True)
    assert done.stdout.decode().splitlines()[-1] == "3/4"
    assert shlex.split(script)[-1].endswith("/4")


def test_a_plan_behind_a_link_is_read(servers: Servers, tmp_path: Path) -> None:
    """Kubernetes mounts the files of a ConfigMap as links."""
    path = servers.plan("sound")
    (tmp_path / "fleet.json").symlink_to(path)
    fleet = plan.read(tmp_path / "fleet.json")
    assert plan.digest_of(fleet.path_of(fleet.targets[0])) == fleet.targets[0].digest


def test_target_files_outside_the_plan_fit_no_config_map() -> None:
    """Nor do two files of one name."""
    fleet = many(["a", "b"])
    outside = replace(fleet.targets[0], file="../a.yaml")
    with pytest.raises(UsageError, match="in the directory of the plan"):
        kubernetes.manifest(replace(fleet, targets=(outside,)), 1, CLUSTER)
    same = replace(fleet.targets[1], file="other/a.yaml")
    with pytest.raises(UsageError, match="different names"):
        kubernetes.manifest(replace(fleet, targets=(fleet.targets[0], same)), 1, CLUSTER)


def test_two_targets_need_two_ids(tmp_path: Path) -> None:
    """Also on file systems that ignore capitals, because each has a folder of its name."""
    paths = [tmp_path / "one" / "a.yaml", tmp_path / "two" / "A.yaml"]
    for path in paths:
        path.parent.mkdir()
        path.write_text("url: https://example.com/api")
    with pytest.raises(UsageError, match="two targets have the same id"):
        plan.draw_up(real(), paths, tmp_path / "fleet.json", many([]).pins)
    odd = tmp_path / ".hidden.yaml"
    odd.write_text("url: https://example.com/api")
    with pytest.raises(UsageError, match="is the id of its target"):
        plan.draw_up(real(), [odd], tmp_path / "fleet.json", many([]).pins)


@pytest.mark.parametrize("name", ["../a", "a/b", ".a", "", "a\n", "x" * 81])
def test_an_id_is_the_name_of_a_folder(night: Night, tmp_path: Path, name: str) -> None:
    """A plan that somebody edited cannot lead outside the directory of results."""
    said = json.loads(night.plan.read_text())
    said["targets"][0]["id"] = name
    (tmp_path / "fleet.json").write_text(json.dumps(said))
    with pytest.raises(UsageError, match="not the plan of a fleet: targets/0/id"):
        plan.read(tmp_path / "fleet.json")


def test_a_run_sees_the_keys_of_its_target_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever else is in the environment could be the secret of another target."""
    monkeypatch.setenv("A_FULL", "mine")
    monkeypatch.setenv("B_FULL", "of another target")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "of the worker")
    names = supervised.variables('keys: {full: "${A_FULL}"}')
    env = supervised.environment(names)
    assert env["A_FULL"] == "mine"
    assert not {"B_FULL", "AWS_SECRET_ACCESS_KEY"} & set(env)
    assert "PATH" in env


def test_a_target_file_is_sent_as_it_is(servers: Servers, tmp_path: Path) -> None:
    """Line ends of another system stay, so its digest is the same on a worker."""
    path = tmp_path / "sound.yaml"
    text = (servers.directory / "targets" / "sound.yaml").read_bytes()
    path.write_bytes(text.replace(b"\n", b"\r\n"))
    pins = replace(many([]).pins, suite="0")
    each = unit.Unit("sound", str(path), plan.digest_of(path), 60, pins)
    sent = cluster.sendable(each)
    assert sent.text is not None
    assert hashlib.sha256(sent.text.encode()).hexdigest() == each.digest


def test_the_password_of_a_published_run_is_not_sent(servers: Servers, tmp_path: Path) -> None:
    """It would be in the memory of the scheduler, as a key would."""
    text = (servers.directory / "targets" / "sound.yaml").read_text()
    path = tmp_path / "sound.yaml"
    path.write_text(f"{text}\npublished: https://reader:secret@example.com/run.zip\n")
    each = unit.Unit("sound", str(path), plan.digest_of(path), 60, many([]).pins)
    with pytest.raises(UsageError, match="published: has a password") as caught:
        cluster.sendable(each)
    assert "secret" not in str(caught.value)


def test_a_unit_shows_no_target_file_in_messages() -> None:
    """Dask prints the arguments of tasks into its logs."""
    pins = many([]).pins
    each = unit.Unit("a", "a.yaml", "0" * 64, 60, pins, text="keys: {full: sk-secret}")
    assert "secret" not in repr(each)


def zipped(**members: bytes) -> bytes:
    """A zip with some members."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as made:
        for name, content in members.items():
            made.writestr(name.replace("__", "/").replace("_dot_", "."), content)
    return buffer.getvalue()


@pytest.mark.parametrize("name", ["__etc__passwd", "run__.._dot___x", "run__report_dot_html"])
def test_an_archive_has_known_members_only(tmp_path: Path, name: str) -> None:
    """Evidence, and nothing that could be written elsewhere or shown as a page."""
    content = zipped(**{"result_dot_json": b"{}", name: b"x"})
    with pytest.raises(bundle.Invalid, match="does not belong"):
        archive.unpack(content, tmp_path / "to" / "a")
    assert not (tmp_path / "to" / "a").exists()


def test_an_archive_brings_the_evidence_alone(night: Night, tmp_path: Path) -> None:
    """Reports are made again from it, so they do not travel. An earlier folder is replaced."""
    folder = tmp_path / "to" / "sound"
    folder.mkdir(parents=True)
    (folder / "old").touch()
    archive.unpack(archive.packed(night.folder("sound")), folder)
    names = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert names == {"result.json", "output.txt", "run/run.json", "run/exchanges.jsonl.gz"}


def test_a_large_result_is_not_sent(night: Night, monkeypatch: pytest.MonkeyPatch) -> None:
    """An archive has a maximum size."""
    monkeypatch.setattr(archive, "LARGEST", 1000)
    with pytest.raises(archive.TooLarge):
        archive.packed(night.folder("sound"))
