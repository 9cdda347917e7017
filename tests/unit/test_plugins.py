"""Plugins: enabled by name, loaded one by one, and every defect named with its owner."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from pydantic import BaseModel

from hm_fhir.errors import PluginError
from hm_fhir.hookspecs import hookimpl
from hm_fhir.plugins import BUILTIN, HOOKS, Contributions, Plugins
from hm_fhir.records import MappingPackSpec, ProfilePackSpec, SourceSpec, TargetSpec


class Options(BaseModel):
    """No settings."""


class Builtin:
    """What hm_fhir brings itself, for these tests."""

    @hookimpl
    def hm_fhir_sources(self) -> Iterator[SourceSpec]:
        yield SourceSpec("csv", Options, lambda *_: None, "a CSV file")  # type: ignore[arg-type]


HEAD = """
from pathlib import Path
from pydantic import BaseModel
from hm_fhir import MappingPackSpec, ProfilePackSpec, SourceSpec, TargetSpec, hookimpl

class Options(BaseModel):
    pass
"""
GOOD = """
@hookimpl
def hm_fhir_sources():
    yield SourceSpec("NAME-register", Options, lambda *_: None, "a register")
"""


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Write a real distribution with one entry point, as pip would."""
    monkeypatch.syspath_prepend(str(tmp_path))
    before = set(sys.modules)

    def write(name: str, code: str, *, distribution: str | None = None, point: str | None = None) -> None:
        distribution = distribution or f"hm-fhir-{name}"
        module = f"hm_fhir_{distribution.removeprefix('hm-fhir-').replace('-', '_')}"
        (tmp_path / f"{module}.py").write_text(HEAD + code.replace("NAME", name))
        folder = tmp_path / f"{distribution.replace('-', '_')}-1.2.dist-info"
        folder.mkdir()
        (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.2\n")
        (folder / "entry_points.txt").write_text(f"[hm_fhir]\n{name} = {point or module}\n")

    yield write
    for module in set(sys.modules) - before:
        if module.startswith("hm_fhir_"):
            del sys.modules[module]


def load(*enabled: str) -> tuple[Plugins, Contributions]:
    plugins = Plugins(enabled, builtin=Builtin(), version="0.1")
    return plugins, plugins.gather()


def only_problem(plugins: Plugins) -> PluginError:
    assert len(plugins.problems) == 1, [str(problem) for problem in plugins.problems]
    return plugins.problems[0]


def test_only_enabled_plugins_take_part(install: Callable[..., None]) -> None:
    install("vitosha", GOOD)
    install("pirin", "raise RuntimeError('not even imported')")
    plugins, gathered = load("vitosha")
    assert plugins.problems == []
    assert list(gathered.sources) == ["csv", "vitosha-register"]
    pirin, vitosha = (next(one for one in plugins.plugins if one.name == name) for name in ("pirin", "vitosha"))
    assert (vitosha.distribution, vitosha.version, vitosha.enabled) == ("hm-fhir-vitosha", "1.2", True)
    assert vitosha.hooks == ("hm_fhir_sources",)
    assert (pirin.distribution, pirin.enabled, pirin.error, pirin.hooks) == ("hm-fhir-pirin", False, None, ())


def test_built_ins_come_first_and_the_others_by_name(install: Callable[..., None]) -> None:
    install("aa", GOOD)
    install("zz", GOOD)
    plugins, gathered = load("zz", "aa")
    assert list(gathered.sources) == ["csv", "aa-register", "zz-register"]
    assert plugins.plugins[0].name == BUILTIN


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("import hm_fhir_nowhere", "there is no module 'hm_fhir_nowhere'"),
        ("raise RuntimeError('Маркер 6808070004')", "RuntimeError"),
        ("raise SystemExit('install more')", "SystemExit"),
        ("def broken(:", "SyntaxError"),
    ],
)
def test_a_broken_plugin_is_named_and_the_others_work(install: Callable[..., None], code: str, reason: str) -> None:
    install("vitosha", GOOD)
    install("pirin", code)
    plugins, gathered = load("pirin", "vitosha")
    problem = only_problem(plugins)
    assert problem.message == f"the plugin 'pirin' (hm-fhir-pirin) cannot be loaded: {reason}"
    assert problem.place is not None
    assert problem.place.endswith(f"hm_fhir_pirin.py:{HEAD.count(chr(10)) + 1}")
    assert "Маркер" not in str(problem)
    assert "vitosha-register" in gathered.sources
    assert next(one for one in plugins.plugins if one.name == "pirin").error == problem.message


def test_a_plugin_whose_module_is_gone_is_named(install: Callable[..., None]) -> None:
    install("pirin", "", point="hm_fhir_pirin.gone")
    assert "there is no module 'hm_fhir_pirin.gone'" in str(only_problem(load("pirin")[0]))


@pytest.mark.parametrize(
    ("code", "message", "fix"),
    [
        (
            "@hookimpl\ndef hm_fhir_source():\n    yield",
            "has a hook 'hm_fhir_source' that does not exist",
            "did you mean 'hm_fhir_sources'?",
        ),
        ("@hookimpl\ndef sources():\n    yield", "has a hook 'sources' that does not exist", "hm_fhir_sources"),
        ("def hm_fhir_sources():\n    yield", "does not mark its hm_fhir_sources", "put @hookimpl above it"),
        (f"{GOOD}\ndef hm_fhir_targets():\n    yield", "does not mark its hm_fhir_targets", "put @hookimpl above it"),
        ("", "has no hook", "its entry point must name the module or object with the hooks"),
        ("@hookimpl\ndef hm_fhir_sources(manager):\n    yield", "cannot be loaded: ", "manager"),
    ],
    ids=["misspelled", "without prefix", "not marked", "one not marked", "no hook", "argument"],
)
def test_a_hook_that_would_never_be_called_is_an_error(
    install: Callable[..., None], code: str, message: str, fix: str
) -> None:
    install("pirin", code)
    install("vitosha", GOOD)
    plugins, gathered = load("pirin", "vitosha")
    problem = str(only_problem(plugins))
    assert f"the plugin 'pirin' (hm-fhir-pirin) {message}" in problem
    assert fix in problem
    assert list(gathered.sources) == ["csv", "vitosha-register"]


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ("yield TargetSpec('x', Options, lambda *_: None, '')", "must yield SourceSpec"),
        ("yield 'x'", "must yield SourceSpec"),
        ("yield SourceSpec", "must yield SourceSpec"),
        ("raise KeyError('Маркер 6808070004')", "failed: KeyError"),
        ("return None", "failed: TypeError"),
        ("return SourceSpec('x', Options, lambda *_: None, '')", "failed: TypeError"),
        ("yield SourceSpec('x')", "failed: TypeError"),
    ],
)
def test_a_hook_that_yields_something_else_is_named(install: Callable[..., None], body: str, problem: str) -> None:
    install("pirin", f"@hookimpl\ndef hm_fhir_sources():\n    {body}")
    install("vitosha", GOOD)
    plugins, gathered = load("pirin", "vitosha")
    assert only_problem(plugins).message == f"hm_fhir_sources of the plugin 'pirin' {problem}"
    assert "Маркер" not in str(plugins.problems)
    assert list(gathered.sources) == ["csv", "vitosha-register"]


def test_what_a_failing_hook_yielded_before_is_not_taken(install: Callable[..., None]) -> None:
    install("pirin", f"{GOOD}    raise KeyError('x')")
    plugins, gathered = load("pirin")
    problem = only_problem(plugins)
    assert problem.message.endswith("failed: KeyError")
    assert problem.place is not None
    assert "hm_fhir_pirin.py:" in problem.place
    assert list(gathered.sources) == ["csv"]


def test_two_plugins_with_one_name_of_a_kind_are_both_named(install: Callable[..., None]) -> None:
    same = GOOD.replace("NAME-register", "register")
    install("pirin", same)
    install("vitosha", same)
    problem = only_problem(load("pirin", "vitosha")[0])
    assert str(problem) == (
        "the plugins 'pirin' and 'vitosha' both bring 'register' (hm_fhir_sources) (disable one of them)"
    )
    assert problem.code == "name-clash"


def test_a_plugin_cannot_replace_what_hm_fhir_brings(install: Callable[..., None]) -> None:
    install("pirin", GOOD.replace("NAME-register", "csv"))
    plugins, gathered = load("pirin")
    assert f"the plugins '{BUILTIN}' and 'pirin' both bring 'csv'" in str(only_problem(plugins))
    assert gathered.sources["csv"].description == "a CSV file"


def test_a_plugin_with_the_name_of_the_built_ins_does_not_take_their_place(install: Callable[..., None]) -> None:
    install(BUILTIN, GOOD, distribution="hm-fhir-evil")
    plugins, gathered = load(BUILTIN)
    assert "has the name of what hm_fhir brings itself" in str(only_problem(plugins))
    assert list(gathered.sources) == ["csv"]


def test_one_plugin_twice_in_the_settings_is_one_plugin(install: Callable[..., None]) -> None:
    install("vitosha", GOOD)
    plugins, gathered = load("vitosha", "vitosha")
    assert plugins.problems == []
    assert list(gathered.sources) == ["csv", "vitosha-register"]


def test_two_distributions_with_one_plugin_name_are_both_named(install: Callable[..., None]) -> None:
    install("vitosha", GOOD, distribution="hm-fhir-vitosha-a")
    install("vitosha", GOOD, distribution="hm-fhir-vitosha-b")
    problem = str(only_problem(load("vitosha")[0]))
    assert "hm-fhir-vitosha-a" in problem
    assert "hm-fhir-vitosha-b" in problem
    assert load()[0].problems == []


def test_a_plugin_that_is_not_installed_is_named_with_the_nearest_one(install: Callable[..., None]) -> None:
    install("vitosha", GOOD)
    problem = only_problem(load("vitosah")[0])
    assert str(problem) == "plugins.enabled: the plugin 'vitosah' is not installed (did you mean 'vitosha'?)"


def test_without_any_plugin_the_package_to_install_is_named() -> None:
    plugins = Plugins(["pirin"], builtin=Builtin(), version="0.1", found=[])
    assert "pip install hm-fhir-pirin" in str(only_problem(plugins))


# One test for each hook


def gather(**hooks: Any) -> Contributions:
    plugin = SimpleNamespace(**{name: hookimpl(function) for name, function in hooks.items()})
    plugins = Plugins([], builtin=plugin, version="0.1", found=[])
    gathered = plugins.gather()
    assert plugins.problems == []
    return gathered


def test_hook_hm_fhir_sources() -> None:
    spec = SourceSpec("register", Options, lambda *_: None, "a register")  # type: ignore[arg-type]
    assert gather(hm_fhir_sources=lambda: [spec]).sources == {"register": spec}


def test_hook_hm_fhir_mappings() -> None:
    spec = MappingPackSpec("vitosha", Path("mappings"))
    assert gather(hm_fhir_mappings=lambda: [spec]).mappings == {"vitosha": spec}


def test_hook_hm_fhir_profiles() -> None:
    spec = ProfilePackSpec("vitosha", Path("profiles"))
    assert gather(hm_fhir_profiles=lambda: [spec]).profiles == {"vitosha": spec}


def test_hook_hm_fhir_targets() -> None:
    spec = TargetSpec("queue", Options, lambda *_: None, "a queue")  # type: ignore[arg-type]
    assert gather(hm_fhir_targets=lambda: [spec]).targets == {"queue": spec}


def test_the_real_built_ins_bring_something_of_every_kind() -> None:
    from hm_fhir import builtin

    plugins = Plugins([], builtin=builtin, version="0.1", found=[])
    gathered = plugins.gather()
    assert plugins.problems == []
    assert set(plugins.plugins[0].hooks) == set(HOOKS)
    assert {"csv", "ndjson"} <= set(gathered.sources)
    assert "fhir" in gathered.targets
    assert all(spec.folder.is_dir() for spec in gathered.mappings.values())
    assert all(spec.folder.is_dir() for spec in gathered.profiles.values())
