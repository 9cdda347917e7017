"""Prints how fast files are read and how much memory that takes, against python-calamine and csv alone.

    python benchmarks/sources/run.py              # 10,000 and 100,000 rows
    python benchmarks/sources/run.py --rows 1000 5000

Every reading is a process of its own. Memory is the peak of the process (VmHWM of Linux, which begins anew with a
program; ru_maxrss does not) less that of one that reads one row. Times are of the processor, the best of three. The
peers only give their cells; the readers also find the headings, turn dates and numbers into what JSON knows, sort out
totals and signatures, and put records together.
"""

from __future__ import annotations

import argparse
import csv
import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

NAMES = (
    "№", "Дата", "Час", "Вид дейност", "ЕГН", "Имена", "Телефон", "Адрес", "Теми", "Жени", "Мъже", "Тегло",
    "Лечебно заведение", "Медиатор", "Последна промяна",
)  # fmt: skip
KINDS = ("домашно посещение", "придружаване", "насочване", "здравна беседа", "помощ с документи")
_TIMES = 3


def rows(number: int) -> Iterator[list[object]]:
    """Yield rows of a register; nobody in it is real."""
    chosen = random.Random(number)
    for row in range(1, number + 1):
        day = date(2026, 1, 1) + timedelta(days=chosen.randrange(365))
        yield [
            row, day, f"{chosen.randrange(8, 18):02}:{chosen.randrange(60):02}", chosen.choice(KINDS),
            f"{chosen.randrange(10**10):010}", f"Примерова {chosen.randrange(10**6)}", None,
            f"ул. Проба {chosen.randrange(200)}", chosen.choice(KINDS), chosen.randrange(9), chosen.randrange(9),
            chosen.randrange(10, 900) / 10, f"ОПЛ {chosen.randrange(30)}", f"М-{chosen.randrange(12)}", day,
        ]  # fmt: skip


def write_files(folder: Path, number: int) -> None:
    """Write the same register as a workbook and as CSV."""
    import xlsxwriter

    with xlsxwriter.Workbook(str(folder / f"{number}.xlsx")) as book:
        sheet = book.add_worksheet("Регистър")
        form = book.add_format({"num_format": "dd.mm.yyyy"})
        sheet.write_row(0, 0, NAMES)
        for line, row in enumerate(rows(number), 1):
            for column, value in enumerate(row):
                if isinstance(value, date):
                    sheet.write_datetime(line, column, value, form)
                elif value is not None:
                    sheet.write(line, column, value)
    with (folder / f"{number}.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter=";")
        writer.writerow(NAMES)
        writer.writerows(["" if value is None else str(value) for value in row] for row in rows(number))


def read_with_ours(path: Path) -> Iterable[object]:
    from hm_fhir.sources.base import Record, SourceContext
    from hm_fhir.sources.kinds import reader_kind

    kind = reader_kind(path.suffix[1:])
    reader: Any = kind.open(kind.options(path=path), SourceContext("clinic", path.parent, ZoneInfo("Europe/Sofia")))
    reader.want(NAMES)
    return (item for item in reader.records() if isinstance(item, Record))


def read_with_calamine(path: Path) -> Iterable[object]:
    from python_calamine import CalamineWorkbook

    return iter(CalamineWorkbook.from_path(path).get_sheet_by_index(0).iter_rows())


def read_with_calamine_at_once(path: Path) -> Iterable[object]:
    from python_calamine import CalamineWorkbook

    return CalamineWorkbook.from_path(path).get_sheet_by_index(0).to_python()


def read_with_csv(path: Path) -> Iterable[object]:
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.reader(file, delimiter=";")


READERS: dict[str, Callable[[Path], Iterable[object]]] = {
    "hm_fhir": read_with_ours,
    "python-calamine, row by row": read_with_calamine,
    "python-calamine, all at once": read_with_calamine_at_once,
    "csv": read_with_csv,
}
SMALLEST = 1


def measure_here(reader: str, path: Path) -> None:
    """Read a file once and print seconds, peak of memory in MiB, and rows."""
    import hm_fhir.sources.csv
    import hm_fhir.sources.xlsx  # noqa: F401  (imports are no part of reading)

    begin = time.process_time()
    count = sum(1 for _ in READERS[reader](path))
    seconds = time.process_time() - begin
    print(json.dumps([seconds, peak_mebibytes(), count]))


def peak_mebibytes() -> float:
    """Return the most memory that this process has had."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    raise OSError("this benchmark needs Linux")


def measure(reader: str, path: Path) -> tuple[float, float, int]:
    """Return seconds, MiB and rows of the best of some processes."""
    found = []
    for _ in range(_TIMES):
        command = [sys.executable, __file__, "--reader", reader, "--path", str(path)]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        found.append(json.loads(done.stdout))
    return min(one[0] for one in found), min(one[1] for one in found), found[0][2]


def compare(folder: Path, numbers: list[int]) -> None:
    """Print the tables."""
    from rich.console import Console
    from rich.table import Table

    for number in (SMALLEST, *numbers):
        write_files(folder, number)
    for suffix, peers in (("xlsx", list(READERS)[1:3]), ("csv", ["csv"])):
        table = Table(title=f".{suffix}, {len(NAMES)} columns")
        for heading in (
            "rows",
            "reader",
            "seconds",
            "against the first peer",
            "MiB more than for one row",
            "against",
        ):
            table.add_column(heading, justify="left" if heading == "reader" else "right")
        floors = {reader: measure(reader, folder / f"{SMALLEST}.{suffix}")[1] for reader in (*peers, "hm_fhir")}
        for number in numbers:
            first = None
            for reader in (*peers, "hm_fhir"):
                seconds, peak, count = measure(reader, folder / f"{number}.{suffix}")
                assert count in (number, number + 1), (reader, count)  # the peers give the headings, too
                more = max(0.1, peak - floors[reader])
                first = first or (seconds, more)
                table.add_row(
                    f"{number:,}", reader, f"{seconds:.2f}", f"{seconds / first[0]:.1f} x", f"{more:.1f}",
                    f"{more / first[1]:.2f} x",
                )  # fmt: skip
        Console(width=120).print(table)


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--reader", choices=READERS, help=argparse.SUPPRESS)
    parser.add_argument("--path", type=Path, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.reader:
        measure_here(chosen.reader, chosen.path)
        return
    with tempfile.TemporaryDirectory() as folder:
        compare(Path(folder), chosen.rows)


if __name__ == "__main__":
    main()
