"""Settings: where they come from, in which order, and one line for everything that can be wrong with them."""

from __future__ import annotations

import ipaddress
from pathlib import Path

import pytest

from bot.errors import ConfigError, UserError
from bot.settings import SECTIONS, Secret, Settings
from bot.settings_load import load_settings


def load(folder: Path, text: str | None = None, **environ: str) -> Settings:
    """Settings of a data directory with this ``gatewarden.toml``."""
    folder.mkdir(exist_ok=True)
    if text is not None:
        (folder / "gatewarden.toml").write_text(text, "utf-8")
    return load_settings(None, folder, environ)


def test_defaults_without_a_file(tmp_path: Path) -> None:
    """Nothing need be written: the defaults are what the interface promises."""
    settings = load(tmp_path)
    assert settings.source is None
    assert settings.sources.enabled == ()
    assert settings.gate_square.host == "https://api.gateio.ws"
    assert settings.gate_square.index_lag == 1800
    assert (settings.fetch.allow_addresses, settings.fetch.allow_ports) == ((), ())
    assert (settings.fetch.deadline, settings.fetch.image_bytes, settings.fetch.video_bytes) == (15, 25e6, 200e6)
    assert settings.engine.sandbox == "on"
    assert settings.metrics.host == settings.push.host == "127.0.0.1"


def test_order_of_files(tmp_path: Path) -> None:
    """--config comes before GATEWARDEN_CONFIG, which comes before the file in the data directory."""
    for number, name in enumerate(("option", "variable", "data/gatewarden"), 1):
        path = tmp_path / f"{name}.toml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"[fetch]\nattempts = {number}")
    data, variable = tmp_path / "data", {"GATEWARDEN_CONFIG": str(tmp_path / "variable.toml")}
    assert load_settings(tmp_path / "option.toml", data, variable).fetch.attempts == 1
    assert load_settings(None, data, variable).fetch.attempts == 2
    assert load_settings(None, data, {}).fetch.attempts == 3


def test_order_of_data_directories(tmp_path: Path) -> None:
    """--data comes before GATEWARDEN_DATA; either is made if missing, unless told not to."""
    environ = {"GATEWARDEN_DATA": str(tmp_path / "variable" / "deep")}
    assert load_settings(None, tmp_path / "option", environ).data == tmp_path / "option"
    assert load_settings(None, None, environ, make_data=False).data == tmp_path / "variable" / "deep"
    assert not (tmp_path / "variable").exists()
    assert load_settings(None, None, environ).data.is_dir()


def test_the_environment_overrides_and_is_read_by_type(tmp_path: Path) -> None:
    """A variable beats the file; numbers, booleans, lists, durations and sizes are read from its text."""
    settings = load(
        tmp_path,
        "[fetch]\nattempts = 2\ndeadline = 9",
        GATEWARDEN_FETCH__ATTEMPTS="5",
        GATEWARDEN_FETCH__ALLOW_ADDRESSES="127.0.0.0/8, ::1",
        GATEWARDEN_FETCH__ALLOW_PORTS="8080,8081",
        GATEWARDEN_GATE_SQUARE__INTERVAL="0.5",
        GATEWARDEN_GATE_SQUARE__INDEX_LAG="45 min",
        GATEWARDEN_MEDIA__BUDGET="2 GiB",
        GATEWARDEN_METRICS__ENABLED="false",
        GATEWARDEN_SOURCES__ENABLED="push",
        UNRELATED__KEY="1",
        GATEWARDEN_ACTOR="someone",
    )
    assert (settings.fetch.attempts, settings.fetch.deadline) == (5, 9)
    assert settings.fetch.allow_addresses == (ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("::1/128"))
    assert settings.fetch.allow_ports == (8080, 8081)
    assert (settings.gate_square.interval, settings.gate_square.index_lag) == (0.5, 2700)
    assert settings.media.budget == 2 * 2**30
    assert settings.metrics.enabled is False
    assert settings.sources.enabled == ("push",)


def test_lists_in_either_form(tmp_path: Path) -> None:
    """A list is a TOML array or one comma-separated text; one port may be a bare number."""
    array = load(tmp_path, '[fetch]\nallow_addresses = ["10.0.0.0/8", "::1"]\nallow_ports = [81, 82]').fetch
    text = load(tmp_path, '[fetch]\nallow_addresses = "10.0.0.0/8, ::1,"\nallow_ports = "81,82"').fetch
    assert array == text
    assert load(tmp_path, "[fetch]\nallow_ports = 81").fetch.allow_ports == (81,)


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        ("[fetch]\n\ndeadlin = 3", ":3: ", "unknown key deadlin in [fetch]; did you mean deadline?"),
        ("fetch.deadlin = 3", ":1: ", "unknown key deadlin"),
        ('["fetch"]\n"deadlin" = 3', ":2: ", "unknown key deadlin"),
        ("fetch = { deadlin = 3 }", ":1: ", "unknown key deadlin"),
        ("# a\n[fetchs]\nx = 1", ":2: ", "unknown section [fetchs]; did you mean fetch?"),
        ("attempts = 3", ":1: ", "unknown section [attempts]"),
        ("fetch = 3", ":1: ", "fetch is a section"),
        ("[[fetch]]\nattempts = 1", ":1: ", "fetch is a section"),
        ("\n[fetch]\nattempts = 'x'", ":3: fetch.attempts: ", "Expected `int`"),
        ("[fetch]\nattempts = true", ":2: fetch.attempts: ", "got `bool`"),
        ("[fetch]\nattempts = 1.5", ":2: fetch.attempts: ", "got `float`"),
        ("[fetch]\nattempts = 0", ":2: fetch.attempts: ", ">= 1"),
        ("[fetch]\ndeadline = 'soon'", ":2: fetch.deadline: ", "number of seconds"),
        ("[fetch]\ndeadline = inf", ":2: fetch.deadline: ", "finite"),
        ("[fetch]\nallow_ports = [80, 99999]", ":2: fetch.allow_ports: ", "65535"),
        ("[fetch]\nallow_addresses = 'intranet'", ":2: fetch.allow_addresses: ", "'intranet' is no network"),
        ("[fetch]\nallow_addresses = { a = 1 }", ":2: fetch.allow_addresses: ", "array"),
        ("[engine]\nsandbox = 'no'", ":2: engine.sandbox: ", "Invalid enum value"),
        ("[media]\nbudget = '5 parsec'", ":2: media.budget: ", "gib"),
        ("[push]\nsecret = 'x'", ":2: push.secret: ", "a secret does not belong in this file"),
        ("[x]\ntoken = 'x'", ":2: x.token: ", "GATEWARDEN_X__TOKEN"),
        ("[push]\nsecret_file = 'nowhere'", ":2: push.secret_file: ", "No such file"),
        ("[push]\nsecret_file = 5", ":2: push.secret_file: ", "path of a file"),
        ("[fetch\n", ":1: ", "not valid TOML"),
        ("[fetch]\na = [1,", ":2: ", "not valid TOML"),
        ("[fetch]\nattempts = 1\nattempts = 2", ":3: ", "not valid TOML"),
    ],
)
def test_what_is_wrong_is_told_in_one_line(tmp_path: Path, text: str, place: str, words: str) -> None:
    """File, line, key and what was expected, in one line, with exit status 2."""
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, text)
    assert f"{tmp_path}/gatewarden.toml{place}" in str(caught.value)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
    assert caught.value.exit_status == 2


@pytest.mark.parametrize(
    ("variable", "value", "words"),
    [
        ("GATEWARDEN_FETCH__DEADLIN", "3", "unknown key deadlin"),
        ("GATEWARDEN_FETCHS__DEADLINE", "3", "unknown section [fetchs]"),
        ("GATEWARDEN_FETCH__ATTEMPTS", "three", "fetch.attempts: Expected `int`"),
        ("GATEWARDEN_FETCH__ATTEMPTS", "", "fetch.attempts: Expected `int`"),
        ("GATEWARDEN_METRICS__ENABLED", "maybe", "metrics.enabled: Expected `bool`"),
    ],
)
def test_a_wrong_variable_is_named(tmp_path: Path, variable: str, value: str, words: str) -> None:
    """A wrong variable is named like a wrong key."""
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, None, **{variable: value})
    assert str(caught.value).startswith(f"{variable}: ")
    assert words in str(caught.value)


def test_secrets_come_from_the_environment_or_a_file(tmp_path: Path) -> None:
    """A variable, or a file that either the TOML or a variable names; its last newline is not part of it."""
    (tmp_path / "push.secret").write_text("hush\n")
    assert load(tmp_path, None, GATEWARDEN_PUSH__SECRET="hush").push.secret == Secret("hush")
    assert load(tmp_path, "[push]\nsecret_file = 'push.secret'").push.secret == Secret("hush")
    by_variable = load(tmp_path, "", GATEWARDEN_PUSH__SECRET_FILE=str(tmp_path / "push.secret"))
    assert by_variable.push.secret == Secret("hush")
    (tmp_path / "push.secret").write_text("\n")
    with pytest.raises(ConfigError, match="is empty"):
        load(tmp_path, "[push]\nsecret_file = 'push.secret'")


def test_a_secret_never_shows_itself(tmp_path: Path) -> None:
    """Neither the settings' text nor their repr holds it."""
    settings = load(tmp_path, None, GATEWARDEN_PUSH__SECRET="hush")
    assert "hush" not in f"{settings} {settings!r} {settings.push.secret}"
    assert settings.push.secret is not None
    assert settings.push.secret.reveal() == "hush"


def test_named_files_must_exist(tmp_path: Path) -> None:
    """A file that was asked for by name and is not there is an error, in one line."""
    with pytest.raises(ConfigError, match="No such file"):
        load_settings(tmp_path / "gone.toml", tmp_path, {})
    (tmp_path / "gatewarden.toml").write_bytes(b"[fetch]\n\xff")
    with pytest.raises(ConfigError, match=":2: not UTF-8"):
        load_settings(None, tmp_path, {})


def test_a_data_directory_that_cannot_be_made(tmp_path: Path) -> None:
    """A file in its place is told in one line, with exit status 1."""
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="cannot write to the data directory") as caught:
        load_settings(None, tmp_path / "file" / "data", {})
    assert caught.value.exit_status == 1


def test_every_section_is_in_the_settings() -> None:
    """The table of sections and the settings' own fields are the same."""
    assert set(SECTIONS) == set(Settings.__struct_fields__) - {"data", "source"}
