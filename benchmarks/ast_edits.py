"""Small edits of Python source, as a tired hand would make them."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass

COMPARISONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
OPERATORS: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Add,
    ast.Pow: ast.Mult,
}
# Types and decorators say nothing at run time that a test could see.
UNSEEN_FIELDS = ("annotation", "returns", "decorator_list", "type_params")


@dataclass(frozen=True, slots=True)
class Edit:
    """One edit of one place."""

    number: int
    """Which of the edits of its file."""
    line: int
    first_line: int
    """Where the statement around it begins."""
    last_line: int
    words: str


def edits_of(source: str) -> list[Edit]:
    """Return all edits that can be made, in the order of the source."""
    editor = Editor(None)
    editor.visit(ast.parse(source))
    return editor.edits


def with_edit(source: str, edit: Edit) -> str:
    """Return the source with one edit made; comments and layout go."""
    changed = Editor(edit.number).visit(ast.parse(source))
    return ast.unparse(ast.fix_missing_locations(changed)) + "\n"


class Editor(ast.NodeTransformer):
    """Count the edits that can be made on the way through a file, and make one of them."""

    def __init__(self, number: int | None) -> None:
        self.edits: list[Edit] = []
        self._number = number
        self._statement = 1

    def visit(self, node: ast.AST) -> ast.AST:
        """Note the edits of a node, then those inside it."""
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            return node
        outer = self._statement
        if isinstance(node, ast.stmt):
            self._statement = node.lineno
        chosen = node
        for replacement, before, after in replacements(node):
            if len(self.edits) == self._number:
                chosen = replacement
            self._note(before, f"{_short(before)} -> {_short(after)}")
        if chosen is node:
            self._visit_fields(node)
        self._statement = outer
        return chosen

    def _note(self, node: ast.AST, words: str) -> None:
        first, last = node.lineno, node.end_lineno or node.lineno  # type: ignore[attr-defined]
        if isinstance(node, ast.stmt):
            last = first
        self.edits.append(Edit(len(self.edits), first, min(self._statement, first), last, words))

    def _visit_fields(self, node: ast.AST) -> None:
        hidden = {field: getattr(node, field) for field in UNSEEN_FIELDS if hasattr(node, field)}
        for field, value in hidden.items():
            setattr(node, field, [] if isinstance(value, list) else None)
        self.generic_visit(node)
        for field, value in hidden.items():
            setattr(node, field, value)


def replacements(  # noqa: PLR0912 - one case for each kind of edit
    node: ast.AST,
) -> Iterator[tuple[ast.AST, ast.AST, ast.AST]]:
    """Yield what may stand in the place of a node: it, the part that differs, and that anew."""
    match node:
        case ast.Compare(left=left, ops=ops, comparators=comparators):
            for index, operator in enumerate(ops):
                for other in COMPARISONS[type(operator)]:
                    changed = [*ops[:index], other(), *ops[index + 1 :]]
                    new = ast.copy_location(ast.Compare(left, changed, comparators), node)
                    yield new, node, new
        case ast.BinOp(left=left, op=op, right=right) if type(op) in OPERATORS:
            if not any(_is_text(side) for side in (left, right)):
                new = ast.copy_location(ast.BinOp(left, OPERATORS[type(op)](), right), node)
                yield new, node, new
        case ast.BoolOp(op=op, values=values):
            other = ast.Or() if isinstance(op, ast.And) else ast.And()
            new = ast.copy_location(ast.BoolOp(other, values), node)
            yield new, node, new
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            yield operand, node, operand
        case ast.Constant(value=bool() as value):
            yield ast.copy_location(ast.Constant(not value), node), node, ast.Constant(not value)
        case ast.Constant(value=int() | float() as number):
            yield ast.copy_location(ast.Constant(number + 1), node), node, ast.Constant(number + 1)
        case ast.Return(value=value) if value is not None and ast.unparse(value) != "None":
            yield ast.copy_location(ast.Return(ast.Constant(None)), node), node, ast.Return(None)
        case ast.If(test=test) | ast.While(test=test) | ast.IfExp(test=test) if _can_negate(test):
            fields = {name: getattr(node, name) for name in node._fields} | {"test": _negated(test)}
            yield ast.copy_location(type(node)(**fields), node), test, _negated(test)
        case ast.comprehension(ifs=[*_, last]) if _can_negate(last):
            changed_ifs = [*node.ifs[:-1], _negated(last)]
            new_for = ast.comprehension(node.target, node.iter, changed_ifs, node.is_async)
            yield new_for, last, _negated(last)
        case ast.Slice(lower=lower, upper=upper, step=step):
            if lower is not None and not isinstance(lower, ast.Constant):
                yield (
                    ast.copy_location(ast.Slice(_moved(lower), upper, step), node),
                    lower,
                    _moved(lower),
                )
            if upper is not None and not isinstance(upper, ast.Constant):
                yield (
                    ast.copy_location(ast.Slice(lower, _moved(upper), step), node),
                    upper,
                    _moved(upper),
                )


def _can_negate(test: ast.expr) -> bool:
    # A comparison and a `not` are turned round already.
    return not isinstance(test, ast.Compare | ast.UnaryOp)


def _negated(test: ast.expr) -> ast.expr:
    return ast.copy_location(ast.UnaryOp(ast.Not(), test), test)


def _moved(bound: ast.expr) -> ast.expr:
    return ast.copy_location(ast.BinOp(bound, ast.Add(), ast.Constant(1)), bound)


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.JoinedStr) or (
        isinstance(node, ast.Constant) and isinstance(node.value, str)
    )


def _short(node: ast.AST, limit: int = 60) -> str:
    text = " ".join(ast.unparse(ast.fix_missing_locations(node)).split())
    return text if len(text) <= limit else f"{text[: limit - 3]}..."
