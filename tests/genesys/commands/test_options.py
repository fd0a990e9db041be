"""Options from flags and TOML files: what goes before what, forms of lists and switches, errors that name a name."""

from pathlib import Path

import pytest
from pydantic import Field

from genesys.commands.options import Group, Numbers, Options, Texts, parse
from genesys.faults import GenesysError


class Data(Group):
    path: Texts = ()
    ratio: Numbers = ()
    most: int | None = Field(None, ge=1)
    shuffle: bool = False


class Some(Options):
    """Some options."""

    name: str = "default"
    seed: int = 0
    urls: Texts = ()
    data: Data = Data()


def toml(folder: Path, text: str, name: str = "some.toml") -> str:
    (folder / name).write_text(text)
    return str(folder / name)


def test_flags_go_before_a_file_and_a_later_file_before_an_earlier_one(tmp_path: Path) -> None:
    first = toml(tmp_path, 'name = "a"\nseed = 1\n[data]\npath = ["x", "y"]\nmost = 5', "first.toml")
    second = toml(tmp_path, "seed = 2\n[data]\nshuffle = true", "second.toml")
    found = parse(Some, ["@", first, "@" + second, "--data.most", "7"])
    assert (found.name, found.seed) == ("a", 2)
    assert found.data == Data(path=("x", "y"), most=7, shuffle=True)
    assert parse(Some, ["@", first, "--data.path", "z", "--no-data.shuffle"]).data == Data(path=("z",), most=5)


@pytest.mark.parametrize(
    "words",
    [
        ["--urls", "a", "b", "c"],
        ["--urls", "a,b", "--urls", "c"],
        ["--urls=a", "--urls=b,c"],
        ["--urls", "a , b", "c"],
    ],
)
def test_forms_of_a_list(words: list[str]) -> None:
    assert parse(Some, [*words, "--data.ratio", "0.5,1e3", "2"]).urls == ("a", "b", "c")
    assert parse(Some, [*words, "--data.ratio", "0.5,1e3", "2"]).data.ratio == (0.5, 1000.0, 2.0)


def test_a_glob_is_a_text() -> None:
    assert parse(Some, ["--urls", "data[0-9].jsonl", "[ab]*.jsonl"]).urls == ("data[0-9].jsonl", "[ab]*.jsonl")


def test_a_list_without_a_word(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse(Some, ["--urls", "--seed", "1"])
    assert "--urls" in capsys.readouterr().err


def test_one_text_in_a_file_is_a_list_of_one_or_of_several(tmp_path: Path) -> None:
    assert parse(Some, ["@", toml(tmp_path, 'urls = "a"')]).urls == ("a",)
    assert parse(Some, ["@", toml(tmp_path, 'urls = "a,b"')]).urls == ("a", "b")


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--data.shuffle"], True),
        (["--data.shuffle", "true"], True),
        (["--data.shuffle=True"], True),
        (["--data.shuffle", "false"], False),
        (["--no-data.shuffle"], False),
        (["--data.shuffle", "--seed", "3"], True),
    ],
)
def test_forms_of_a_switch(words: list[str], expected: bool) -> None:
    assert parse(Some, words).data.shuffle is expected


def test_a_negative_number_is_a_value() -> None:
    assert parse(Some, ["--seed", "-3"]).seed == -3


def test_the_environment_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEED", "7")
    monkeypatch.setenv("NAME", "other")
    assert parse(Some, []) == Some(name="default", seed=0)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("sed = 1", "sed: there is no such option"),
        ("[data]\npth = 'a'", "data.pth: there is no such option"),
        ("seed = 'x'", "seed: Input should be a valid integer"),
        ("[data]\nmost = 0", "data.most: Input should be greater than or equal to 1"),
        ("seed = ", "not TOML"),
    ],
)
def test_what_is_wrong_in_a_file_is_named_with_the_file(tmp_path: Path, text: str, named: str) -> None:
    path = toml(tmp_path, text)
    with pytest.raises(GenesysError) as caught:
        parse(Some, ["@", path])
    assert str(caught.value).startswith(path)
    assert named in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(GenesysError, match=r"none\.toml: No such file"):
        parse(Some, ["@", str(tmp_path / "none.toml")])
    with pytest.raises(GenesysError, match="@ is followed by"):
        parse(Some, ["--seed", "1", "@"])


def test_an_unknown_flag_and_a_wrong_value(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        parse(Some, ["--bogus", "1"])
    assert end.value.code == 2
    assert "--bogus" in capsys.readouterr().err
    with pytest.raises(GenesysError, match="seed: Input should be a valid integer"):
        parse(Some, ["--seed", "many"])
