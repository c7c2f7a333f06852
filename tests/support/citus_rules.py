"""Checks statements for SQL that Citus does not support, with PostgreSQL's own parser.

Citus sends a statement to the shards if each part can be computed store by store. Other parts it computes separately,
unless they refer to outer rows. `violations` finds the parts for which neither is possible, and SQL that only some
versions of Citus support.

A statement about one store (given by a bind) runs unchanged on its shard, and a statement about shared tables on the
coordinator: the only rule for both is that they change one table. A column without a table belongs to its own query.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from pglast import ast, enums, parse_sql

from store_uptime.db.topology import DISTRIBUTED_TABLES, LOCAL_TABLES, REFERENCE_TABLES

KEY = "store_key"
DISTRIBUTED_VIEWS = (  # of distributed tables, and shared ones beside them, with the key as a column
    "core.poll",
    "report.store_period",
    "history.accepted_group",
    "history.promise",
    "history.accepted_target",
)
SHARED_VIEWS = (  # of shared tables alone
    "report.report_file",
    "report.used_snapshot",
    "history.newest_settlement",
    "history.used_snapshot",
)
ONE_STORE = "the store of a bind"
CHANGES = (ast.InsertStmt, ast.UpdateStmt, ast.DeleteStmt, ast.MergeStmt)


def violations(sql: str, *, aggregates: set[str], volatile: set[str]) -> list[str]:
    """The rules that a statement breaks. `aggregates` and `volatile` are the names of such functions."""
    statements = [raw.stmt for raw in parse_sql(parseable(sql))]
    return [line for stmt in statements for line in Statement(stmt, aggregates, volatile).violations()]


def parseable(sql: str) -> str:
    """The statement with `$1` for its binds."""
    sql = re.sub(r"%\((\w+)\)s", r":\1", sql)
    sql = "\n".join(line for line in sql.splitlines() if not line.lstrip().startswith("--"))
    return re.sub(r"(?<![:\w]):[a-z]\w*", "$1", sql)


@dataclass
class Query:
    """A query or change, with the tables, subqueries and CTEs that it reads by name, and its outer query."""

    node: Any
    outer: Query | None
    ctes: dict[str, Any]
    items: dict[str, Any] = field(default_factory=dict)

    def can_refer_to(self, name: str) -> bool:
        """Whether columns of a table with this name are visible in the query."""
        return name in self.items or (self.outer is not None and self.outer.can_refer_to(name))


class Statement:
    """A statement with all its queries."""

    def __init__(self, stmt: Any, aggregates: set[str], volatile: set[str]) -> None:
        self.stmt, self.aggregates, self.volatile = stmt, aggregates, volatile
        self.uses = Counter(node.relname for node in walk(stmt) if isinstance(node, ast.RangeVar))
        self.queries: list[Query] = []
        self._collect(stmt, None, {})

    def violations(self) -> list[str]:
        """One line for each violation."""
        found = []
        changed = [node.relation.relname for node in walk(self.stmt) if isinstance(node, CHANGES)]
        if len(changed) > 1:
            found.append(f"changes several tables: {', '.join(sorted(changed))}")
        if not any(is_distributed(node) for node in walk(self.stmt)) or self._is_of_one_store():
            return found
        if changed:
            found += self._ctes() + self._unions()
        for query in self.queries:
            found += (
                self._null_joins(query)
                + self._joins(query)
                + self._select_list(query)
                + self._outer_joins(query)
                + self._outer_joins_of_unions(query)
                + self._local(query)
            )
            if self._is_correlated(query) and (self._is_spread(query.node) or self._reads_spread(query.outer)):
                found += self._correlated(query)
            if isinstance(query.node, CHANGES) and is_distributed(query.node.relation):
                found += self._change(query)
        return found

    def _ctes(self) -> list[str]:
        """Citus computes a CTE of a change apart, and sends its rows over the coordinator to all nodes."""
        ctes = {node.ctename: node.ctequery for node in walk(self.stmt) if isinstance(node, ast.CommonTableExpr)}

        def reads_stores(node: Any) -> bool:
            tables = [item for item in walk(node) if isinstance(item, ast.RangeVar)]
            named = [item.relname for item in tables if not item.schemaname and item.relname in ctes]
            return any(map(is_distributed, tables)) or any(reads_stores(ctes[name]) for name in named)

        return [f"reads distributed tables in the CTE {name} of a change" for name in ctes if reads_stores(ctes[name])]

    def _unions(self) -> list[str]:
        """The sides of a union in a change go over the coordinator too, and so do rows that are ordered first."""
        found = []
        for query in self.queries:
            if isinstance(query.node, ast.SelectStmt) and query.node.larg and self._is_spread(query.node):
                found.append("has a union of distributed rows in a change")
            select = getattr(query.node, "selectStmt", None)
            if select is not None and select.sortClause and self._is_spread(select):
                found.append("orders the distributed rows that it inserts")
        return found

    def _collect(self, node: Any, outer: Query | None, ctes: dict[str, Any]) -> None:
        """Adds the queries in `node`, each with its outer query."""
        if isinstance(node, tuple):
            for part in node:
                self._collect(part, outer, ctes)
        elif isinstance(node, (ast.SelectStmt, *CHANGES)):
            ctes = dict(ctes)
            for cte in node.withClause.ctes if getattr(node, "withClause", None) else ():
                self._collect(cte.ctequery, None, ctes)
                ctes[cte.ctename] = cte
            query = Query(node, outer, ctes)
            for item in from_items(node):
                query.items[name_of(item)] = item
            self.queries.append(query)
            for name in node:
                if name != "withClause":
                    part = getattr(node, name)
                    # The query of an INSERT and the sides of a UNION have the same outer query as the whole.
                    self._collect(part, outer if name in ("selectStmt", "larg", "rarg") else query, ctes)
        elif isinstance(node, ast.Node):
            for name in node:
                self._collect(getattr(node, name), outer, ctes)

    def _query_of(self, node: Any) -> Query:
        return next(query for query in self.queries if query.node is node)

    def _is_spread(self, item: Any) -> bool:
        """Whether its rows are distributed over the shards. What Citus computes first is not: all shards get it."""
        if isinstance(item, ast.RangeVar):
            if item.schemaname:
                return is_distributed(item)
            cte = next((query.ctes[item.relname] for query in self.queries if item.relname in query.ctes), None)
            if cte is None or cte.ctematerialized == enums.CTEMaterialize.CTEMaterializeAlways:
                return False
            is_inlined = self.uses[item.relname] == 1 or cte.ctematerialized == enums.CTEMaterialize.CTEMaterializeNever
            return is_inlined and self._is_spread(cte.ctequery)
        if isinstance(item, ast.RangeSubselect):
            return self._is_spread(item.subquery)
        if isinstance(item, ast.SelectStmt):
            if item.larg:
                return self._is_spread(item.larg) or self._is_spread(item.rarg)
            query = self._query_of(item)
            is_computed_first = item.limitCount or (self._has_aggregate(item) and not item.groupClause)
            return self._reads_spread(query) and (self._is_correlated(query) or not is_computed_first)
        return False

    def _reads_spread(self, query: Query | None) -> bool:
        return query is not None and any(self._is_spread(item) for item in query.items.values())

    def _is_correlated(self, query: Query) -> bool:
        return query.outer is not None and bool(self._outward(query))

    def _outward(self, query: Query) -> list[str]:
        """Names of outer tables that the query or its subqueries refer to."""
        inner = {name for other in self.queries if self._is_within(other, query) for name in other.items}
        return [
            node.fields[0].sval
            for node in walk(query.node)
            if isinstance(node, ast.ColumnRef)
            and len(node.fields) > 1
            and node.fields[0].sval not in inner
            and query.outer is not None
            and query.outer.can_refer_to(node.fields[0].sval)
        ]

    def _is_within(self, query: Query | None, whole: Query) -> bool:
        while query is not None:
            if query is whole:
                return True
            query = query.outer
        return False

    def _equal_keys(self, query: Query) -> list[tuple[str, str]]:
        """Pairs of tables with equal store_key; ONE_STORE means a bind."""
        pairs = []
        for node in walk_within(query.node):
            if isinstance(node, ast.A_Expr) and node.name[-1].sval == "=":
                sides = [key_of(side, query) for side in (node.lexpr, node.rexpr)]
                if all(sides):
                    pairs.append((str(sides[0]), str(sides[1])))
            if isinstance(node, ast.JoinExpr) and KEY in [column.sval for column in node.usingClause or ()]:
                pairs.append((names_in(node.larg)[-1], names_in(node.rarg)[0]))
        return pairs

    def _together(self, query: Query, start: str) -> set[str]:
        """The tables whose store_key equals that of `start`."""
        together, pairs = {start}, self._equal_keys(query)
        for _ in pairs:
            for pair in pairs:
                if together & set(pair):
                    together |= set(pair)
        return together

    def _is_of_one_store(self) -> bool:
        return all(
            ONE_STORE in self._together(query, name)
            for query in self.queries
            for name, item in query.items.items()
            if is_distributed(item)
        )

    def _joins(self, query: Query) -> list[str]:
        spread = [name for name, item in query.items.items() if self._is_spread(item)]
        apart = [name for name in spread[1:] if name not in self._together(query, spread[0])]
        return [f"joins {name} with {spread[0]}, but not on {KEY}" for name in apart]

    def _select_list(self, query: Query) -> list[str]:
        if any(isinstance(node, ast.SubLink) for node in walk_within(getattr(query.node, "targetList", None) or ())):
            return ["has a subquery in a select list"]
        return []

    def _outer_joins(self, query: Query) -> list[str]:
        found = []
        for join in walk_within(query.node):
            if not isinstance(join, ast.JoinExpr) or join.jointype == enums.JoinType.JOIN_INNER:
                continue
            left, right = (any(self._is_spread(item) for item in leaves(side)) for side in (join.larg, join.rarg))
            kept = {
                enums.JoinType.JOIN_LEFT: [(left, right)],
                enums.JoinType.JOIN_RIGHT: [(right, left)],
                enums.JoinType.JOIN_FULL: [(left, right), (right, left)],
            }[join.jointype]
            if any(other and not side for side, other in kept):
                found.append("keeps all rows of a shared table in an outer join with a distributed one")
        return found

    def _outer_joins_of_unions(self, query: Query) -> list[str]:
        """Citus does not see through a union to the key of the tables below it, unless the join is an inner one."""
        joins = [
            join
            for join in walk_within(query.node)
            if isinstance(join, ast.JoinExpr) and join.jointype != enums.JoinType.JOIN_INNER
        ]
        names = {key_of(node, query) for join in joins for node in walk_within(join.quals or ())}
        unions = [
            name
            for name, item in query.items.items()
            if isinstance(item, ast.RangeSubselect) and item.subquery.larg and self._is_spread(item)
        ]
        return [f"joins by the key of the union {name} in an outer join" for name in unions if name in names]

    def _null_joins(self, query: Query) -> list[str]:
        """PostgreSQL knows that an outer join with null finds nothing; then Citus sees no join by the key either."""
        outer = [
            join
            for join in walk_within(query.node)
            if isinstance(join, ast.JoinExpr) and join.jointype != enums.JoinType.JOIN_INNER
        ]
        return [
            "compares with a bind that may be null in an outer join; coalesce(:bind, 0) never is"
            for join in outer
            for node in walk_within(join.quals or ())
            if isinstance(node, ast.A_Expr)
            and node.name[-1].sval == "="
            and any(isinstance(side, ast.ParamRef) for side in (node.lexpr, node.rexpr))
            and any(self._is_spread(item) for item in leaves(join.rarg))
        ]

    def _local(self, query: Query) -> list[str]:
        if not self._reads_spread(query):
            return []
        return [
            f"joins the temporary table {item.relname} with a distributed one"
            for item in query.items.values()
            if isinstance(item, ast.RangeVar) and not item.schemaname and item.relname not in query.ctes
        ]

    def _correlated(self, query: Query) -> list[str]:
        node, found = query.node, []
        if node.limitCount or node.limitOffset:
            found.append("has a limit or offset in a correlated subquery")
        if self._has_aggregate(node) and not node.groupClause:
            found.append("has an aggregate without group by in a correlated subquery")
        if node.groupClause and not any(is_key(column) for column in node.groupClause):
            found.append(f"groups a correlated subquery, but not by {KEY}")
        if node.distinctClause and not any(column and is_key(column) for column in node.distinctClause):
            found.append(f"has distinct in a correlated subquery, but not on {KEY}")
        if node.op != enums.SetOperation.SETOP_NONE:
            found.append("has a set operation in a correlated subquery")
        found += self._windows(node)
        if any(is_distributed(item) for item in query.items.values()):
            together = {name for item in query.items for name in self._together(query, item)}
            if not together - query.items.keys():
                found.append(f"has a correlated subquery, but not on {KEY}")
        return found

    def _windows(self, node: Any) -> list[str]:
        named = {window.name: window for window in node.windowClause or ()}
        for call in walk_within(node):
            if isinstance(call, ast.FuncCall) and call.over:
                window = named.get(call.over.name, call.over)
                if not any(is_key(column) for column in window.partitionClause or ()):
                    return [f"has a window that is not partitioned by {KEY}"]
        return []

    def _change(self, query: Query) -> list[str]:
        node, found = query.node, []
        called = {call.funcname[-1].sval for call in walk(node) if isinstance(call, ast.FuncCall)}
        found += [f"calls {name}, which is volatile, in a change" for name in sorted(called & self.volatile)]
        for other in self.queries:
            if isinstance(other.node, ast.SelectStmt) and self._reads_spread(other):
                found += self._windows(other.node)
        if isinstance(node, ast.InsertStmt) and node.selectStmt is not None and not node.selectStmt.valuesLists:
            position = [column.name for column in node.cols].index(KEY)
            if not is_key(node.selectStmt.targetList[position].val):
                found.append(f"inserts something else as {KEY}")
        return found

    def _has_aggregate(self, node: Any) -> bool:
        return any(
            isinstance(call, ast.FuncCall) and not call.over and call.funcname[-1].sval in self.aggregates
            for call in walk_within(node)
        )


def walk(node: Any) -> Iterator[Any]:
    """All nodes of a tree."""
    if isinstance(node, tuple):
        for part in node:
            yield from walk(part)
    elif isinstance(node, ast.Node):
        yield node
        for name in node:
            yield from walk(getattr(node, name))


def walk_within(node: Any, *, is_top: bool = True) -> Iterator[Any]:
    """The nodes of a query without those of its subqueries."""
    if isinstance(node, tuple):
        for part in node:
            yield from walk_within(part, is_top=False)
    elif isinstance(node, ast.Node) and (is_top or not isinstance(node, (ast.SelectStmt, *CHANGES))):
        yield node
        for name in node:
            if name != "withClause":
                yield from walk_within(getattr(node, name), is_top=False)


def from_items(node: Any) -> list[Any]:
    """The items in a query's FROM or USING, and the table that it updates or deletes from."""
    items = [node.relation] if isinstance(node, (ast.UpdateStmt, ast.DeleteStmt)) else []
    for name in ("fromClause", "usingClause"):
        items += [leaf for item in getattr(node, name, None) or () for leaf in leaves(item)]
    return items


def leaves(item: Any) -> list[Any]:
    if isinstance(item, ast.JoinExpr):
        return leaves(item.larg) + leaves(item.rarg)
    return [item]


def names_in(item: Any) -> list[str]:
    return [name_of(leaf) for leaf in leaves(item)]


def name_of(item: Any) -> str:
    alias = getattr(item, "alias", None)
    return str(alias.aliasname if alias else getattr(item, "relname", "a function"))


def is_distributed(item: Any) -> bool:
    if not isinstance(item, ast.RangeVar) or not item.schemaname:
        return False
    table = f"{item.schemaname}.{item.relname}"
    distributed = (*DISTRIBUTED_TABLES, *DISTRIBUTED_VIEWS)
    known = (*distributed, *REFERENCE_TABLES, *LOCAL_TABLES, *SHARED_VIEWS)
    assert table in known or item.schemaname.startswith("pg_"), table
    return table in distributed


def is_key(node: Any) -> bool:
    return isinstance(node, ast.ColumnRef) and getattr(node.fields[-1], "sval", None) == KEY


def key_of(node: Any, query: Query) -> str | None:
    """The table whose store_key the node is; None if it is not one."""
    if isinstance(node, ast.ParamRef):
        return ONE_STORE
    if not is_key(node):
        return None
    return str(node.fields[0].sval) if len(node.fields) > 1 else next(iter(query.items), None)
