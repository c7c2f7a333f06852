"""How well anomalies of generated worlds are found: run as a program, over many seeds.

python tests/worlds/evaluation.py [SEEDS] [FIRST]
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from dataclasses import dataclass, field

from store_uptime.insight.judging import BASELINE_DAYS, Finding, Group, Judge
from worlds.generated import GeneratedWorld, Truth, generate, settled


@dataclass
class Row:
    """Findings of one kind and scope on dates in a row."""

    finding: Finding
    first: int
    last: int


@dataclass
class Outcome:
    """What was found of one world."""

    world: GeneratedWorld
    groups: list[Group]
    rows: list[Row] = field(default_factory=list)
    findings: list[Row] = field(default_factory=list)

    def is_true(self, row: Row) -> bool:
        """Whether something in the world explains the row."""
        return any(self._explains(truth, row) for truth in self.world.truths)

    def _explains(self, truth: Truth, row: Row) -> bool:
        finding = row.finding
        reach = {"weekly": 14}.get(truth.kind, 6) if finding.days > 1 else 0
        if row.last < truth.first or row.first > truth.last + reach:
            return False
        if finding.store is not None:
            if truth.kind in ("silent", "common_cause"):
                return False
            return finding.store in truth.stores
        group = self.groups[finding.group or 0]
        wanted = "data" if truth.kind == "silent" else "common_cause"
        return finding.kind == wanted and (group.kind, group.name) == truth.group

    def is_found(self, truth: Truth) -> bool:
        return any(
            self._explains(truth, row) and row.first <= (truth.found_by if truth.found_by is not None else truth.last)
            for row in self.rows
        )


def judge(world: GeneratedWorld, first: int = BASELINE_DAYS) -> Outcome:
    hours, groups = settled(world)
    judged = Judge(hours, groups)
    outcome = Outcome(world, groups)
    last: dict[tuple[str, int | None, int | None], Row] = {}
    for date in range(first, world.days):
        if hours.is_there[:, date].sum() < len(hours.is_there) * 0.9:
            continue  # it still runs somewhere
        for finding in judged.judge(date):
            key = (finding.kind, finding.group, finding.store)
            outcome.findings.append(Row(finding, date, date))
            row = last.get(key)
            if row is not None and row.last == date - 1:
                row.last = date
            else:
                last[key] = row = Row(finding, date, date)
                outcome.rows.append(row)
    return outcome


def tell(seed: int, row: Row, outcome: Outcome) -> None:
    finding = row.finding
    scope = finding.store if finding.store is not None else outcome.groups[finding.group or 0].name
    print(
        f"   {seed} {finding.kind} {scope} {row.first}-{row.last} {finding.observed:.1f} {finding.expected:.2f} "
        f"q {finding.score:.3f} days {finding.days} {finding.is_weekly} {finding.stores}/{finding.of_stores}"
    )


def main() -> None:
    seeds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    first = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    found: Counter[str] = Counter()
    there: Counter[str] = Counter()
    rows = false = nothing = 0
    false_kinds: Counter[str] = Counter()
    shares = []
    weeks = 0.0
    started = time.monotonic()
    all_findings = false_findings = 0
    for seed in range(first, first + seeds):
        outcome = judge(generate(seed))
        for truth in outcome.world.truths:
            there[truth.kind] += 1
            found[truth.kind] += outcome.is_found(truth)
        wrong = [row for row in outcome.rows if not outcome.is_true(row)]
        rows, false = rows + len(outcome.rows), false + len(wrong)
        all_findings += len(outcome.findings)
        false_findings += sum(not outcome.is_true(row) for row in outcome.findings)
        shares.append(len(wrong) / max(len(outcome.rows), 1))
        false_kinds.update(
            f"{row.finding.kind} {row.finding.fault or ''} {row.finding.days}{'w' if row.finding.is_weekly else ''}"
            f" {'group' if row.finding.store is None else 'store'}"
            for row in wrong
        )
        if "-v" in sys.argv:
            for row in wrong:
                tell(seed, row, outcome)
            for truth in outcome.world.truths:
                if not outcome.is_found(truth):
                    print("   missed", seed, truth.kind, truth.first, truth.found_by, truth.group or truth.stores)
        empty = judge(generate(seed + 1_000_000, is_structured=False))
        nothing += len(empty.rows)
        false_kinds.update(
            f"nothing: {row.finding.kind} {row.finding.fault or ''} {row.finding.days} "
            f"{'group' if row.finding.store is None else 'store'}"
            for row in empty.rows
        )
        if "-v" in sys.argv:
            for row in empty.rows:
                tell(seed, row, empty)
        weeks += empty.world.weeks - BASELINE_DAYS / 7
    for kind, count in there.items():
        print(f"{kind:14} {found[kind]:4} of {count:4}  {found[kind] / count:.1%}")
    print(f"false rows: {false} of {rows} ({false / max(rows, 1):.1%}), mean over seeds {sum(shares) / seeds:.1%}")
    print(f"false findings by date: {false_findings} of {all_findings} ({false_findings / max(all_findings, 1):.1%})")
    print(f"in worlds with nothing: {nothing} rows in {weeks:.0f} weeks ({nothing / weeks:.2f} a week)")
    print(dict(false_kinds))
    print(f"{time.monotonic() - started:.0f} s")


if __name__ == "__main__":
    main()
