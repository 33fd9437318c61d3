"""Signing in, and the password to do it with."""

from datetime import datetime
from typing import Any

import strawberry
from strawberry import ID, UNSET

from authz import sign_in as signing_in
from authz.access import OUTCOME, PUBLIC
from authz.password_change import PasswordChange, prepare_change
from authz.people_policies import SET_PASSWORD
from authz.rate_limit import RateLimited
from authz.sign_in import SignedIn, SignInFailed
from authz.tokens import Signed, verify
from models import Agent, PartnerUser
from models.operations.problem import Problem
from models.operations.revoke_sessions import revoke_sessions
from models.operations.set_password import set_password as set_hash
from resolvers.act import Act
from resolvers.viewer import viewer_of
from resolvers.writing import MUTATIONS, mutation
from schema.context import Context
from schema.errors import Code, CodedError, bad_input
from schema.fields import column, computed
from schema.payload import UserError
from schema.reading.marks import Mark
from schema.seen import Outcome, Seen
from schema.viewer import Viewer


@strawberry.input
class SignInInput:
    """Email and password; the account's name tells those apart who have the same of both in several."""

    email: str
    password: str
    account: str | None = UNSET


@strawberry.type
class SignInPayload(Outcome):
    """The token to send as `Authorization: Bearer …`, until when it is good, and who it makes one."""

    token: str | None = column(OUTCOME)
    expires_at: datetime | None = column(OUTCOME)
    user_errors: list[UserError] = column(OUTCOME)

    @computed(OUTCOME, reads=Mark.VIEWER)
    def viewer(self, info: strawberry.Info) -> Viewer | None:
        """Who signed in."""
        viewer = info.context.viewer
        return None if viewer is None else viewer_of(viewer)


@computed(PUBLIC, description="Sign in with email and password. It stands alone in its request.")
async def sign_in(self: Seen, info: strawberry.Info, input: SignInInput) -> SignInPayload | None:
    """Sign in with email and password. It stands alone in its request."""
    context: Context = info.context
    context.signs_in = True
    _require_alone(info)
    await context.stop_reading()
    try:
        signed_in = await _sign_in(context, input)
        context.unproved = _signed(context, signed_in)
    finally:
        await context.read_anew()
    _judge_selection(info)
    given = {"token": signed_in.token, "expires_at": signed_in.expires_at, "user_errors": []}
    return SignInPayload.of(given)


MUTATIONS["sign_in"] = sign_in


async def _sign_in(context: Context, input: SignInInput) -> SignedIn:
    try:
        return await signing_in.sign_in(
            context.database,
            context.keys,
            email=input.email,
            password=input.password,
            account_name=input.account or None,
            address=context.address,
        )
    except SignInFailed as failure:
        raise CodedError(Code.UNAUTHENTICATED, str(failure)) from None
    except RateLimited as limited:
        raise _limited(limited) from None


def _signed(context: Context, signed_in: SignedIn) -> Signed:
    signed = verify(context.keys, signed_in.token)
    assert isinstance(signed, Signed)
    return signed


def _require_alone(info: strawberry.Info) -> None:
    """Other fields would be answered for somebody who was not there when they were judged."""
    walk = info.context.walk
    walk.forget(tuple(info.path.as_list()))
    if walk.roots(info.operation) != ["signIn"]:
        raise bad_input("signIn stands alone in its request; send the rest with the token that it gives.")


def _judge_selection(info: strawberry.Info) -> None:
    """See what of the payload is refused by role: who asks is known only now."""
    raw = info._raw_info
    context: Context = info.context
    context.walk.renew(tuple(info.path.as_list()), raw.return_type, raw.field_nodes, context.known_viewer)


@strawberry.input
class SetPasswordInput:
    """A new password: one's own, with the current one if there is one; or that of whoever is named."""

    password: str
    current_password: str | None = UNSET
    agent_id: ID | None = UNSET
    partner_user_id: ID | None = UNSET


async def chosen_password(context: Context, input: SetPasswordInput) -> PasswordChange:
    """The password hashed, and the current one checked: it takes long, so no transaction waits for it."""
    try:
        return await prepare_change(
            context.database,
            context.known_viewer,
            password=input.password,
            current=input.current_password or None,
            request_id=context.request_id,
        )
    except RateLimited as limited:
        raise _limited(limited) from None


@mutation(
    SET_PASSWORD,
    links={"agent_id": "agent", "partner_user_id": "partner_user"},
    before=chosen_password,
    gives=("agent", "partner_user"),
)
async def set_password(act: Act, input: SetPasswordInput) -> Agent | PartnerUser:
    """Set a password; everywhere else where that person is signed in, they are no more."""
    person = await _person(act)
    person = await set_hash(act.by, person, password_hash=_accepted(act, person))
    await revoke_sessions(act.by, person, keep=act.viewer.token_id)
    return person  # type: ignore[no-any-return]


async def _person(act: Act) -> Any:
    agent, partner_user = act.linked("agent_id"), act.linked("partner_user_id")
    if agent and partner_user:
        raise Problem("INVALID", "Name an agent or a partner user, not both.", "partnerUserId")
    if agent or partner_user:
        return await (Agent.get(id=agent) if agent else PartnerUser.get(id=partner_user))
    own = act.viewer.actor_id
    return await (Agent.get(id=own) if act.viewer.is_agent else PartnerUser.get(id=own))


def _accepted(act: Act, person: Agent | PartnerUser) -> str:
    """The new password's hash; one's own is changed with the current one alone."""
    change: PasswordChange = act.prepared
    own = person.id == act.viewer.actor_id
    if own and not change.proves(person.password_hash):
        raise Problem("WRONG_PASSWORD", "This is not your current password.", "currentPassword")
    if change.new_hash is None:
        raise Problem("INVALID", change.refused or "This can't be a password.", "password")
    return change.new_hash


def _limited(limited: RateLimited) -> CodedError:
    return CodedError(Code.RATE_LIMITED, str(limited), retryAfter=limited.retry_after)
