"""A small executor over graphql-core's parser.

Resolvers are plain functions in dictionaries. There is no schema to validate against, on purpose: documents differ
between versions of the wandb client, and a strict schema fails a whole operation for one unknown argument. A field that
no resolver knows is null and is reported to ``Unknowns``.
"""

import functools
import math
import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any

from graphql import GraphQLError, parse
from graphql.language import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
)
from graphql.language.ast import DirectiveNode
from graphql.utilities import value_from_ast_untyped

from wandb_local.context import Context
from wandb_local.errors import ClientError
from wandb_local.limits import BUDGET, MAX_ANSWER_FIELDS, TooLargeError
from wandb_local.protocol.graphql.cost import Cost

Arguments = Mapping[str, Any]
Resolver = Callable[[Context, Any, Arguments], Any]
MAX_TOKENS = 20_000

Fields = Mapping[str, Resolver]
Kinds = Mapping[str, Fields]  # how the fields of each GraphQL object type are found, by the type's name
INTERFACES = {"ArtifactSequence": "ArtifactCollection", "ArtifactPortfolio": "ArtifactCollection"}
ROOTS = {OperationType.QUERY: "Query", OperationType.MUTATION: "Mutation"}


@dataclass(frozen=True)
class Node:
    """A record together with the name of the kind that resolves its fields."""

    kind: str
    record: Any


@dataclass(frozen=True)
class _Document:
    operations: Mapping[str, OperationDefinitionNode]
    fragments: Mapping[str, FragmentDefinitionNode]


@functools.lru_cache(maxsize=256)
def _parsed(query: str) -> _Document:
    document: DocumentNode = parse(query, no_location=True, max_tokens=MAX_TOKENS)
    operations = {
        d.name.value if d.name else "": d for d in document.definitions if isinstance(d, OperationDefinitionNode)
    }
    fragments = {d.name.value: d for d in document.definitions if isinstance(d, FragmentDefinitionNode)}
    return _Document(operations, fragments)


def parse_document(query: str) -> _Document:
    """Parse a document, remembering the short ones.

    Raises:
        ClientError: the document is not GraphQL.
    """
    try:
        return _parsed(query) if len(query) < 20_000 else _parsed.__wrapped__(query)
    except (GraphQLError, RecursionError) as error:
        raise ClientError(f"GraphQL: {error}") from None


@dataclass
class Execution:
    """One operation being answered."""

    context: Context
    kinds: Kinds
    document: _Document
    operation: str
    variables: dict[str, Any] = field(default_factory=dict)
    fields_left: int = MAX_ANSWER_FIELDS

    def select(self, node: Node, selections: SelectionSetNode) -> dict[str, Any]:
        """Answer one selection set on one object."""
        BUDGET.check()
        answer: dict[str, Any] = {}
        for selected in self._fields(node, selections):
            key = selected.alias.value if selected.alias else selected.name.value
            value = self._complete(self._resolve(node, selected), selected.selection_set)
            known = answer.get(key)
            answer[key] = {**known, **value} if isinstance(known, dict) and isinstance(value, dict) else value
        return answer

    def _resolve(self, node: Node, selected: FieldNode) -> Any:
        name = selected.name.value
        if name == "__typename":
            return node.kind or None
        resolver = self._resolver(node, name)
        if resolver is None:
            self.context.unknowns.report(self.operation, f"{node.kind}.{name}", self.context.client)
            return None
        arguments = {a.name.value: value_from_ast_untyped(a.value, self.variables) for a in selected.arguments or ()}
        if node.kind == "Mutation" and not isinstance(arguments.get("input"), Mapping):
            raise ClientError(f"GraphQL: {name} needs an input object")
        with BUDGET.limited(math.inf) if node.kind == "Mutation" else nullcontext():  # what is begun is done
            return resolver(self.context, node.record, arguments)

    def _resolver(self, node: Node, name: str) -> Resolver | None:
        if isinstance(node.record, Mapping):  # a plain mapping: its keys are its fields
            return functools.partial(_item, node.record[name]) if name in node.record else None
        return self.kinds[node.kind].get(name)

    def _complete(self, value: Any, selections: SelectionSetNode | None) -> Any:
        if value is None:
            return None
        if selections is None:
            return value
        if isinstance(value, Node):
            return self.select(value, selections)
        if isinstance(value, Mapping):
            return self.select(Node(str(value.get("__typename", "")), value), selections)
        if isinstance(value, Sequence) and not isinstance(value, str):
            return [self._complete(item, selections) for item in value]
        raise ClientError(f"GraphQL: a {type(value).__name__} has no fields")

    def _fields(self, node: Node, selections: SelectionSetNode) -> Iterable[FieldNode]:
        for selection in selections.selections:
            self.fields_left -= 1
            if self.fields_left < 0:
                raise TooLargeError(f"GraphQL: the answer has more than {MAX_ANSWER_FIELDS} fields")
            if not self._included(selection.directives):
                continue
            if isinstance(selection, FieldNode):
                yield selection
                continue
            fragment: InlineFragmentNode | FragmentDefinitionNode
            if isinstance(selection, InlineFragmentNode):
                fragment = selection
            else:
                assert isinstance(selection, FragmentSpreadNode)  # there is no fourth kind
                fragment = self.document.fragments[selection.name.value]
            condition = fragment.type_condition
            if condition is None or _applies(node.kind, condition.name.value):
                yield from self._fields(node, fragment.selection_set)

    def _included(self, directives: Iterable[DirectiveNode] | None) -> bool:
        for directive in directives or ():
            arguments = {
                a.name.value: value_from_ast_untyped(a.value, self.variables) for a in directive.arguments or ()
            }
            if directive.name.value == "skip" and arguments.get("if") is True:
                return False
            if directive.name.value == "include" and arguments.get("if") is not True:
                return False
        return True


def execute(
    context: Context, kinds: Kinds, query: str, variables: Mapping[str, Any], operation_name: str | None
) -> dict[str, Any]:
    """Answer one operation of a document: the value of ``data``.

    Raises:
        ClientError: not GraphQL, no such operation, or what a resolver raised.
        TooLargeError: it asks for too much, or its answer takes too long.
    """
    document = parse_document(query)
    operation = document.operations.get(operation_name or "")
    if operation is None and len(document.operations) == 1:
        operation = next(iter(document.operations.values()))
    if operation is None or operation.operation not in ROOTS:
        raise ClientError(f"GraphQL: no operation {operation_name!r} in the document")
    values = dict(variables)
    for definition in operation.variable_definitions or ():
        name = definition.variable.name.value
        if name not in values:
            values[name] = (
                None if definition.default_value is None else value_from_ast_untyped(definition.default_value)
            )
    Cost(document.fragments).check(operation.selection_set)
    execution = Execution(context, kinds, document, operation.name.value if operation.name else "", values)
    try:
        return execution.select(Node(ROOTS[operation.operation], None), operation.selection_set)
    except sqlite3.OperationalError:
        BUDGET.check()  # the statement was interrupted
        raise


def _applies(kind: str, condition: str) -> bool:
    return not kind or condition in (kind, INTERFACES.get(kind))


def _item(value: Any, _context: Context, _record: Any, _arguments: Arguments) -> Any:
    return value
