"""A database as CouchDB keeps one: revisions in a tree, deletions as stubs, one place in the feed for each document.

What it answers is shaped by CouchDB's documentation, apache/couchdb-documentation ``src/api/database/changes.rst``,
``src/api/database/bulk-api.rst``, ``src/replication/conflicts.rst`` (Apache-2.0).
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from hm_fhir.fhir.json import from_json, to_json

Document = dict[str, Any]


@dataclass(slots=True)
class _Leaf:
    revision: str
    document: Document
    deleted: bool = False
    parent: str | None = None

    @property
    def rank(self) -> tuple[bool, int, str]:
        """What the winner has most of: it is not deleted, its branch is longest, its name comes last."""
        number, _, digest = self.revision.partition("-")
        return not self.deleted, int(number), digest


@dataclass(slots=True)
class _Tree:
    leaves: list[_Leaf] = field(default_factory=list)
    sequence: int = 0

    @property
    def winner(self) -> _Leaf:
        return max(self.leaves, key=lambda leaf: leaf.rank)

    @property
    def conflicts(self) -> list[str]:
        others = [leaf for leaf in self.leaves if leaf is not self.winner and not leaf.deleted]
        return [leaf.revision for leaf in sorted(others, key=lambda leaf: leaf.rank, reverse=True)]


class CouchDatabase:
    """Documents by id, and the order in which they changed last."""

    def __init__(self) -> None:
        self._trees: dict[str, _Tree] = {}
        self._sequence = 0

    def put(self, document: Mapping[str, Any], *, branch_of: str | None = None) -> str:
        """Save a document on the branch of its winner, and return the new revision.

        Args:
            document: with its ``_id``; a ``_rev`` in it does not count. ``_deleted`` makes it a deletion.
            branch_of: the revision that it comes from, as a telephone that was offline would say; another branch
                stays in conflict with it.
        """
        content = {key: value for key, value in document.items() if key != "_rev"}
        tree = self._trees.setdefault(document["_id"], _Tree())
        before = self._leaf_before(tree, branch_of)
        base = branch_of or (before.revision if before else None)
        number = int(base.partition("-")[0]) + 1 if base else 1
        digest = hashlib.md5(to_json([base, content]), usedforsecurity=False).hexdigest()
        leaf = _Leaf(f"{number}-{digest}", content, bool(content.get("_deleted")), base)
        tree.leaves = [one for one in tree.leaves if one is not before] + [leaf]
        self._sequence += 1
        tree.sequence = self._sequence
        return leaf.revision

    @staticmethod
    def _leaf_before(tree: _Tree, branch_of: str | None) -> _Leaf | None:
        if branch_of is not None:
            return next((leaf for leaf in tree.leaves if leaf.revision == branch_of), None)
        return tree.winner if tree.leaves else None

    def get(self, document_id: str, *, conflicts: bool = False) -> Document | None:
        """Return the winner of a document, also when it is a deletion; None when there never was one."""
        tree = self._trees.get(document_id)
        if tree is None:
            return None
        winner = tree.winner
        document = {"_id": document_id, "_rev": winner.revision, **from_json(to_json(winner.document))}
        if conflicts and tree.conflicts:
            document["_conflicts"] = tree.conflicts
        return document

    def parent_of(self, document_id: str) -> str | None:
        """Return the revision before that of the winner."""
        return self._trees[document_id].winner.parent

    def documents(self) -> Iterable[Document]:
        """Yield all documents that are not deleted."""
        for document_id, tree in self._trees.items():
            document = None if tree.winner.deleted else self.get(document_id)
            if document is not None:
                yield document

    def changes(
        self,
        since: int,
        limit: int | None,
        *,
        every: int = 1,
        only: Collection[str] | None = None,
        with_documents: bool = False,
        with_conflicts: bool = False,
        all_leaves: bool = False,
    ) -> Document:
        """Return an answer of ``_changes``.

        Args:
            since: number of a sequence.
            limit: most rows; 0 has the effect of 1.
            every: so many rows have one ``seq``, the others null (``seq_interval``).
            only: ids (filter ``_doc_ids``).
            with_documents: ``include_docs``.
            with_conflicts: ``conflicts``.
            all_leaves: ``style=all_docs``.
        """
        found = sorted(
            ((tree.sequence, id_, tree) for id_, tree in self._trees.items() if tree.sequence > since),
            key=lambda one: one[0],
        )
        if only is not None:
            found = [one for one in found if one[1] in only]
        size = len(found) if limit is None else max(1, limit)
        rows = []
        for position, (sequence, id_, tree) in enumerate(found[:size], 1):
            leaves = sorted(tree.leaves, key=lambda leaf: leaf.rank, reverse=True)
            row: Document = {
                "seq": sequence_text(sequence) if position % every == 0 else None,
                "id": id_,
                "changes": [{"rev": leaf.revision} for leaf in (leaves if all_leaves else leaves[:1])],
            }
            if tree.winner.deleted:
                row["deleted"] = True
            if with_documents:
                row["doc"] = self.get(id_, conflicts=with_conflicts)
            rows.append(row)
        last = found[:size][-1][0] if rows else max(since, self._sequence if only is None else since)
        return {"results": rows, "last_seq": sequence_text(last), "pending": len(found) - len(rows)}


def sequence_text(number: int) -> str:
    """Return a sequence as a cluster writes it: a number and what only the cluster understands."""
    inside = base64.urlsafe_b64encode(hashlib.sha256(str(number).encode()).digest() + number.to_bytes(6)).decode()
    return f"{number}-g1AAAA{inside}"


def sequence_number(text: str) -> int:
    """Return the number of a sequence.

    Raises:
        ValueError: it is not one of this server.
    """
    number = (
        int(text) if text.isdigit() else int.from_bytes(base64.urlsafe_b64decode(text.partition("-g1AAAA")[2])[-6:])
    )
    if text not in (str(number), sequence_text(number)):
        raise ValueError("malformed sequence")
    return number
