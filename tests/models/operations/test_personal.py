"""What is personal: no text of any table is forgotten, be it there now or added later."""

from typing import Any

import pytest
from tortoise import Model

import models
from models import Account, Contact, Conversation, Deal, Message, Role
from models.operations import account_columns, contact_text, conversation_text, deal_columns, role_columns
from models.operations.personal import ERASED_BY_NAME, NOT_PERSONAL, personal, texts, undeclared, wordy
from models.operations.problem import Problem
from models.operations.text import LONGEST, Unchecked, checked, optional

EMPTIED = (Contact, Conversation, Message)
"""Whose personal texts `eraseContact` empties by itself."""

TABLES = [
    model
    for model in vars(models).values()
    if isinstance(model, type) and issubclass(model, Model) and not model._meta.abstract
]
CHECKED = {
    Contact: (contact_text.checked, texts(Contact)),
    Conversation: (conversation_text.checked, texts(Conversation)),
    Deal: (deal_columns.checked, texts(Deal)),
    Account: (account_columns.checked, ("name",)),
    Role: (role_columns.checked, ("name",)),
}


@pytest.mark.parametrize("model", TABLES, ids=lambda model: model._meta.db_table)
def test_each_text_of_each_table_is_erased_or_said_not_to_be_personal(model: type[Model]) -> None:
    left = list(undeclared(model, wordy(model)))
    erased = personal(model) if model in EMPTIED else ()
    assert sorted(set(left) - set(erased)) == [], (
        f"Does eraseContact take these columns of {model._meta.db_table} away? "
        "Say so, or why not, in models/operations/personal.py."
    )


def test_what_is_said_is_said_of_columns_that_are_there() -> None:
    tables = {model._meta.db_table: model for model in TABLES}
    for named in (*NOT_PERSONAL, *ERASED_BY_NAME):
        table, _, column = named.partition(".")
        assert wordy(tables[table]), f"{table} holds no text"
        assert not column or column in wordy(tables[table]), f"{named} holds no text"
    assert not NOT_PERSONAL.keys() & ERASED_BY_NAME.keys()


def test_what_tells_of_a_contact() -> None:
    assert set(personal(Contact)) >= {"name", "email", "phone", "address", "company", "notes"}
    assert set(personal(Conversation)) >= {"subject"}
    assert set(personal(Message)) >= {"body"}


@pytest.mark.parametrize("text", ["\0", "\ud800", "x" * (LONGEST + 1)], ids=["NUL", "surrogate", "long"])
@pytest.mark.parametrize("model", CHECKED, ids=lambda model: model._meta.db_table)
def test_each_text_is_checked(model: type[Model], text: str) -> None:
    check, columns = CHECKED[model]
    for column in columns:
        with pytest.raises(Problem):
            check({column: text})


@pytest.mark.parametrize("check", [each for each, _ in CHECKED.values()], ids=lambda each: each.__module__)
def test_a_text_that_nothing_checks_is_no_text_to_write(check: Any) -> None:
    with pytest.raises(Unchecked, match="no_such_text"):
        check({"no_such_text": "Bo"})


def test_a_problem_names_the_field_as_the_input_does() -> None:
    with pytest.raises(Problem) as caught:
        checked({"nick_name": "\0"}, {"nick_name": optional})
    assert caught.value.field == "nickName"
