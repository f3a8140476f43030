"""How much a GraphQL document asks for, counted before anything is answered."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from graphql.language import FieldNode, FragmentDefinitionNode, FragmentSpreadNode, InlineFragmentNode, SelectionSetNode

from wandb_local.errors import ClientError
from wandb_local.limits import MAX_QUERY_DEPTH, MAX_QUERY_FIELDS, MAX_SAME_FIELD, TooLargeError

Fragments = Mapping[str, FragmentDefinitionNode]


@dataclass
class Cost:
    """The number of fields that a document may still request; the fields of a fragment count at each use."""

    fragments: Fragments
    left: int = MAX_QUERY_FIELDS

    def check(self, selections: SelectionSetNode, depth: int = 1) -> None:
        """Look at one selection set and all in it.

        Raises:
            TooLargeError: too many fields, too deep, or one field of an object too often, by whatever aliases.
            ClientError: a fragment that is not there.
        """
        fields = list(self._fields(selections, depth))
        for name, count in Counter(field.name.value for field in fields).items():
            if count > MAX_SAME_FIELD:
                raise TooLargeError(
                    f"GraphQL: {name} is requested {count} times in one place, and {MAX_SAME_FIELD} are allowed; send"
                    " several queries"
                )
        for field in fields:
            if field.selection_set:
                self.check(field.selection_set, depth + 1)

    def _fields(self, selections: SelectionSetNode, depth: int) -> Iterable[FieldNode]:
        if depth > MAX_QUERY_DEPTH:
            raise TooLargeError(
                f"GraphQL: the query is nested deeper than {MAX_QUERY_DEPTH}, or its fragments form a circle"
            )
        for selection in selections.selections:
            self.left -= 1
            if self.left < 0:
                raise TooLargeError(f"GraphQL: the query has more than {MAX_QUERY_FIELDS} fields")
            if isinstance(selection, FieldNode):
                yield selection
            elif isinstance(selection, InlineFragmentNode):
                yield from self._fields(selection.selection_set, depth + 1)
            elif isinstance(selection, FragmentSpreadNode):
                fragment = self.fragments.get(selection.name.value)
                if fragment is None:
                    raise ClientError("GraphQL: unknown fragment")
                yield from self._fields(fragment.selection_set, depth + 1)
