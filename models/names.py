"""Names, as Python and GraphQL write them."""


def camel(name: str) -> str:
    """`expected_close_on` as `expectedCloseOn`."""
    head, *tail = name.split("_")
    return head + "".join(word.capitalize() for word in tail)


def snake(name: str) -> str:
    """`expectedCloseOn` and `ExpectedCloseOn` as `expected_close_on`."""
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name).lstrip("_")
