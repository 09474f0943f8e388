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
    ast.In: (ast.NotIn,),  # codespell:ignore notin
    ast.NotIn: (ast.In,),  # codespell:ignore notin
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


def replacements(node: ast.AST) -> Iterator[tuple[ast.AST, ast.AST, ast.AST]]:
    """Yield what may stand in the place of a node: it, the part that differs, and that anew."""
    if isinstance(node, ast.Constant | ast.Compare | ast.BinOp | ast.BoolOp | ast.UnaryOp):
        for new in other_values(node):
            yield ast.copy_location(new, node), node, new
    else:
        for name, old, new_part in other_parts(node):
            fields = {field: getattr(node, field) for field in node._fields} | {name: new_part}
            whole = ast.copy_location(type(node)(**fields), node)
            is_whole = isinstance(node, ast.Return)
            yield whole, node if is_whole else old, whole if is_whole else new_part


def other_values(node: ast.expr) -> Iterator[ast.expr]:
    """Yield expressions that a slip would leave in the place of this one."""
    match node:
        case ast.Compare(left=left, ops=ops, comparators=comparators):
            for index, operator in enumerate(ops):
                for other in COMPARISONS[type(operator)]:
                    changed = [*ops[:index], other(), *ops[index + 1 :]]
                    yield ast.Compare(left, changed, comparators)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in OPERATORS:
            if not any(_is_text(side) for side in (left, right)):
                yield ast.BinOp(left, OPERATORS[type(op)](), right)
        case ast.BoolOp(op=op, values=values):
            yield ast.BoolOp(ast.Or() if isinstance(op, ast.And) else ast.And(), values)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            yield operand
        case ast.Constant(value=bool() as value):
            yield ast.Constant(not value)
        case ast.Constant(value=int() | float() as number):
            yield ast.Constant(number + 1)


def other_parts(node: ast.AST) -> Iterator[tuple[str, ast.expr, ast.expr]]:
    """Yield the field of a node that a slip would change, with what is there and would be."""
    match node:
        case ast.Return(value=ast.expr() as value) if ast.unparse(value) != "None":
            yield "value", value, ast.Constant(None)
        case ast.If(test=test) | ast.While(test=test) | ast.IfExp(test=test) if _can_negate(test):
            yield "test", test, _negated(test)
        case ast.Slice(lower=lower, upper=upper):
            for name, bound in (("lower", lower), ("upper", upper)):
                # A number is moved as every other number is.
                if bound is not None and not isinstance(bound, ast.Constant):
                    yield name, bound, _moved(bound)


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
