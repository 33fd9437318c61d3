"""Imports point one way: server → commands → resolvers → schema → authz → models."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
LAYERS = ["models", "authz", "schema", "resolvers", "commands", "server"]
"""From the bottom to the top: each may import what comes before it."""

BESIDE = {"settings": "commands", "migrations": "models"}
"""What stands beside the layers, and the layer at whose height it stands."""

FORBIDDEN = {
    "models": {"strawberry", "graphql", "starlette", "click", "uvicorn"},
    "authz": {"starlette", "click", "uvicorn"},
    "schema": {"click", "uvicorn"},
    "resolvers": {"click", "uvicorn"},
}
"""What a layer knows nothing of."""

FILES = sorted(
    path
    for path in ROOT.rglob("*.py")
    if path.relative_to(ROOT).parts[0].removesuffix(".py") in {*LAYERS, *BESIDE}
)


def layer_of(path: Path) -> str:
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


def height_of(package: str) -> int | None:
    package = BESIDE.get(package, package)
    return LAYERS.index(package) if package in LAYERS else None


def imports_of(path: Path) -> Iterator[str]:
    """Every module that a file imports, at its head or inside a function."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_imports_nothing_from_above(path: Path) -> None:
    own = height_of(layer_of(path))
    assert own is not None
    above = [
        name
        for name in imports_of(path)
        if (height := height_of(name.split(".")[0])) is not None and height > own
    ]
    assert above == []
    unknown = FORBIDDEN.get(layer_of(path), set())
    assert [name for name in imports_of(path) if name.split(".")[0] in unknown] == []


@pytest.mark.parametrize(
    "path",
    [path for path in FILES if path.is_relative_to(ROOT / "models" / "rules")],
    ids=lambda path: path.name,
)
def test_rules_know_no_database_and_never_wait(path: Path) -> None:
    allowed = {"models.rules", "models.clock"}
    own = [name for name in imports_of(path) if name.split(".")[0] in LAYERS]
    assert [name for name in own if not any(name.startswith(each) for each in allowed)] == []
    assert "tortoise" not in {name.split(".")[0] for name in imports_of(path)}
    waits = (ast.Await, ast.AsyncFunctionDef, ast.AsyncFor, ast.AsyncWith)
    assert not [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, waits)]


def test_no_import_is_relative() -> None:
    relative = [
        path
        for path in FILES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and node.level
    ]
    assert relative == []


def test_there_is_something_to_look_at() -> None:
    assert {layer_of(path) for path in FILES} >= set(LAYERS)
