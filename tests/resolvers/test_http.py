"""What comes over HTTP, good and bad: each gets the contract's answer, and the server goes on."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
from graphql import FragmentDefinitionNode, OperationDefinitionNode, parse, validate
from starlette.applications import Starlette

from authz.key_sets import KeySets
from authz.tokens import issue_token
from authz.viewer import Viewer, ViewerKind
from models import AgentStatus, IsolationMode, Reach, Scope, UnownedVisibility, clock
from models.database import Database
from resolvers.http import routes
from resolvers.schema import schema
from schema.global_id import to_global
from schema.refusals import Walk
from tests.authz.forging import forge
from tests.resolvers.support import KEYS, Scene, gid, make_scene

LONGEST_ANSWER = 200_000
AN_ADMINISTRATOR = Viewer(
    kind=ViewerKind.AGENT,
    account_id=uuid4(),
    access_version=1,
    currency="USD",
    time_zone="UTC",
    sales_module=True,
    granular=True,
    isolation_mode=IsolationMode.STRICT,
    unowned_visibility=UnownedVisibility.MANAGERS,
    agent_id=uuid4(),
    scope=Scope.ACCOUNT,
    reach=Reach.SCOPE,
)


@dataclass
class Server:
    """The endpoint in process, and the small account that it serves."""

    client: httpx.AsyncClient
    scene: Scene
    bearer: str

    async def ask(self, query: str, variables: Any = None, bearer: str | None = "own") -> tuple[int, Any]:
        """The status and the body that a query gets, asked as Ana unless another token is given."""
        body = json.dumps({"query": query, "variables": variables}).encode()
        return await self.post(body, bearer)

    async def post(self, body: bytes, bearer: str | None = "own") -> tuple[int, Any]:
        """The same for any body."""
        token = self.bearer if bearer == "own" else bearer
        headers = {} if token is None else {"authorization": f"Bearer {token}"}
        response = await self.client.post("/graphql", content=body, headers=headers)
        assert len(response.content) < LONGEST_ANSWER
        return response.status_code, response.json()

    async def still_answers(self) -> None:
        """The server goes on: the next good request is answered as ever."""
        status, body = await self.ask("{ deals { totalCount } }")
        assert (status, body) == (200, {"data": {"deals": {"totalCount": 1}}})


@pytest.fixture
async def server(database: Database) -> AsyncIterator[Server]:
    """A server in which Ana owns one deal."""
    scene = await make_scene(database)
    await scene.deal(owner=scene.ana, team=scene.north)
    bearer = await issue_token(
        database, KEYS, account=scene.account.id, agent=scene.ana.id, ttl=timedelta(hours=1)
    )
    app = Starlette(routes=routes(database, KEYS, KeySets(development=True), development=False))
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://carteira") as client:
        yield Server(client, scene, bearer)


def code(body: Any) -> str:
    """The one code that every error has."""
    (found,) = {error["extensions"]["code"] for error in body["errors"]}
    return str(found)


async def test_graphiql_for_a_browser(server: Server) -> None:
    page = await server.client.get("/graphql", headers={"accept": "text/html"})
    assert page.status_code == 200
    assert "graphiql" in page.text.lower()


async def test_what_is_asked_by_get_is_told_to_post(server: Server) -> None:
    query = {"query": "{ viewer { kind } }"}
    answer = await server.client.get("/graphql", params=query, headers={"accept": "application/json"})
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
    assert code(answer.json()) == "BAD_USER_INPUT"


async def test_a_batch_is_told_to_come_one_by_one(server: Server) -> None:
    answer = await server.client.post("/graphql", json=[{"query": "{ viewer { kind } }"}])
    assert (answer.status_code, code(answer.json())) == (400, "BAD_USER_INPUT")
    assert "Batches" in answer.json()["errors"][0]["message"]


def _claims(server: Server, **changed: Any) -> dict[str, Any]:
    now = int(clock.now().timestamp())
    ana = server.scene.ana
    return {
        "iss": "carteira",
        "aud": str(server.scene.account.id),
        "sub": str(ana.id),
        "kind": "AGENT",
        "jti": str(ana.id),
        "iat": now,
        "exp": now + 60,
        **changed,
    }


@pytest.mark.parametrize("bearer", ["", "abc", "a.b.c", "carteira_short", "é", "x" * 70_000, "a" * 43 + "."])
async def test_a_malformed_token(server: Server, bearer: str) -> None:
    body = json.dumps({"query": "{ viewer { kind } }"}).encode()
    raw = b"Bearer " + bearer.encode()
    response = await server.client.post("/graphql", content=body, headers=[(b"authorization", raw)])
    assert (response.status_code, code(response.json())) == (401, "UNAUTHENTICATED")
    await server.still_answers()


@pytest.mark.parametrize("scheme", ["Basic", "bearer:", "Token"])
async def test_another_scheme_than_bearer(server: Server, scheme: str) -> None:
    response = await server.client.post(
        "/graphql", content=b"{}", headers={"authorization": f"{scheme} {server.bearer}"}
    )
    assert response.status_code in (400, 401)
    await server.still_answers()


async def test_forged_tokens(server: Server) -> None:
    own = {"alg": "HS256", "typ": "JWT"}
    forged = {
        "another key": forge(own, _claims(server), b"another key of thirty-two bytes!"),
        "no algorithm": forge({"alg": "none"}, _claims(server), KEYS.sign_in),
        "another algorithm": forge({"alg": "HS512"}, _claims(server), KEYS.sign_in),
        "an asymmetric algorithm": forge({"alg": "RS256"}, _claims(server), KEYS.sign_in),
        "expired": forge(own, _claims(server, exp=1), KEYS.sign_in),
        "no such token": forge(own, _claims(server), KEYS.sign_in),
        "the cursors' key": forge(own, _claims(server), KEYS.cursors),
    }
    for what, bearer in forged.items():
        status, body = await server.ask("{ viewer { kind } }", bearer=bearer)
        assert (what, status, code(body)) == (what, 401, "UNAUTHENTICATED")
    await server.still_answers()


@pytest.mark.parametrize("status", [AgentStatus.SUSPENDED, AgentStatus.DEACTIVATED])
async def test_the_token_of_one_who_is_no_longer_active(server: Server, status: AgentStatus) -> None:
    ana = server.scene.ana
    ana.status = status
    async with server.scene.database.writing():
        await ana.save(update_fields=["status"])
    answered, body = await server.ask("{ viewer { kind } }")
    assert (answered, code(body), body["data"]) == (401, "UNAUTHENTICATED", None)


async def test_without_a_token_there_is_sign_in_alone(server: Server) -> None:
    assert await server.ask("{ __typename }", bearer=None) == (200, {"data": {"__typename": "Query"}})
    status, body = await server.ask("{ viewer { kind } deals { totalCount } }", bearer=None)
    assert status == 401
    assert body["data"] == {"viewer": None, "deals": None}
    assert {error["extensions"]["code"] for error in body["errors"]} == {"UNAUTHENTICATED"}
    status, body = await server.ask("{ __schema { queryType { name } } }", bearer=None)
    assert code(body) == "GRAPHQL_VALIDATION_FAILED"


async def test_without_a_token_a_document_is_short(server: Server) -> None:
    long = "{" + " viewer { kind }" * 700 + "}"
    status, body = await server.ask(long, bearer=None)
    assert (status, code(body), body["data"]) == (200, "QUERY_TOO_COMPLEX", None)
    assert "until you sign in" in body["errors"][0]["message"]
    await server.still_answers()


@pytest.mark.parametrize("bearer", ["own", None])
async def test_a_document_is_validated_once(
    bearer: str | None, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    validated: list[Any] = []

    def counting(*given: Any, **named: Any) -> Any:
        validated.append(given)
        return validate(*given, **named)

    for module in ("schema.reading.documents", "strawberry.schema.schema"):
        monkeypatch.setattr(f"{module}.validate", counting)
    for query in (f"{{ nothing{uuid4().hex} }}", f"query Q{uuid4().hex} {{ __typename }}"):
        validated.clear()
        _, body = await server.ask(query, bearer=bearer)
        assert len(validated) == 1, body
        await server.still_answers()


async def test_no_suggestions_for_those_who_may_not_introspect(server: Server) -> None:
    for query, variables in (
        ("{ dealz }", None),
        ('{ deal(idd: "x") { id } }', None),
        ("query($v: DealFiltr) { deals(filter: $v) { totalCount } }", None),
        ("query($v: DealFilter) { deals(filter: $v) { totalCount } }", {"v": {"titel": {"eq": "x"}}}),
        ("{ deals(filter: {status: {eq: WONN}}) { totalCount } }", None),
        ('{ deals(filter: {owner: {name: {eq: "x"}}}) { totalCount } }', None),
        (FILTERED, {"v": {"owner": {"name": {"eq": "x"}}}}),
    ):
        _, body = await server.ask(query, variables, bearer=None)
        assert "Did you mean" not in json.dumps(body)


FILTERED = "query($v: DealFilter) { deals(filter: $v) { totalCount } }"


@pytest.mark.parametrize(
    ("written", "value", "says"),
    [
        (
            '{createdAt: {gt: "noon"}}',
            {"createdAt": {"gt": "noon"}},
            " at .createdAt.gt: An instant is written",
        ),
        (
            "{title: {eq: {a: true}}}",
            {"title": {"eq": {"a": True}}},
            " at .title.eq: String cannot represent a",
        ),
        ("{title: {eq: true}}", {"title": {"eq": True}}, "non string value: true"),
        ("{title: {in: [null]}}", {"title": {"in": [None]}}, " at .title.in[0]: Expected value of non-null"),
        ("{title: {in: [null]}}", {"title": {"in": [None]}}, "'String!' not to be null."),
        ("{status: {eq: WIN}}", {"status": {"eq": "WIN"}}, " at .status.eq: Value 'WIN' does not exist in"),
        ("{any: 3}", {"any": 3}, " at .any: Expected value of type 'DealFilter' to be an object, found: 3."),
        ('{title: "x"}', {"title": "x"}, " at .title: Expected value of type 'TextFilter' to be an object"),
        ('{title: "x"}', {"title": "x"}, 'found: "x".'),
        ('{amount: {eq: "1e5"}}', {"amount": {"eq": "1e5"}}, " at .amount.eq: A decimal is written as"),
        ("{amount: {eq: 1}}", {"amount": {"eq": 1}}, " at .amount.eq: A decimal is written as"),
    ],
)
async def test_a_wrong_value_is_told_alike_inline_and_in_a_variable(
    server: Server, written: str, value: Any, says: str
) -> None:
    inline = await server.ask(f"{{ deals(filter: {written}) {{ totalCount }} }}")
    asked = await server.ask(FILTERED, {"v": value})
    for (status, body), whose in ((inline, "Argument 'filter'"), (asked, "Variable '$v'")):
        (error,) = body["errors"]
        assert (status, error["extensions"]) == (200, {"code": "BAD_USER_INPUT"})
        assert error["message"].startswith(f"{whose} has invalid value")
        assert says in error["message"]
        assert error["locations"]


@pytest.mark.parametrize(
    ("written", "value", "says"),
    [
        ("{owner: {name: null}}", {"owner": {"name": None}}, "'name'. Did you mean `is: {name: …}`? Found: "),
        ("{owner: {nam: null}}", {"owner": {"nam": None}}, "unknown field 'nam'"),
        ("{payments: {kind: null}}", {"payments": {"kind": None}}, "Did you mean `some: {kind: …}`? Found: "),
        ("{titel: null}", {"titel": None}, "unknown field 'titel'. Did you mean 'title'? Found: "),
    ],
)
async def test_a_name_that_an_input_does_not_have(
    server: Server, written: str, value: Any, says: str
) -> None:
    for query, variables in (
        (f"{{ deals(filter: {written}) {{ totalCount }} }}", None),
        (FILTERED, {"v": value}),
    ):
        _, body = await server.ask(query, variables)
        assert code(body) == "GRAPHQL_VALIDATION_FAILED"
        assert says in body["errors"][0]["message"]


async def test_a_default_that_is_no_value_of_its_type(server: Server) -> None:
    _, body = await server.ask('query($n: Int = "x") { deals(first: $n) { totalCount } }')
    assert code(body) == "BAD_USER_INPUT"
    assert body["errors"][0]["message"].startswith("Variable '$n' has invalid value: Int cannot")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff\xfe",
        b'{"query": 1}',
        b'{"query": "{ __typename }", "variables": []}',
        b'{"query": "{ __typename }", "operationName": 1}',
        b'{"query": "{ __typename \\u0000 }"}',
        b'{"query": "{ __typename }", "variables": {"a": "\\u0000"}}',
        b'{"query": "{ __typename }", "variables": {"a": ["\\ud800"]}}',
        b'{"query": "{ __typename }", "variables": {"\\udc00": 1}}',
        b"[" * 100_000,
        b'{"query": "{ __typename }", "variables": {"a": ' + b"[" * 90 + b"]" * 90 + b"}}",
    ],
)
async def test_a_malformed_request(server: Server, body: bytes) -> None:
    status, answered = await server.post(body)
    assert (status, code(answered)) == (400, "BAD_USER_INPUT")
    await server.still_answers()


@pytest.mark.parametrize(
    ("body", "place"),
    [
        (b'{"query": "{\\n __typename\\u0000 }"}', "The document, line 2, column 12: "),
        (b'{"query": "{\\n a(b: \\"\\\\u0000\\") }"}', "The document, line 2, column 8: "),
        (b'{"query": "{ \\ud800 }"}', "The document, line 1, column 3: "),
        (b'{"query": "{ x }", "variables": {"a": "\\u0000"}}', "$a: "),
        (b'{"query": "{ x }", "variables": {"a": {"b": ["", "\\ud800"]}}}', "$a.b.1: "),
        (b'{"query": "{ x }", "variables": {"a": {"\\u0000": 1}}}', "A name in $a: "),
        (b'{"query": "{ x }", "variables": {"\\udc00": 1}}', "A name in the variables: "),
    ],
)
async def test_what_no_text_holds_is_said_with_its_place(server: Server, body: bytes, place: str) -> None:
    _, answered = await server.post(body)
    assert code(answered) == "BAD_USER_INPUT"
    assert answered["errors"][0]["message"].startswith(place)


async def test_a_request_without_an_operation_to_run(server: Server) -> None:
    for body in (
        b'{"query": ""}',
        b'{"query": "fragment F on Deal { id }"}',
        b'{"query": "query A { __typename } query B { __typename }"}',
        b'{"query": "query A { __typename }", "operationName": "B"}',
    ):
        status, answered = await server.post(body)
        assert status in (200, 400), (body, answered)
        assert code(answered) in ("BAD_USER_INPUT", "GRAPHQL_PARSE_FAILED", "GRAPHQL_VALIDATION_FAILED")
    await server.still_answers()


async def test_one_of_several_operations_is_named(server: Server) -> None:
    body = {"query": "query A { a: __typename } query B { b: __typename }", "operationName": "B"}
    assert await server.post(json.dumps(body).encode()) == (200, {"data": {"b": "Query"}})


async def test_a_body_beyond_the_limit(server: Server) -> None:
    status, body = await server.post(b" " * (9 * 1024 * 1024))
    assert (status, code(body)) == (413, "QUERY_TOO_COMPLEX")
    await server.still_answers()


@pytest.mark.parametrize(
    "query",
    [
        "{ " + " ".join(f"a{n}: __typename" for n in range(10_000)) + " }",
        "{ deals " + "{ nodes { contact { deals " * 60 + "{ totalCount }" + " } } }" * 60 + " }",
        "{ ..." * 1,
        "{ deals(filter: " + "{not: " * 900 + "{}" + "}" * 900 + ") { totalCount } }",
        "{ deals(filter: {any: [" + '{title: {eq: "a"}} ' * 700 + "]}) { totalCount } }",
        "{ deals(orderBy: [" + "{field: TITLE} " * 11 + "]) { totalCount } }",
        "{ deals(first: 200) { nodes { contact { deals(first: 200) { nodes { contact { deals(first: 200)"
        " { nodes { id } } } } } } } } }",
        "query { ...F0 } "
        + " ".join(
            f"fragment F{n} on Query {{ a: viewer {{ agent {{ id }} }} ...F{n + 1} }}" for n in range(50)
        )
        + " fragment F50 on Query { __typename }",
        "query { a { ...F } } fragment F on Query { ...F }",
    ],
    ids=[
        "aliases",
        "depth",
        "cut off",
        "filter depth",
        "filter width",
        "order width",
        "pages",
        "fragments",
        "cycle",
    ],
)
async def test_a_query_without_measure(server: Server, query: str) -> None:
    status, body = await server.ask(query)
    assert status == 200
    for error in body.get("errors", ()):
        assert error["extensions"]["code"] in (
            "QUERY_TOO_COMPLEX",
            "GRAPHQL_PARSE_FAILED",
            "GRAPHQL_VALIDATION_FAILED",
        )
    await server.still_answers()


async def test_an_exponential_document_is_refused_before_it_runs(server: Server) -> None:
    doubling = "".join(
        f"fragment F{n} on Deal {{ a: contact {{ deals {{ nodes {{ ...F{n + 1} }} }} }} "
        f"b: contact {{ deals {{ nodes {{ ...F{n + 1} }} }} }} }} "
        for n in range(12)
    )
    query = "{ deals { nodes { ...F0 } } } " + doubling + "fragment F12 on Deal { id }"
    _, body = await server.ask(query)
    assert code(body) == "QUERY_TOO_COMPLEX"


@pytest.mark.parametrize("argument", ["first: 0", "first: -1", "first: 201", "last: 0", "first: 1, last: 1"])
async def test_pages_out_of_range(server: Server, argument: str) -> None:
    status, body = await server.ask(f"{{ deals({argument}) {{ totalCount }} }}")
    assert (status, code(body), body["data"]) == (200, "BAD_USER_INPUT", {"deals": None})


@pytest.mark.parametrize(
    ("declared", "place", "sent"),
    [
        ("Int", "first: $v", 2**31),
        ("Int", "first: $v", 1.5),
        ("Int", "first: $v", "1"),
        ("Decimal", "filter: {amount: {gt: $v}}", 1.5),
        ("Decimal", "filter: {amount: {gt: $v}}", "1e9"),
        ("Decimal", "filter: {amount: {gt: $v}}", "NaN"),
        ("DateTime", "filter: {createdAt: {gt: $v}}", "2026-02-30T00:00:00Z"),
        ("DateTime", "filter: {createdAt: {gt: $v}}", "2026-01-01"),
        ("DateTime", "filter: {createdAt: {gt: $v}}", "0001-01-01T00:00:00+14:00"),
        ("Date", "filter: {expectedCloseOn: {gt: $v}}", "2026-13-01"),
        ("Date", "filter: {expectedCloseOn: {gt: $v}}", 5),
    ],
)
async def test_values_out_of_form(server: Server, declared: str, place: str, sent: Any) -> None:
    query = f"query($v: {declared}!) {{ deals({place}) {{ totalCount }} }}"
    status, body = await server.ask(query, {"v": sent})
    assert (status, code(body)) == (200, "BAD_USER_INPUT"), body
    await server.still_answers()


@pytest.mark.parametrize("amount", ["9" * 30, "-" + "9" * 30, "0.000000000001"])
async def test_amounts_that_no_deal_can_have_are_compared_all_the_same(server: Server, amount: str) -> None:
    query = "query($v: Decimal) { deals(filter: {amount: {gt: $v}}) { totalCount } }"
    _, body = await server.ask(query, {"v": amount})
    expected = 0 if amount.startswith("9") else 1
    assert body == {"data": {"deals": {"totalCount": expected}}}


@pytest.mark.parametrize(
    "text", ["", "%", "_", "\\", "'", '"', "é", "ß", "🚲", "日本語", "\u202e", "a" * 50_000, "?", "$1", "{}"]
)
async def test_text_in_any_script_and_length(server: Server, text: str) -> None:
    deal = await server.scene.deal(owner=server.scene.ana, title=f"x{text}y")
    query = "query($v: String) { deals(filter: {title: {contains: $v}}) { nodes { id title } } }"
    _, body = await server.ask(query, {"v": f"X{text}".swapcase() if text == "ß" else f"x{text}"})
    assert {"id": gid(deal), "title": f"x{text}y"} in body["data"]["deals"]["nodes"]


async def test_ids_of_nothing(server: Server) -> None:
    other = await make_scene(server.scene.database, "Other")
    theirs = await other.deal(owner=other.ana)
    bens = await server.scene.deal(owner=server.scene.ben)
    own = await server.scene.contact(owner=server.scene.ana)
    ids = ["", "x", "é", "=" * 9, "RGVhbDo=", gid(theirs), gid(bens), gid(own), to_global("Deal", own.id)]
    ids += [to_global("Nothing", own.id), gid(bens).rstrip("="), gid(bens) + "\n", "a" * 100_000]
    query = "query($id: ID!) { deal(id: $id) { id } }"
    answers = [await server.ask(query, {"id": id}) for id in ids]
    assert answers == [(200, {"data": {"deal": None}})] * len(ids)
    write = "mutation($id: ID!) { winDeal(input: {id: $id}) { deal { id } } }"
    for id in ids:
        _, body = await server.ask(write, {"id": id})
        assert (code(body), body["data"]) == ("NOT_FOUND", {"winDeal": None})


async def test_tampered_and_foreign_cursors(server: Server) -> None:
    scene = server.scene
    for title in "abc":
        await scene.deal(owner=scene.ana, title=title)
    page = (
        "query($after: String, $filter: DealFilter, $order: [DealOrder!]) { deals(first: 1, after: $after, "
    )
    page += "filter: $filter, orderBy: $order) { pageInfo { endCursor } nodes { title } } }"
    by_title = [{"field": "TITLE", "direction": "ASC"}]
    _, body = await server.ask(page, {"order": by_title})
    cursor = body["data"]["deals"]["pageInfo"]["endCursor"]
    _, body = await server.ask(page, {"order": by_title, "after": cursor})
    assert [node["title"] for node in body["data"]["deals"]["nodes"]] == ["b"]
    bens = await issue_token(
        scene.database, KEYS, account=scene.account.id, agent=scene.ben.id, ttl=timedelta(hours=1)
    )
    flipped = cursor[:-2] + ("A" if cursor[-2] != "A" else "B") + cursor[-1]
    for bad in ("", "x", "é", cursor[:-1], flipped, cursor + "=", "A" * 2_000_000):
        _, body = await server.ask(page, {"order": by_title, "after": bad})
        assert code(body) == "INVALID_CURSOR"
    for variables in ({}, {"order": by_title, "filter": {"title": {"eq": "b"}}}):
        _, body = await server.ask(page, {**variables, "after": cursor})
        assert code(body) == "INVALID_CURSOR"
    _, body = await server.ask(page, {"order": by_title, "after": cursor}, bearer=bens)
    assert code(body) == "INVALID_CURSOR"


@pytest.mark.parametrize("where", ["planning.Planner.one", "plan.Plan.params", "answering.Reading._plan"])
async def test_an_incident_tells_its_id_and_nothing_else(
    where: str, server: Server, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fails(*_: Any) -> None:
        raise ValueError("a secret amount: 1054")

    monkeypatch.setattr(f"schema.reading.{where}", fails)
    _, body = await server.ask('{ deal(id: "x") { id } }')
    error = body["errors"][0]
    assert error["extensions"]["code"] == "INTERNAL_SERVER_ERROR"
    assert "1054" not in json.dumps(body)
    assert error["extensions"]["id"] in caplog.text


def test_a_fragment_spread_often_at_one_place_is_walked_once() -> None:
    spread = "portfolio { owner { ...A%d } } " * 3
    fragments = "".join(f"fragment A{n} on Agent {{ {spread % (n + 1, n + 1, n + 1)} }} " for n in range(12))
    document = parse("{ agents { nodes { ...A0 } } } " + fragments + "fragment A12 on Agent { id }")
    operation, *rest = document.definitions
    named = {
        fragment.name.value: fragment for fragment in rest if isinstance(fragment, FragmentDefinitionNode)
    }
    walk = Walk(schema._schema, named, {}, AN_ADMINISTRATOR, KEYS)
    assert isinstance(operation, OperationDefinitionNode)
    walk.operation(operation)
    assert walk.places > 12
    assert walk.nodes < 200


async def test_variables_without_measure(server: Server) -> None:
    query = "query($f: DealFilter) { deals(filter: $f) { totalCount } }"
    status, body = await server.ask(query, {"f": {"any": [{"title": {"eq": "a"}}] * 2_000}})
    assert (status, code(body)) == (413, "QUERY_TOO_COMPLEX")


async def test_mutations_without_measure(server: Server) -> None:
    many = " ".join(f'a{n}: createTeam(input: {{name: "T{n}"}}) {{ team {{ id }} }}' for n in range(21))
    _, body = await server.ask("mutation { " + many + " }")
    assert code(body) == "QUERY_TOO_COMPLEX"


async def test_who_revokes_their_own_token_is_told_at_the_next_mutation(server: Server) -> None:
    data = await server.ask("{ viewer { tokens { id } } }")
    (token,) = data[1]["data"]["viewer"]["tokens"]
    _, body = await server.ask(
        "mutation($id: ID!) { revokeToken(input: {id: $id}) { userErrors { code } } "
        'createDeal(input: {title: "Late"}) { deal { id } } }',
        {"id": token["id"]},
    )
    assert body["data"]["createDeal"] is None
    assert code(body) == "UNAUTHENTICATED"
