"""`Accounts`: users and passwords by HTTP Basic, the one mechanism that covers every route of a page alike."""

import base64
import binascii
import hashlib
import secrets
from collections.abc import Mapping

from starlette.datastructures import Headers

from gemma2_workbench.apps.serving.limits import Buckets
from gemma2_workbench.apps.serving.refusal import Refusal

# Wrong passwords that one address may try: at once, and then per second.
TRIES, TRIES_PER_SECOND = 10, 10 / 60
CHALLENGE = {"WWW-Authenticate": 'Basic realm="Gemma 2 workbench", charset="UTF-8"'}


class Accounts:
    """Who is signed in; without accounts everybody is, without a name.

    Args:
        accounts: passwords by user.
        tries: how often an address may be wrong.
    """

    def __init__(self, accounts: Mapping[str, str], tries: Buckets | None = None) -> None:
        self._users = {_digest(f"{user}:{password}".encode()): user for user, password in accounts.items()}
        self._tries = tries or Buckets(TRIES, TRIES_PER_SECOND)

    def __bool__(self) -> bool:
        """Whether there are any."""
        return bool(self._users)

    def user(self, headers: Headers, address: str) -> str:
        """The user whose name and password a request carries.

        Args:
            headers: of the request.
            address: where it comes from.

        Raises:
            Refusal: 401 without a right password, 429 after too many wrong ones.
        """
        wait = self._tries.wait(address, 1)
        if wait:
            after = {"Retry-After": str(wait)}
            raise Refusal(429, f"too many wrong passwords from this address; try again in {wait} seconds", after)
        given = headers.get("authorization")
        user = self._of(given or "")
        if user is None:
            if given is not None:
                self._tries.take(address, 1)
            raise Refusal(401, "this server asks for a user and a password", CHALLENGE)
        return user

    def _of(self, given: str) -> str | None:
        """Whose credentials these are. Every account is compared, so that the time tells nothing."""
        scheme, _, encoded = given.partition(" ")
        try:
            credentials = base64.b64decode(encoded.strip(), validate=True)
        except (binascii.Error, ValueError):
            return None
        digest, found = _digest(credentials), None
        for known, user in self._users.items():
            if secrets.compare_digest(known, digest):
                found = user
        return found if scheme.lower() == "basic" else None


def _digest(credentials: bytes) -> bytes:
    """Equally long for all credentials, as comparing in constant time needs it."""
    return hashlib.sha256(credentials).digest()
