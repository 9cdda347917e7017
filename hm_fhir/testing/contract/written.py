"""What a plugin is before anything runs: it loads, its names are its own, its files say nothing wrong."""

from __future__ import annotations

from functools import partial
from importlib.metadata import entry_points
from typing import ClassVar

from hm_fhir import builtin
from hm_fhir.errors import MappingErrors
from hm_fhir.hookspecs import PROJECT
from hm_fhir.mapping.cases import load_cases, run_case
from hm_fhir.mapping.inspection.coverage import coverage
from hm_fhir.plugins import BUILTIN, HOOKS, Plugins
from hm_fhir.sources.fields.loading import load_fields
from hm_fhir.sources.fields.source import FIELDS_FILE
from hm_fhir.testing.contract.failing import expect, expect_none, fail
from hm_fhir.testing.contract.laboratory import Laboratory
from hm_fhir.version import __version__

_CASES = "cases"


class PluginIsWritten:
    """Tests of the plugin as it is written."""

    laboratory: ClassVar[Laboratory]

    def test_the_plugin_loads(self) -> None:
        """Alone, enabled, without any problem."""
        name = self.laboratory.plugin.name
        plugins = Plugins([name], builtin=builtin, version=__version__)
        plugins.gather()
        expect_none(plugins.problems, f"the plugin {name!r} does not load", "correct what is named")
        hooks = next(one.hooks for one in plugins.plugins if one.name == name)
        expect(hooks, f"the plugin {name!r} has no hook", f"write one of {', '.join(HOOKS)} with @hookimpl above it")

    def test_its_names_are_free(self) -> None:
        """No other plugin of this environment, and nothing of hm_fhir, has a name that it brings."""
        name = self.laboratory.plugin.name
        expect(name != BUILTIN, f"{name!r} is the name of what hm_fhir brings itself", "choose another name")
        others = sorted({point.name for point in entry_points(group=PROJECT)} - {name})
        together = Plugins([name, *others], builtin=builtin, version=__version__)
        together.gather()
        clashes = [one for one in together.problems if one.code == "name-clash" and repr(name) in one.message]
        expect_none(clashes, "a name is taken", "choose another name, best the one of the municipality")

    def test_every_setting_is_documented(self) -> None:
        """Each setting has a description, and stands in the README."""
        plugin = self.laboratory.plugin
        expect(plugin.readme, "the plugin has no README", "write README.md: what it reads, and each of its settings")
        for spec in plugin.sources:
            expect(
                spec.description.strip(),
                f"the source {spec.name!r} has no description",
                "say in one line what it reads: description=…",
            )
            mute = [
                name for name, field in spec.options.model_fields.items() if not (field.description or "").strip()
            ]
            expect_none(mute, f"settings of {spec.name!r} without a description", "write Field(description=…)")
            hidden = [name for name in spec.options.model_fields if f"`{name}`" not in plugin.readme]
            expect_none(
                hidden,
                f"settings of {spec.name!r} that are not in the README",
                "add them to its table of settings, between back-quotes",
            )

    def test_its_fields_are_clean(self) -> None:
        """The file of fields says nothing that the activity cannot hold: no error, and no warning."""
        for spec in self.laboratory.plugin.sources:
            if spec.files is None:
                continue
            try:
                fields = load_fields(spec.files / FIELDS_FILE)
            except MappingErrors as errors:
                fail(f"{FIELDS_FILE} of {spec.name!r} is wrong:\n{errors}", "correct each line that is named")
            expect(
                fields.reads == spec.reads,
                f"{FIELDS_FILE} is for sources of the kind {fields.reads!r}, the plugin reads {spec.reads!r}",
                "say the same in `reads:` and in plugin.py",
            )
            expect_none(
                fields.warnings, f"{FIELDS_FILE} of {spec.name!r}, warnings", "correct each line that is named"
            )

    def test_its_mappings_are_clean(self) -> None:
        """The mapping packs in force with this plugin fit the profiles: no error, and no warning."""
        if not self.laboratory.plugin.packs:
            return
        with self.laboratory.packs_app() as app:
            findings = app.check_mappings()
        expect_none(
            (f"{one.place}: {one.severity}: {one.message}" for one in findings),
            "the mappings are not clean",
            "correct each line that is named; `hm-fhir mappings check` shows the same with the lines",
        )

    def test_its_cases_pass_and_reach_every_branch(self) -> None:
        """Each mapping of the plugin's own is shown by cases, with every branch of it."""
        packs = self.laboratory.plugin.packs
        if not packs:
            return
        with self.laboratory.packs_app() as app:
            for spec in packs:
                folder = spec.folder / _CASES
                cases = load_cases(folder) if folder.is_dir() else ()
                expect(cases, f"the pack {spec.name!r} has no cases", f"write them into {folder}")
                failed = [one for one in map(partial(run_case, mapper=app.case_mapper), cases) if not one.passed]
                expect_none(
                    (f"{one.name}\n{one.difference}" for one in failed),
                    "cases that fail",
                    "correct the mapping or the case; `hm-fhir mappings test` shows the same",
                )
                own = [pack for pack in app.case_mapper.packs if pack.folder.resolve() == spec.folder.resolve()]
                report = coverage(app.case_mapper, cases, own)
                expect_none(
                    (f"{branch.place}: {branch.says}" for branch in report.unreached),
                    f"the cases of {spec.name!r} reach {report.reached} of {report.total} branches",
                    "write a case for each of these, or take out what nothing can reach",
                )
