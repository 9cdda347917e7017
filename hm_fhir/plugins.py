"""The plugin manager: which plugins take part, and what their hooks yield.

Plugins are enabled by name in the settings. Each entry point is loaded by itself, so that a broken one is named and
takes nothing else down; a misspelled hook, a record of the wrong kind and two records with one name stop the start
and name the plugins.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from traceback import extract_tb

import pluggy

from hm_fhir import hookspecs
from hm_fhir.errors import PluginError, did_you_mean
from hm_fhir.records import AnySpec, MappingPackSpec, ProfilePackSpec, SourceSpec, TargetSpec

BUILTIN = "hm-fhir"

_RECORDS: dict[str, type[AnySpec]] = {
    "hm_fhir_sources": SourceSpec,
    "hm_fhir_mappings": MappingPackSpec,
    "hm_fhir_profiles": ProfilePackSpec,
    "hm_fhir_targets": TargetSpec,
}
HOOKS = tuple(_RECORDS)


@dataclass(frozen=True, slots=True)
class Plugin:
    """One plugin as it was found.

    Args:
        name: name of its entry point.
        distribution: package that brings it, such as ``hm-fhir-samokov``.
        version: version of that package.
        enabled: the settings name it.
        error: why it does not work, when it does not.
        hooks: the hooks that it implements.
    """

    name: str
    distribution: str
    version: str
    enabled: bool
    error: str | None = None
    hooks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Contributions:
    """What all enabled plugins yield, by name."""

    sources: dict[str, SourceSpec] = field(default_factory=dict)
    mappings: dict[str, MappingPackSpec] = field(default_factory=dict)
    profiles: dict[str, ProfilePackSpec] = field(default_factory=dict)
    targets: dict[str, TargetSpec] = field(default_factory=dict)


class Plugins:
    """The enabled plugins.

    Args:
        enabled: names of entry points.
        builtin: the object whose hooks come first.
        found: entry points; those of the group ``hm_fhir`` when None.
        version: version of the built-ins.
    """

    def __init__(
        self,
        enabled: Sequence[str],
        *,
        builtin: object,
        version: str,
        found: Iterable[EntryPoint] | None = None,
    ) -> None:
        self._manager = pluggy.PluginManager(hookspecs.PROJECT)
        self._manager.add_hookspecs(hookspecs)
        self._manager.register(builtin, BUILTIN)
        self.problems: list[PluginError] = []
        self.plugins = [Plugin(BUILTIN, "hm-fhir", version, enabled=True, hooks=self._hooks(BUILTIN))]
        points: dict[str, EntryPoint] = {}
        for point in entry_points(group=hookspecs.PROJECT) if found is None else found:
            if point.name in points and point.name in enabled:
                both = f"{_distribution(points[point.name])} and {_distribution(point)}"
                self.problems.append(PluginError(f"{both} both bring a plugin {point.name!r}", fix="uninstall one"))
            points.setdefault(point.name, point)
        for name in sorted({*points, *enabled}):
            self.plugins.append(self._load(name, points.get(name), enabled=name in enabled, known=points))

    def _load(self, name: str, point: EntryPoint | None, *, enabled: bool, known: Iterable[str]) -> Plugin:
        if point is None:
            fix = did_you_mean(name, known) or f"pip install hm-fhir-{name}, or take it out of plugins.enabled"
            error = PluginError(f"the plugin {name!r} is not installed", fix=fix, place="plugins.enabled")
            self.problems.append(error)
            return Plugin(name, "?", "?", enabled=enabled, error=error.message)
        distribution, version = _distribution(point), (point.dist.version if point.dist else "?")
        if not enabled:
            return Plugin(name, distribution, version, enabled=False)
        defect = self._register(name, point, distribution)
        if defect is not None:
            self.problems.append(defect)
            return Plugin(name, distribution, version, enabled=True, error=defect.message)
        return Plugin(name, distribution, version, enabled=True, hooks=self._hooks(name))

    def _register(self, name: str, point: EntryPoint, distribution: str) -> PluginError | None:
        who = f"the plugin {name!r} ({distribution})"
        if name == BUILTIN:
            return PluginError(
                f"{who} has the name of what hm_fhir brings itself", fix="give its entry point another"
            )
        try:
            plugin = point.load()
            misfit = self._misfit(plugin)
            if misfit is not None:
                return PluginError(f"{who} {misfit[0]}", fix=misfit[1])
            self._manager.register(plugin, name)
            self._manager.check_pending()
        except (Exception, SystemExit) as cause:  # noqa: BLE001  (whatever it raises at import is its defect)
            if self._manager.has_plugin(name):
                self._manager.unregister(name=name)
            return PluginError(f"{who} cannot be loaded: {_reason(cause)}", place=_where(cause))
        return None

    def _misfit(self, plugin: object) -> tuple[str, str] | None:
        """Return why an object is no plugin, and what to do: pluggy would overlook most of it."""
        marked = {
            options.get("specname") or name
            for name in dir(plugin)
            if (options := self._manager.parse_hookimpl_opts(plugin, name)) and not options.get("optionalhook")
        }
        for name in sorted(marked.difference(HOOKS)):
            return f"has a hook {name!r} that does not exist", did_you_mean(name, HOOKS) or ""
        for hook in HOOKS:
            if hook not in marked and callable(getattr(plugin, hook, None)):
                return f"does not mark its {hook}", "put @hookimpl above it"
        return None if marked else ("has no hook", "its entry point must name the module or object with the hooks")

    def _hooks(self, name: str) -> tuple[str, ...]:
        callers = self._manager.get_hookcallers(self._manager.get_plugin(name)) or []
        return tuple(sorted(caller.name for caller in callers))

    def gather(self) -> Contributions:
        """Return what all plugins yield; what is wrong with a plugin goes to `problems`, the others go on."""
        gathered = Contributions()
        for hook, into in zip(
            HOOKS, (gathered.sources, gathered.mappings, gathered.profiles, gathered.targets), strict=True
        ):
            self._collect(hook, into)  # type: ignore[arg-type]
        return gathered

    def _collect(self, hook: str, into: dict[str, AnySpec]) -> None:
        owners: dict[str, str] = {}
        implementations = getattr(self._manager.hook, hook).get_hookimpls()
        for implementation in sorted(implementations, key=lambda one: (one.plugin_name != BUILTIN, one.plugin_name)):
            plugin = implementation.plugin_name
            try:
                records = list(implementation.function())
            except Exception as cause:  # noqa: BLE001  (one plugin's defect must not hide the others)
                problem = f"{hook} of the plugin {plugin!r} failed: {_reason(cause)}"
                fix = "report this to the author of the plugin"
                self.problems.append(PluginError(problem, fix=fix, place=_where(cause)))
                continue
            for record in records:
                if not isinstance(record, _RECORDS[hook]):
                    problem = f"{hook} of the plugin {plugin!r} must yield {_RECORDS[hook].__name__}"
                    self.problems.append(PluginError(problem, fix="report this to the author of the plugin"))
                elif record.name in into:
                    both = f"the plugins {owners[record.name]!r} and {plugin!r} both bring {record.name!r} ({hook})"
                    self.problems.append(PluginError(both, code="name-clash", fix="disable one of them"))
                else:
                    into[record.name] = record
                    owners[record.name] = plugin


def installed() -> tuple[str, ...]:
    """Return the names of all plugins that are installed, enabled or not."""
    return tuple(sorted({point.name for point in entry_points(group=hookspecs.PROJECT)}))


def _distribution(point: EntryPoint) -> str:
    return point.dist.name if point.dist else "?"


def _reason(cause: BaseException) -> str:
    # pluggy's own words name the hook or argument, and a missing module has a name; other texts could hold anything.
    if isinstance(cause, pluggy.PluginValidationError):
        return str(cause)
    if isinstance(cause, ModuleNotFoundError):
        return f"there is no module {cause.name!r}"
    return type(cause).__name__


def _where(cause: BaseException) -> str | None:
    """Return file and line of the mistake in the plugin's own code, for its author."""
    if isinstance(cause, SyntaxError):
        return f"{cause.filename}:{cause.lineno}"
    for frame in reversed(extract_tb(cause.__traceback__)):
        machinery = {"importlib", "pluggy"}.intersection(Path(frame.filename).parts)
        if not machinery and not frame.filename.startswith("<") and frame.filename != __file__:
            return f"{frame.filename}:{frame.lineno}"
    return None
