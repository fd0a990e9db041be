"""Settings: the file, the environment over it, clear errors, and no secret anywhere in them."""

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from pydantic import ValidationError

import genesys.commands
from genesys.calls.usage import Usage
from genesys.faults import GenesysError
from genesys.settings import DEMO, Settings, load_settings
from genesys.settings.batches import BatchSettings
from genesys.settings.roles import RoleSettings
from genesys.sources import Source
from genesys.teachers.casting import open_teacher

START = Path(genesys.commands.__file__).parent / "start.toml"


def write(folder: Path, text: str) -> Path:
    path = folder / "genesys.toml"
    path.write_text(text)
    return path


def test_without_a_file_the_demo_is_set_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GENESYS_CONFIG", raising=False)
    settings = load_settings()
    assert settings.teacher.kind == "recorded"
    assert settings.path(settings.lake.root) == str(tmp_path / "state" / "demo" / "lake")


def test_the_demo_keeps_its_state_apart_and_has_a_name_where_there_are_settings_of_ones_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GENESYS_CONFIG", raising=False)
    before = load_settings()
    (tmp_path / "genesys.toml").write_text(START.read_text("utf-8"), "utf-8")
    mine, demo = load_settings(), load_settings("demo")
    assert demo.teacher.kind == "recorded"
    for place in ("lake", "journal"):
        roots = [each.path(getattr(each, place).root) for each in (before, demo, mine)]
        assert roots[0] == roots[1] != roots[2]
        assert not Path(roots[1]).is_relative_to(roots[2])
        assert not Path(roots[2]).is_relative_to(roots[1])


def test_a_file_here_goes_before_the_demo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GENESYS_CONFIG", raising=False)
    write(tmp_path, "samples = 7")
    assert load_settings().samples == 7


def test_the_environment_goes_before_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path, '[teacher]\nkind = "openai"\nmodel = "a"\nconcurrency = 3')
    monkeypatch.setenv("GENESYS__TEACHER__MODEL", "b")
    settings = load_settings(path)
    assert (settings.teacher.model, settings.teacher.concurrency) == ("b", 3)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("sampels = 4", "sampels"),
        ("samples = 0", "samples"),
        ('[teacher]\nkind = "openai"', "needs `model`"),
        ('[teacher]\nkind = "recorded"\nid = "x"', "needs `journal`"),
        ('[teacher]\nkind = "oracle"', r"teacher\.kind"),
        ('[teacher]\napi_key = "sk-123"', "api_key"),
        ("[lanes.math]\nshard_size = 5000", "shard_size"),
        ("[lanes.math", "not TOML"),
        ('[sandbox]\nisolation = "none"', r"sandbox\.isolation"),
        ("[sandbox]\nslots = -1", r"sandbox\.slots"),
        ("[sandbox]\nmemory_mb = 16", r"sandbox\.memory_mb"),
        ("[sandbox]\njobs_per_container = 0", r"sandbox\.jobs_per_container"),
        ("[sandbox]\nnetwork = true", r"sandbox\.network"),
    ],
)
def test_what_is_wrong_is_named_with_its_file(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(GenesysError, match=message) as caught:
        load_settings(write(tmp_path, text))
    assert "genesys.toml" in str(caught.value)


def test_a_missing_file_says_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(GenesysError, match="genesys init"):
        load_settings(tmp_path / "none.toml")


def test_places_count_from_the_settings_file_and_urls_stay(tmp_path: Path) -> None:
    settings = load_settings(write(tmp_path, 'state = "here"\n[journal]\nroot = "s3://bucket/journal"'))
    assert settings.path(settings.lake.root) == str(tmp_path / "here" / "lake")
    assert settings.path(settings.journal.root) == "s3://bucket/journal"


def test_a_hub_id_stays_and_a_local_source_keeps_the_name_it_was_given(tmp_path: Path) -> None:
    (tmp_path / "mine.jsonl").write_text("{}\n")
    settings = load_settings(write(tmp_path, ""))
    assert settings.source(Source(path="AI-MO/NuminaMath-1.5")).path == "AI-MO/NuminaMath-1.5"
    local = settings.source(Source(path="mine.jsonl"))
    # Identities come from the name, so that moving the project changes none.
    assert (local.path, local.label) == (str(tmp_path / "mine.jsonl"), "mine.jsonl")


def test_programs_run_in_containers_unless_that_is_chosen_otherwise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path, "[sandbox]\nslots = 3")
    assert (load_settings(path).sandbox.isolation, load_settings(path).sandbox.slots) == ("docker", 3)
    monkeypatch.setenv("GENESYS__SANDBOX__ISOLATION", "process")
    monkeypatch.setenv("GENESYS__SANDBOX__BUILD_NETWORK", "host")
    sandbox = load_settings(path).sandbox
    assert (sandbox.isolation, sandbox.build_network, sandbox.slots) == ("process", "host", 3)


def test_the_demos_isolation_is_nobodys_by_accident(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    demo = tmp_path / "demo"
    demo.mkdir()
    write(demo, '[sandbox]\nisolation = "process"')
    monkeypatch.setattr("genesys.settings.DEMO", demo)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GENESYS_CONFIG", raising=False)
    assert load_settings().sandbox.isolation == "docker"
    assert load_settings(demo / "genesys.toml").sandbox.isolation == "process"


def test_cost() -> None:
    role = RoleSettings(price_per_million_prompt_tokens=2.0, price_per_million_completion_tokens=8.0)
    assert role.cost(1_000_000, 500_000) == 6.0


def test_a_role_without_an_endpoint_is_an_error_that_says_what_to_give(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    settings = load_settings(write(tmp_path, '[teacher]\nkind = "openai"\nmodel = "m"'))

    async def enter() -> None:
        async with AsyncExitStack() as stack:
            await open_teacher(settings, settings.teacher, stack)

    with pytest.raises(GenesysError, match="OPENAI_BASE_URL"):
        asyncio.run(enter())


@pytest.mark.parametrize("section", ["lake", "journal"])
def test_a_place_may_hold_no_password_since_places_are_shown(tmp_path: Path, section: str) -> None:
    path = write(tmp_path, f'[{section}]\nroot = "s3://key:s3cr3t@bucket/place"')
    with pytest.raises(GenesysError, match="environment") as caught:
        load_settings(path)
    assert "s3cr3t" not in str(caught.value)


@pytest.mark.parametrize(
    ("section", "missing"), [('kind = "openai"', "model"), ('kind = "recorded"\nid = "r"', "journal")]
)
def test_a_role_says_what_its_kind_needs(tmp_path: Path, section: str, missing: str) -> None:
    with pytest.raises(GenesysError, match=f"needs .*`{missing}`"):
        load_settings(write(tmp_path, f"[teacher]\n{section}"))


def test_the_demos_own_settings_are_valid_and_complete() -> None:
    settings = load_settings(DEMO / "genesys.toml")
    for source in settings.lanes["math"].sources:
        assert Path(settings.source(source).path).is_file()
        assert source.license
        assert source.attribution


class TestBatches:
    def test_a_switch_is_all_defaults(self, monkeypatch: pytest.MonkeyPatch) -> None:
        teacher = {"kind": "openai", "model": "m"}
        assert Settings(teacher=teacher).teacher.batch is None
        assert Settings(teacher=teacher | {"batch": True}).teacher.batch == BatchSettings()
        monkeypatch.setenv("GENESYS__TEACHER__BATCH", "true")
        assert Settings(teacher=teacher).teacher.batch == BatchSettings()
        monkeypatch.setenv("GENESYS__TEACHER__BATCH", "false")
        assert Settings(teacher=teacher | {"batch": True}).teacher.batch is None

    def test_only_what_a_provider_has_can_be_asked_so(self) -> None:
        for wrong in ({"kind": "vllm"}, {"base_urls": ("http://a/v1", "http://b/v1")}, {"batch": {"requests": 50_001}}):
            with pytest.raises(ValidationError, match="batch"):
                RoleSettings(**{"kind": "openai", "model": "m", "batch": True} | wrong)

    def test_answers_of_batches_alone_are_cheaper(self) -> None:
        role = RoleSettings(kind="openai", model="m", batch=True, price_per_million_completion_tokens=4)
        used = Usage(completion_tokens=1_000_000)
        assert (role.cost_of(used, "batch"), role.cost_of(used)) == (2.0, 4.0)
