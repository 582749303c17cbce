"""Python without its texts: what is left must not depend on what anybody wrote in them."""

import ast
import copy


def skeleton(tree: ast.Module) -> str:
    return ast.dump(_Emptied().visit(copy.deepcopy(tree)))


def constants(tree: ast.Module) -> set[str]:
    """All texts in it."""
    return {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}


class _Emptied(ast.NodeTransformer):
    def visit_Constant(self, node: ast.Constant) -> ast.Constant:
        return ast.Constant(value="") if isinstance(node.value, str) else node
