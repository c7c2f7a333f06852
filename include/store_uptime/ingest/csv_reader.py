"""Reading one CSV file: its rows in batches, each with its line number and raw text for the quarantine.

A file of any size is read in chunks of a MiB that end with a whole line. A chunk without quote characters goes to
polars' CSV parser as it is; one with quotes (or a lone CR) goes through Python's `csv`, which finds where a record that
spans lines began. Whatever makes the file as a whole unreadable raises `InputFileError`; a file that does not answer
raises `NoAnswerError`.
"""

from __future__ import annotations

import codecs
import csv
import hashlib
import io
import re
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import BinaryIO

import numpy as np
import polars as pl
import zstandard

from store_uptime.errors import InputFileError, naming_place
from store_uptime.ingest.input_files import Kind, SourceFile
from store_uptime.storage import StoragePath

CHUNK_BYTES = 2**20
LONGEST_RECORD_BYTES = 128 * 2**10
SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs"}
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
    """Rows of one chunk: `rows` has the kind's columns as text and `line`; `raw_of(line)` is a row's raw text."""

    rows: pl.DataFrame
    raw_of: Callable[[int], str]
    misfits: list[Unusable] = field(default_factory=list)

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

    def __init__(self, path: StoragePath, kind: Kind) -> None:
        self.name, self.kind, self.sha256 = path.name, kind, ""
        self.tolerated: Counter[str] = Counter()
        self._path, self._separator = path, ","
        self._line = 1  # of the first byte that no batch has yet

    def batches(self) -> Iterator[Batch]:
        """All rows in file order. Raises `InputFileError`; the batches before it are then void."""
        chunks = self._text_chunks()
        first = next(chunks, "")
        if not first:
            raise InputFileError(self.name, "is empty", f"a header line with {', '.join(self.kind.columns)}")
        names, rest = self._header(first)
        positions, width = self._columns(names), len(names)
        header = [names[position] for position in positions]
        is_without_rows = True
        for parsed in self._parsed(chain([rest], chunks), positions, width):
            batch = self._without_ignored(parsed, header)
            is_without_rows = is_without_rows and not batch.rows.height and not batch.misfits
            yield batch
        if is_without_rows:
            raise InputFileError(self.name, "holds a header and no rows", "at least one row")

    @property
    def lines_read(self) -> int:
        """How many physical lines were read so far."""
        return self._line - 1

    def _header(self, chunk: str) -> tuple[list[str], str]:
        """The names of the columns, and what follows them in the first chunk of the file."""
        lines = _physical_lines(chunk.removeprefix("\ufeff")) or [""]
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
        return names, "".join(lines[used:])

    def _separator_of(self, line: str) -> str:
        """The comma, or what else separates the columns that are wanted: spreadsheets write semicolons and tabs."""
        for separator, name in SEPARATORS.items():
            names = {field.strip().strip('"').strip().lower() for field in line.split(separator)}
            if all(names & set(spellings) for spellings in self.kind.columns.values()):
                if separator != ",":
                    self.tolerated[f"columns separated by {name}"] += 1
                return separator
        return ","

    def _without_ignored(self, batch: Batch, header: list[str]) -> Batch:
        """The batch without rows that have no value at all, and without the header where it comes again."""
        rows, columns = batch.rows, list(self.kind.columns)
        candidates = rows.filter(
            (pl.col("store_id").str.strip_chars() == "")
            | (pl.col(columns[-1]).str.len_bytes() == len(header[-1].encode()))
        )
        ignored = []
        for line, *fields in candidates.select("line", *columns).iter_rows():
            if self._is_without_values(batch.raw_of(line)):
                self.tolerated["rows without values"] += 1
            elif _folded(fields) == _folded(header):
                self.tolerated["repeated headers"] += 1
            else:
                continue
            ignored.append(line)
        blank = [misfit.line for misfit in batch.misfits if self._is_without_values(misfit.raw)]
        if blank:
            self.tolerated["rows without values"] += len(blank)
        if ignored:
            rows = rows.filter(~pl.col("line").is_in(ignored))
        misfits = [misfit for misfit in batch.misfits if misfit.line not in set(blank)]
        return replace(batch, rows=rows, misfits=misfits)

    def _is_without_values(self, raw: str) -> bool:
        try:
            records = list(csv.reader(io.StringIO(raw, newline="\n"), delimiter=self._separator))
            return not any(field.strip() for record in records for field in record)
        except csv.Error:
            return False

    def _columns(self, names: list[str]) -> list[int]:
        folded = [name.strip().lower() for name in names]
        positions = []
        for column, spellings in self.kind.columns.items():
            matches = [index for index, name in enumerate(folded) if name in spellings]
            if len(matches) != 1:
                seen = ", ".join(names)[:200]
                problem = f"stands {len(matches)} times in the header" if matches else "is missing from the header"
                spelled = " or ".join(_spelling(spelling) for spelling in spellings)
                raise InputFileError(
                    self.name,
                    f"{problem} ({seen})",
                    f"one column {spelled}",
                    line=1,
                    column=column,
                )
            positions.append(matches[0])
        return positions

    def _parsed(self, chunks: Iterator[str], positions: list[int], width: int) -> Iterator[Batch]:
        for chunk in chunks:
            if '"' in chunk or ("\r" in chunk and chunk.count("\r") != chunk.count("\r\n")):
                yield from self._parsed_quoted(chain([chunk], chunks), positions, width)
            elif chunk:
                yield self._parsed_plain(chunk, positions, width)

    def _parsed_plain(self, chunk: str, positions: list[int], width: int) -> Batch:
        data = (chunk.replace("\r\n", "\n") if "\r" in chunk else chunk).encode()
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
                _misfit(first_line + int(index), int(separators[index]) + 1, width, raw)
                for index in np.flatnonzero(~fits)
                if (raw := raw_of(first_line + int(index)))
            ]
            lines = lines[fits]
            kept = b"".join(data[starts[index] : ends[index] + 1] for index in np.flatnonzero(fits))
        else:
            kept = data
        names = list(self.kind.columns)
        if not kept:
            return Batch(self._frame([[] for _ in names], []), raw_of, misfits)
        # Column by position, in file order; the names follow.
        in_file_order = sorted(zip(positions, names, strict=True))
        rows = pl.read_csv(
            BOM + kept if kept.startswith(BOM) else kept,  # one is left out, wherever in a file the chunk stands
            has_header=False,
            separator=self._separator,
            columns=[position for position, _ in in_file_order],
            infer_schema=False,
            quote_char=None,
            empty_string_is_null=False,
        )
        rows.columns = [name for _, name in in_file_order]
        return Batch(rows.hstack([pl.Series("line", lines, dtype=pl.Int64)]), raw_of, misfits)

    def _parsed_quoted(self, chunks: Iterator[str], positions: list[int], width: int) -> Iterator[Batch]:
        """The first chunk, and as much of the next ones as it takes to end a record that spans them."""
        lines = _physical_lines(next(chunks))
        used, is_cut_short = 0, False

        def feed() -> Iterator[str]:
            nonlocal used, is_cut_short
            while True:
                if used == len(lines):  # only inside a record: a new one is asked for while lines are left
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
        texts = {
            name: pl.Series(values, dtype=pl.String) for name, values in zip(self.kind.columns, columns, strict=True)
        }
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

    def _text_chunks(self) -> Iterator[str]:
        """Decoded text that ends at a line end, without NUL bytes; the last chunk may lack its line end."""
        line, carry = 1, b""
        for piece in self._utf8():
            carry += piece
            if len(carry) < CHUNK_BYTES:
                continue
            cut = carry.rfind(b"\n") + 1
            if not cut and len(carry) > LONGEST_RECORD_BYTES:
                self._decoded(carry[:LONGEST_RECORD_BYTES], line, is_cut=True)
                self._raise_too_long(line)
            if not cut:
                continue
            chunk, carry = carry[:cut], carry[cut:]
            text = self._decoded(chunk, line)
            line += int(np.count_nonzero(np.frombuffer(chunk, np.uint8) == ord("\n")))
            yield text
        if carry:
            yield self._decoded(carry, line)

    def _decoded(self, chunk: bytes, line: int, *, is_cut: bool = False) -> str:
        try:
            text = chunk.decode("utf-8")
        except UnicodeDecodeError as error:
            if is_cut and error.start >= len(chunk) - 4:
                return ""
            at = line + chunk.count(b"\n", 0, error.start)
            byte = chunk[error.start]
            raise InputFileError(
                self.name, f"byte 0x{byte:02x} is not UTF-8", f"UTF-8 text{_guess(chunk)}", line=at
            ) from error
        if (position := text.find("\0")) >= 0:
            raise InputFileError(
                self.name, "holds a NUL byte", f"UTF-8 text{_guess(chunk)}", line=line + text.count("\n", 0, position)
            )
        return text

    def _utf8(self) -> Iterator[bytes]:
        """The decompressed file; UTF-16 with a byte order mark, as Excel saves *Unicode text*, becomes UTF-8."""
        pieces = self._decompressed()
        start = b""
        while len(start) < 2 and (piece := next(pieces, b"")):
            start += piece
        if start[:2] not in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
            yield start
            yield from pieces
            return
        self.tolerated["text in UTF-16"] += 1
        decoder = codecs.getincrementaldecoder("utf-16")()
        try:
            for piece in chain([start], pieces):
                yield decoder.decode(piece).encode()
            yield decoder.decode(b"", final=True).encode()
        except UnicodeError as error:
            raise InputFileError(self.name, f"is not UTF-16, as its first bytes say ({error})", "UTF-8 text") from error

    def _decompressed(self) -> Iterator[bytes]:
        suffix = self.name.lower().rpartition(".")[2]
        try:
            with naming_place(str(self._path)), self._path.open("rb") as stream:
                yield from _decompress(self._hashed(stream), suffix)
        except (EOFError, zlib.error, zstandard.ZstdError) as error:
            is_too_wide = "too much memory" in str(error)
            expected = "a window of at most 128 MiB (zstd --long=27)" if is_too_wide else f"a whole .{suffix} file"
            raise InputFileError(self.name, f"cannot be decompressed ({error})", expected) from error
        except OSError as error:
            raise InputFileError(self.name, f"cannot be read ({error.strerror or error})", "a readable file") from error

    def _hashed(self, stream: BinaryIO) -> Iterator[bytes]:
        digest = hashlib.sha256()
        while chunk := stream.read(CHUNK_BYTES):
            digest.update(chunk)
            yield chunk
        self.sha256 = digest.hexdigest()


class ShardsReader:
    """Reads the shards of one export as one file: line numbers go on from shard to shard.

    `sha256` and `tolerated` are as of `CsvReader`; the hash is the one of the shards' hashes.
    """

    def __init__(self, paths: Sequence[StoragePath], kind: Kind) -> None:
        self.name, self.kind, self.sha256 = paths[0].name, kind, ""
        self.tolerated: Counter[str] = Counter()
        self._paths = paths

    def batches(self) -> Iterator[Batch]:
        """All rows of all shards in order. Raises `InputFileError`; the batches before it are then void."""
        before, hashes = 0, []
        for path in self._paths:
            reader = CsvReader(path, self.kind)
            for batch in reader.batches():
                yield batch.shifted(before, f"{path.name}, line ")
            before += reader.lines_read
            hashes.append(reader.sha256)
            self.tolerated.update(reader.tolerated)
        self.sha256 = hashlib.sha256("".join(hashes).encode()).hexdigest()


def reader_of(file: SourceFile) -> CsvReader | ShardsReader:
    """What reads a file of the data folder."""
    return CsvReader(file.paths[0], file.kind) if len(file.paths) == 1 else ShardsReader(file.paths, file.kind)


def _decompress(chunks: Iterator[bytes], suffix: str) -> Iterator[bytes]:
    """Decompressed bytes of a .gz or .zst stream of one or more members; other suffixes pass as they are."""
    start: Callable[[], zlib._Decompress | zstandard.ZstdDecompressionObj]
    if suffix == "gz":
        start = lambda: zlib.decompressobj(wbits=31)  # noqa: E731
    elif suffix == "zst":
        start = zstandard.ZstdDecompressor().decompressobj
    else:
        yield from chunks
        return
    member = None
    for chunk in chunks:
        while chunk:
            if member is None:
                member = start()
            yield member.decompress(chunk)
            if not member.eof:
                break
            chunk, member = member.unused_data, None
            if suffix == "gz" and not chunk.strip(b"\0"):
                break  # gzip allows zero padding after the last member
    if member is not None:
        raise EOFError("it ends too early: the file is cut short")


def _physical_lines(chunk: str) -> list[str]:
    """Lines with their line ends; only LF ends a line (`str.splitlines` knows a dozen others)."""
    return io.StringIO(chunk, newline="\n").readlines()


def _separators_by_line(separators: np.ndarray, starts: np.ndarray, ends: np.ndarray, width: int) -> np.ndarray:
    """How many of `separators` (their positions) each line has; no search is needed where all fit the header."""
    if width > 1 and len(separators) == (width - 1) * len(ends):
        by_line = separators.reshape(len(ends), width - 1)
        if (by_line[:, 0] >= starts).all() and (by_line[:, -1] < ends).all():
            return np.full(len(ends), width - 1)
    return np.diff(np.searchsorted(separators, ends), prepend=0)


def _folded(fields: list[str]) -> list[str]:
    return [field.strip().strip("\ufeff").strip().lower() for field in fields]


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
