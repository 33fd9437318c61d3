"""Where the generated inputs live, one filter and one ordering a type (made by schema/filters.py).

Fields that take them name them in text, as they are made once all types are declared.
"""

from typing import Any, Optional

from strawberry import ID

NAMESPACE = globals()
"""What the names in annotations mean: live, so that inputs made later are found."""


def keep(cls: Any) -> Any:
    """Let annotations find this input by its name."""
    NAMESPACE[cls.__name__] = cls
    return cls


__all__ = ["ID", "NAMESPACE", "Optional", "keep"]
