"""Who calls, for doors that are not the data plane: the same proof, over the same snapshot, awaited to its end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from stockade.core.errors import UnauthenticatedError
from stockade.core.principal import Principal
from stockade.gateway.fetch import FetchError
from stockade.gateway.issuers import Issuers
from stockade.gateway.oauth import request_tokens
from stockade.gateway.ports import Clock
from stockade.guard.identity import Keyring, KeyWantedError, People, Proof, SignIn
from stockade.guard.identity.signin import Begun, Client, authorization_url, code_form
from stockade.guard.pipeline.authentication import prove_caller
from stockade.guard.pipeline.commands import Headers, Introspect, RefreshIssuer


@dataclass(frozen=True, slots=True)
class Callers:
    """Proves callers and ends sign-ins. `keyring` and `people` give the facts of the moment at which they are asked."""

    issuers: Issuers
    clients: dict[str, Client]
    clock: Clock
    keyring: Callable[[], Keyring]
    people: Callable[[], People]

    async def prove(self, headers: Headers) -> Principal:
        """Return who calls by key or token. Fails: UnauthenticatedError, StoppedError."""
        steps = prove_caller(headers, self.keyring(), self.people(), self.clock.now_s())
        answer: object = None
        while True:
            try:
                command = steps.send(answer)
            except StopIteration as stopped:
                principal: Principal = stopped.value
                return principal
            answer = None
            match command:
                case RefreshIssuer(issuer):
                    await self.issuers.refresh(issuer)
                    answer = self.people()
                case Introspect(issuer, token):
                    await self.issuers.active(issuer, token)

    def standing(self, proof: Proof) -> None:
        """Refuse a person who was revoked, or whose issuer is believed no more. Fails: UnauthenticatedError."""
        self.people().check(proof)

    async def sign_in_url(self, begun: Begun) -> str:
        """Return where the browser goes. Fails: UnauthenticatedError where the issuer takes no sign-ins now."""
        try:
            metadata = await self.issuers.metadata(begun.issuer)
        except FetchError as error:
            raise UnauthenticatedError(f"The issuer cannot be reached: {error}.", hint="Try again later.") from error
        return authorization_url(metadata.authorization_endpoint, self.clients[begun.issuer], begun)

    async def signed_in(self, code: str, begun: Begun) -> Proof:
        """Return who signed in, by the ID token that the issuer gives for `code`. Fails: UnauthenticatedError."""
        client = self.clients[begun.issuer]
        try:
            metadata = await self.issuers.metadata(begun.issuer)
            tokens = await request_tokens(self.issuers.address(begun.issuer), metadata, code_form(code, client, begun))
        except FetchError as error:
            raise UnauthenticatedError(f"The issuer gave no token: {error}.", hint="Try again later.") from error
        sign_in = SignIn(client.client_id, begun.nonce)
        text = tokens.id_token.encode()
        try:
            return self.people().prove(text, self.clock.now_s(), sign_in)
        except KeyWantedError as wanted:
            await self.issuers.refresh(wanted.issuer)
            return self.people().prove(text, self.clock.now_s(), sign_in)
