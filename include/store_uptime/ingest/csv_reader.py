"""Reading one CSV file: its rows in batches, each with its line number and raw text for the quarantine.

A file of any size is read in chunks of a MiB that end with a whole line, so whatever it holds takes little memory. A
chunk without quote characters goes to polars' CSV parser as it is; one with quotes (or a lone CR) goes through Python's
`csv`, which finds where a record that spans lines began. Whatever makes the file as a whole unreadable raises
`InputFileError`; a file that does not answer raises `NoAnswerError`.
"""

from __future__ import annotations

import codecs
import csv
import hashlib
import io
import re
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from itertools import chain

import numpy as np
import polars as pl

from store_uptime.errors import InputFileError, NoAnswerError
from store_uptime.ingest.kinds import GROUP, KINDS, SEPARATORS, Kind
from store_uptime.ingest.safe_open import InputAccess, shown_name
from store_uptime.storage import StoragePath

CHUNK_BYTES, CHUNK_LINES = 2**20, 2**16
LONGEST_RECORD_BYTES = 128 * 2**10
LONGEST_HEADER_BYTES = 64 * 2**10
LONGEST_HEADER_SHOWN = 80
MANY_COLUMNS = 64  # polars needs time for each, wanted or not
IGNORED_ROWS = 1_000_000  # so many rows without values are no CSV
NAME = re.compile(r"[^\W\d][\w .-]{0,40}")  # of a column, as people give it
SEPARATOR_LINE = re.compile(r"\"?sep=.\"?,*\s*", re.IGNORECASE)  # Excel writes it, and reads it, as a file's first line
BOM = "\ufeff".encode()
# Python's csv takes one for a line end, polars drops it after a field: through csv it goes as NUL, which no text has.
LONE_CR = re.compile(r"\r(?!\n)")


@dataclass(frozen=True)
class Unusable:
    """A row for the quarantine: physical line it starts on, column at fault (if one is), reason, raw text."""

    line: int
    column: str | None
    reason: str
    raw: str


@dataclass
class Batch:
    """Rows of one chunk: `rows` has the kind's columns as text and `line`; `raw_of(line)` is a row's raw text.

    Unless `may_have_ignored`, every row has a value, and none is the header again.
    """

    rows: pl.DataFrame
    raw_of: Callable[[int], str]
    misfits: list[Unusable] = field(default_factory=list)
    may_have_ignored: bool = True

    def shifted(self, lines: int, place: str) -> Batch:
        """The batch in a file with so many `lines` before it; raw texts begin with `place` and the line there."""

        def raw_of(line: int) -> str:
            return f"{place}{line - lines}: {self.raw_of(line - lines)}"

        misfits = [
            replace(misfit, line=misfit.line + lines, raw=f"{place}{misfit.line}: {misfit.raw}")
            for misfit in self.misfits
        ]
        return Batch(self.rows.with_columns(pl.col("line") + lines), raw_of, misfits)


class CsvReader:
    """Reads one file in batches. After the last one `sha256` (hex) is the hash of the bytes that were read.

    `tolerated` counts what was read although it is not as documented, by what it is.
    """

    def __init__(
        self, path: StoragePath, kind: Kind, access: InputAccess | None = None, *, needs_rows: bool = True
    ) -> None:
        self.name, self.kind, self.sha256 = shown_name(path.name), kind, ""
        self.tolerated: Counter[str] = Counter()
        self._path, self._access, self._separator, self._needs_rows = path, access or InputAccess(), ",", needs_rows
        self._ignored = self._last_name_bytes = 0  # rows; of the header's last wanted column
        self._wanted = kind.columns  # those that the file has, once its header is read
        self._names = [spelling for spellings in kind.columns.values() for spelling in spellings]
        self._line = self._header_line = 1  # the first is of the first byte that no batch has yet

    def batches(self) -> Iterator[Batch]:
        """All rows in file order. Raises `InputFileError`; the batches before it are then void."""
        chunks = self._chunks()
        names, rest = self._header(next(chunks, b""))
        positions, width = self._columns(names), len(names)
        absent = {column: pl.lit("") for column in self.kind.columns if column not in self._wanted}
        self._last_name_bytes = len(names[positions[-1]].encode())
        self._may_be_ignored = self._beginnings(positions)
        is_without_rows = True
        for parsed in self._parsed(chain([rest], chunks), positions, width):
            batch = self._without_ignored(parsed, width)
            if self._ignored > max(IGNORED_ROWS, self.lines_read // 2):
                problem = f"more than {IGNORED_ROWS:,} rows, and most of them, have no values"
                raise InputFileError(self.name, problem, "rows with values")
            if batch.rows.height or batch.misfits:
                is_without_rows = False
                yield replace(batch, rows=batch.rows.with_columns(**absent)) if absent else batch
        if is_without_rows and self._needs_rows and not self.kind.may_be_empty:
            raise InputFileError(self.name, "holds a header and no rows", "at least one row")

    def check_header(self) -> None:
        """Raises `InputFileError` if the file cannot be read from its beginning, or lacks a column."""
        with closing(self._chunks()) as chunks:
            names, _ = self._header(next(chunks, b""))
            self._columns(names)

    @property
    def lines_read(self) -> int:
        """How many physical lines were read so far."""
        return self._line - 1

    def _header(self, chunk: bytes) -> tuple[list[str], bytes]:
        """The names of the columns, and what follows them in the first chunk of the file."""
        if not chunk:
            raise InputFileError(self.name, "is empty", f"a header line with {', '.join(self.kind.columns)}")
        lines = _physical_lines(chunk.removeprefix(BOM)) or [""]
        if SEPARATOR_LINE.fullmatch(lines[0]):
            self.tolerated["first lines with a separator"] += 1
            self._line = self._header_line = 2
            lines = lines[1:] or [""]
        if "\r" in lines[0].rstrip("\r\n"):
            raise InputFileError(
                self.name, "a carriage return stands in the header", "lines that end with LF or CRLF", line=1
            )
        self._separator = self._separator_of(lines[0])
        used, is_cut_short = 0, False

        def feed() -> Iterator[str]:
            nonlocal used, is_cut_short
            for line in lines:
                used += 1
                yield line
            is_cut_short = True

        try:
            names = next(csv.reader(feed(), delimiter=self._separator))
        except csv.Error:  # a field that is too long
            names = []
        if sum(map(len, lines[:used])) > LONGEST_RECORD_BYTES:
            self._raise_too_long(1)
        if is_cut_short:
            self._raise_never_closed(1)
        self._line += used
        return names, "".join(lines[used:]).encode()

    def _separator_of(self, line: str) -> str:
        """The comma, or what else separates the columns that are wanted: spreadsheets write semicolons and tabs."""
        separator = self.kind.separator_of(line)
        if separator is None and self.kind.has_columns(re.findall(r"\w+", line.lower())):
            other = next((mark for mark in line.strip().strip("\"'") if not re.match(r"[\w\"']", mark)), " ")
            raise InputFileError(
                self.name,
                f"its columns are separated by {other!r} ({line.strip()[:LONGEST_HEADER_SHOWN]})",
                "commas, semicolons or tabs",
                line=self._header_line,
            )
        if separator not in (None, ","):
            self.tolerated[f"columns separated by {SEPARATORS[separator]}"] += 1
        return separator or ","

    def _without_ignored(self, batch: Batch, width: int) -> Batch:
        """The batch without rows that have no value at all, and without the header where it comes again."""
        if not batch.may_have_ignored and not batch.misfits:
            return batch
        rows, columns = batch.rows, list(self._wanted)
        is_blank = pl.all_horizontal(pl.col(column).str.strip_chars() == "" for column in columns)
        is_like_header = rows[columns[0]].is_in(self._names)
        is_like_header |= rows[columns[-1]].str.len_bytes() == self._last_name_bytes
        blank = [
            line
            for line in (rows.filter(is_blank)["line"] if (rows[columns[0]].str.strip_chars() == "").any() else ())
            if width == len(columns) or self._is_without_values(batch.raw_of(line))
        ]
        alike = rows.filter(is_like_header) if is_like_header.any() else rows.clear()
        repeated = [
            line
            for line, *fields in alike.select("line", *columns).iter_rows()
            if self._is_header(line, _folded(fields))
        ]
        misfits = [misfit for misfit in batch.misfits if not self._is_without_values(misfit.raw)]
        counts = {
            "rows without values": len(blank) + len(batch.misfits) - len(misfits),
            "repeated headers": len(repeated),
        }
        self.tolerated += Counter(counts)  # which leaves zeros out
        self._ignored += sum(counts.values())
        if blank or repeated:
            rows = rows.filter(~pl.col("line").is_in(blank + repeated))
        return replace(batch, rows=rows, misfits=misfits)

    def _beginnings(self, positions: list[int]) -> np.ndarray:
        """Of each byte, whether a line that begins with it may have no values, or be the header again."""
        may_be = np.ones(256, np.bool_)
        if 0 in positions:
            may_be[ord("!") : 128] = False  # a blank, also one that is not ASCII, may come before what follows
            initials = "".join(name[0] + name[0].upper() for name in self._names)
            may_be[[ord(self._separator), *initials.encode()]] = True
        return may_be

    def _is_header(self, line: int, fields: list[str]) -> bool:
        """Whether a row is the header again; raises `InputFileError` if its columns have another order there."""
        if all(name in spellings for name, spellings in zip(fields, self._wanted.values(), strict=True)):
            return True
        if self.kind.has_columns(fields):
            problem = "the header comes again, with its columns in another order"
            raise InputFileError(self.name, problem, "one order", line=line)
        return False

    def _is_without_values(self, raw: str) -> bool:
        try:
            records = list(csv.reader(io.StringIO(raw, newline="\n"), delimiter=self._separator))
            return not any(field.strip() for record in records for field in record)
        except csv.Error:
            return False

    def _columns(self, names: list[str]) -> list[int]:
        folded = [name.strip().lower() for name in names]
        positions, problems = [], []
        found = {
            column: [index for index, name in enumerate(folded) if name in spellings]
            for column, spellings in self.kind.columns.items()
        }
        missing = self.kind.missing([column for column, matches in found.items() if matches])
        self._wanted = {
            column: spellings for column, spellings in self.kind.columns.items() if found[column] or column in missing
        }
        for column, spellings in self._wanted.items():
            matches = found[column]
            if len(matches) != 1:
                problem = f"stands {len(matches)} times in the header" if matches else "is missing from the header"
                problems.append((column, problem, self._expected(column, spellings)))
            positions += matches[:1]
        if problems:
            seen = _shown_header(names)
            (column, problem, expected), *others = problems
            for other, what, wanted in others:
                problem, expected = f"{problem}, column {other} {what}", f"{expected}, {wanted}"
            raise InputFileError(self.name, f"{problem} ({seen})", expected, line=self._header_line, column=column)
        return positions

    def _expected(self, column: str, spellings: tuple[str, ...]) -> str:
        if self.kind.is_scoped and column == "store_id":
            return "one column store_id, or kind and name"
        if self.kind.is_scoped and column in GROUP:
            return "both kind and name, or neither of them"
        return "one column " + " or ".join(map(_spelling, spellings))

    def _parsed(self, chunks: Iterator[bytes], positions: list[int], width: int) -> Iterator[Batch]:
        for chunk in chunks:
            if b'"' in chunk or (b"\r" in chunk and chunk.count(b"\r") != chunk.count(b"\r\n")):
                yield from self._parsed_quoted(chain([chunk], chunks), positions, width)
            elif chunk:
                yield self._parsed_plain(chunk, positions, width)

    def _parsed_plain(self, chunk: bytes, positions: list[int], width: int) -> Batch:
        data = chunk.replace(b"\r\n", b"\n") if b"\r" in chunk else chunk
        if not data.endswith(b"\n"):
            data += b"\n"
        characters = np.frombuffer(data, dtype=np.uint8)
        ends = np.flatnonzero(characters == ord("\n"))
        starts = np.append(0, ends[:-1] + 1)
        first_line, self._line = self._line, self._line + len(ends)
        lengths = np.subtract(ends, starts)
        if lengths.max() > LONGEST_RECORD_BYTES:
            self._raise_too_long(first_line + int(lengths.argmax()))
        separators = _separators_by_line(np.flatnonzero(characters == ord(self._separator)), starts, ends, width)
        lines = np.arange(first_line, first_line + len(ends))

        def raw_of(line: int) -> str:
            index = line - first_line
            return data[starts[index] : ends[index]].decode()

        fits = separators == width - 1
        misfits = []
        if not fits.all():
            misfits = [
                _misfit(first_line + int(index), int(separators[index]) + 1, width, raw_of(first_line + int(index)))
                for index in np.flatnonzero(~fits & (lengths > 0))
            ]
            fits &= lengths > 0
            lines = lines[fits]
            kept = b"".join(data[starts[index] : ends[index] + 1] for index in np.flatnonzero(fits))
        else:
            kept = data
        names = list(self._wanted)
        if not kept:
            return Batch(self._frame([[] for _ in names], []), raw_of, misfits)
        if width > MANY_COLUMNS:
            fields = [line.split(self._separator) for line in kept.decode().split("\n")[:-1]]
            columns = [[record[position] for record in fields] for position in positions]
            return Batch(self._frame(columns, lines.tolist()), raw_of, misfits)
        in_file_order = dict(sorted(zip(positions, names, strict=True)))
        rows = pl.read_csv(
            BOM + kept if kept.startswith(BOM) else kept,  # one is left out, wherever in a file the chunk stands
            has_header=False,
            separator=self._separator,
            # Without one, polars looks for the types first, although all are text.
            schema={in_file_order.get(position, f"other {position}"): pl.String for position in range(width)},
            columns=list(in_file_order),
            quote_char=None,
            empty_string_is_null=False,
        )
        rows = rows.hstack([pl.Series("line", lines, dtype=pl.Int64)])
        return Batch(rows, raw_of, misfits, bool(self._may_be_ignored[characters[starts]].any()))

    def _parsed_quoted(self, chunks: Iterator[bytes], positions: list[int], width: int) -> Iterator[Batch]:
        """The first chunk, and as much of the next ones as it takes to end a record that spans them."""
        lines = _physical_lines(next(chunks))
        used, is_cut_short = 0, False

        def feed() -> Iterator[str]:
            nonlocal used, is_cut_short
            while True:
                if used == len(lines):  # only inside a record: a new one is asked for while lines are left
                    if sum(map(len, lines[start:])) > LONGEST_RECORD_BYTES:
                        self._raise_too_long(first_line)
                    chunk = next(chunks, None)
                    if chunk is None:
                        is_cut_short = True
                        return
                    lines.extend(_physical_lines(chunk))
                used += 1
                yield LONE_CR.sub("\0", lines[used - 1])

        reader = csv.reader(feed(), delimiter=self._separator)
        fields: list[list[str]] = []
        numbers: list[int] = []
        raws: dict[int, str] = {}
        misfits: list[Unusable] = []
        while used < len(lines):
            start, first_line = used, self._line
            try:
                record = next(reader)
                problem = None
            except csv.Error as error:
                if "field larger" in str(error):
                    self._raise_too_long(first_line)
                record, problem = [], str(error)
            raw = "".join(lines[start:used])
            self._line += used - start
            if len(raw) > LONGEST_RECORD_BYTES:
                self._raise_too_long(first_line)
            raw = raw.removesuffix("\n").removesuffix("\r")
            if is_cut_short:
                self._raise_never_closed(first_line)
            if not raw:
                continue
            if problem:
                misfits.append(Unusable(first_line, None, f"not a CSV record: {problem}", raw))
            elif len(record) != width:
                misfits.append(_misfit(first_line, len(record), width, raw))
            else:
                fields.append([field.replace("\0", "\r") for field in record] if "\r" in raw else record)
                numbers.append(first_line)
                raws[first_line] = raw
        columns = [[record[position] for record in fields] for position in positions]
        yield Batch(self._frame(columns, numbers), raws.__getitem__, misfits)

    def _frame(self, columns: list[list[str]], lines: list[int]) -> pl.DataFrame:
        texts = {name: pl.Series(values, dtype=pl.String) for name, values in zip(self._wanted, columns, strict=True)}
        return pl.DataFrame(texts | {"line": pl.Series(lines, dtype=pl.Int64)})

    def _raise_too_long(self, line: int) -> None:
        raise InputFileError(
            self.name,
            f"a record is longer than {LONGEST_RECORD_BYTES:,} bytes",
            "short records (is a quote left open?)",
            line=line,
        )

    def _raise_never_closed(self, line: int) -> None:
        raise InputFileError(self.name, "a quoted field is never closed", 'a second " that ends it', line=line)

    def _chunks(self) -> Generator[bytes, None, None]:
        """UTF-8 that ends at a line end, without NUL bytes; the last chunk may lack its line end."""
        line, held = 1, Held()
        for piece in self._utf8():
            held.add(piece)
            if held.size < CHUNK_BYTES:
                continue
            octets = held.take()
            cut = octets.rfind(b"\n") + 1
            if not cut and len(octets) > LONGEST_RECORD_BYTES:
                self._check_text(octets[:LONGEST_RECORD_BYTES], line, is_cut=True)
                self._raise_too_long(line)
            for lines, chunk in _of_few_lines(octets[:cut]):
                self._check_text(chunk, line)
                yield chunk
                line += lines
            held.add(octets[cut:])
        if held.size:
            octets = held.take()
            self._check_text(octets, line)
            yield octets

    def _check_text(self, chunk: bytes, line: int, *, is_cut: bool = False) -> None:
        try:
            if not chunk.isascii():
                chunk.decode("utf-8")
        except UnicodeDecodeError as error:
            if is_cut and error.start >= len(chunk) - 4:
                return
            at = line + chunk.count(b"\n", 0, error.start)
            byte = chunk[error.start]
            raise InputFileError(
                self.name, f"byte 0x{byte:02x} is not UTF-8", f"UTF-8 text{_guess(chunk)}", line=at
            ) from error
        if (position := chunk.find(b"\0")) >= 0:
            raise InputFileError(
                self.name, "holds a NUL byte", f"UTF-8 text{_guess(chunk)}", line=line + chunk.count(b"\n", 0, position)
            )

    def _utf8(self) -> Generator[bytes, None, None]:
        """The decompressed file; UTF-16 with a byte order mark, as Excel saves *Unicode text*, becomes UTF-8."""
        digest = hashlib.sha256()
        pieces = filter(None, self._access.uncompressed(self._path, digest))
        start = b""
        while len(start) < 2 and (piece := next(pieces, b"")):
            start += piece
        if start[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
            yield from self._from_utf16(chain([start], pieces))
        else:
            yield start
            yield from pieces
        self.sha256 = digest.hexdigest()

    def _from_utf16(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        self.tolerated["text in UTF-16"] += 1
        decoder = codecs.getincrementaldecoder("utf-16")()
        try:
            for piece in pieces:
                yield decoder.decode(piece).encode()
            yield decoder.decode(b"", final=True).encode()
        except UnicodeError as error:
            raise InputFileError(self.name, f"is not UTF-16, as its first bytes say ({error})", "UTF-8 text") from error


class Held:
    """Bytes that are not passed on yet."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self.size = 0

    def add(self, piece: bytes) -> None:
        self._pieces.append(piece)
        self.size += len(piece)

    def take(self) -> bytes:
        taken = b"".join(self._pieces)
        self._pieces, self.size = [], 0
        return taken


class ShardsReader:
    """Reads the shards of one export as one file: line numbers go on from shard to shard.

    `sha256` and `tolerated` are as of `CsvReader`; the hash is the one of the shards' hashes.
    """

    def __init__(self, paths: Sequence[StoragePath], kind: Kind, access: InputAccess) -> None:
        self.name, self.kind, self.sha256 = shown_name(paths[0].name), kind, ""
        self.tolerated: Counter[str] = Counter()
        self._paths, self._access = paths, access

    def batches(self) -> Iterator[Batch]:
        """All rows of all shards in order. Raises `InputFileError`; the batches before it are then void."""
        before, hashes, is_without_rows = 0, [], True
        for path in self._paths:
            reader = CsvReader(path, self.kind, self._access, needs_rows=False)  # an export may have empty shards
            for batch in reader.batches():
                is_without_rows = False
                yield batch.shifted(before, f"{reader.name}, line ")
            before += reader.lines_read
            hashes.append(reader.sha256)
            self.tolerated.update(reader.tolerated)
        if is_without_rows and not self.kind.may_be_empty:
            raise InputFileError(self.name, "and the other shards hold headers and no rows", "at least one row")
        self.sha256 = hashlib.sha256("".join(hashes).encode()).hexdigest()


def reader_of(paths: Sequence[StoragePath], kind: Kind, access: InputAccess) -> CsvReader | ShardsReader:
    """What reads a file of the data folder, or the shards of one export."""
    return CsvReader(paths[0], kind, access) if len(paths) == 1 else ShardsReader(paths, kind, access)


def header_line(path: StoragePath, access: InputAccess) -> str:
    """The first line of a file, decompressed; empty if it cannot be read."""
    start = b""
    try:
        with closing(CsvReader(path, KINDS[0], access)._utf8()) as pieces:
            for piece in pieces:
                start += piece
                if start.count(b"\n") > 1 or len(start) > LONGEST_HEADER_BYTES:
                    break
    except (InputFileError, NoAnswerError):
        return ""
    lines = start[:LONGEST_HEADER_BYTES].decode("utf-8", "replace").removeprefix("\ufeff").split("\n")
    return lines[1] if SEPARATOR_LINE.fullmatch(lines[0]) and len(lines) > 1 else lines[0]


def _physical_lines(chunk: bytes) -> list[str]:
    """Lines with their line ends; only LF ends a line (`str.splitlines` knows a dozen others)."""
    return io.StringIO(chunk.decode(), newline="\n").readlines()


def _of_few_lines(octets: bytes) -> Iterator[tuple[int, bytes]]:
    """Bytes that end at a line end, cut into parts of at most CHUNK_LINES lines: the number of lines, and the part."""
    is_end = np.frombuffer(octets, np.uint8) == ord("\n")
    lines = int(np.count_nonzero(is_end))
    if lines <= CHUNK_LINES:
        yield lines, octets
        return
    ends = np.flatnonzero(is_end) + 1
    first = 0
    for begun in range(0, lines, CHUNK_LINES):
        last = min(begun + CHUNK_LINES, lines)
        cut = int(ends[last - 1])
        yield last - begun, octets[first:cut]
        first = cut


def _separators_by_line(separators: np.ndarray, starts: np.ndarray, ends: np.ndarray, width: int) -> np.ndarray:
    """How many of `separators` (their positions) each line has; no search is needed where all fit the header."""
    if width > 1 and len(separators) == (width - 1) * len(ends):
        by_line = separators.reshape(len(ends), width - 1)
        if (by_line[:, 0] >= starts).all() and (by_line[:, -1] < ends).all():
            return np.full(len(ends), width - 1)
    return np.diff(np.searchsorted(separators, ends), prepend=0)


def _folded(fields: list[str]) -> list[str]:
    return [field.strip().strip("\ufeff").strip().lower() for field in fields]


def _shown_header(names: list[str]) -> str:
    """The names in a header, cut short; `…` for what is no name: the file may be something else, even a secret."""
    if len(names) == 1:
        return "…"
    stripped = (name.strip() for name in names[:LONGEST_HEADER_SHOWN])
    shown = ", ".join(name if NAME.fullmatch(name) else "…" for name in stripped)
    return shown if len(shown) <= LONGEST_HEADER_SHOWN else f"{shown[: LONGEST_HEADER_SHOWN - 1]}…"


def _misfit(line: int, found: int, width: int, raw: str) -> Unusable:
    return Unusable(line, None, f"{found} fields where the header has {width}", raw)


def _spelling(folded: str) -> str:
    return "dayOfWeek" if folded == "dayofweek" else folded


def _guess(chunk: bytes) -> str:
    if chunk[:2] == b"\x1f\x8b":
        return " (it looks like gzip: name it .csv.gz)"
    if chunk[:4] == b"\x28\xb5\x2f\xfd":
        return " (it looks like Zstandard: name it .csv.zst)"
    if chunk[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return " (it looks like UTF-16)"
    return ""
