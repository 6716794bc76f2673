"""Each error of the gate becomes the exception type that the vendor's SDK has for it."""

import anthropic
import httpx2
import pytest

from stockade.core import errors
from stockade.guard.dialects.anthropic_messages import DIALECT


def raised(error: errors.StockadeError) -> anthropic.APIStatusError:
    reply = DIALECT.error(error)
    headers = [(name.decode(), value.decode()) for name, value in reply.headers]
    asked = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        asked.append(request)
        return httpx2.Response(reply.status, headers=headers, content=reply.body)

    with httpx2.Client(transport=httpx2.MockTransport(answer)) as http:
        retries = 2 if (b"x-should-retry", b"false") in reply.headers else 0
        client = anthropic.Anthropic(api_key="k", base_url="http://127.0.0.1:9", http_client=http, max_retries=retries)
        with pytest.raises(anthropic.APIStatusError) as told:
            client.messages.create(model="m", max_tokens=1, messages=[{"role": "user", "content": "x"}])
    assert len(asked) == 1, "the client was told not to ask again"
    return told.value


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (errors.RefusedError("no", refusal="r-1", rules=("a",)), anthropic.PermissionDeniedError),
        (errors.ModelNotListedError("no"), anthropic.PermissionDeniedError),
        (errors.RateLimitedError("no", limit="requests", retry_after_s=9), anthropic.RateLimitError),
        (errors.UnauthenticatedError("no"), anthropic.AuthenticationError),
        (errors.NotFoundError("no"), anthropic.NotFoundError),
        (errors.InvalidRequestError("no"), anthropic.BadRequestError),
        (errors.TooLargeError("no"), anthropic.APIStatusError),
        (errors.GuardFailedError("no"), anthropic.InternalServerError),
        (errors.StorageError("no"), anthropic.InternalServerError),
        (errors.UpstreamError("no"), anthropic.InternalServerError),
        (errors.UpstreamTimeoutError("no"), anthropic.InternalServerError),
    ],
)
def test_the_sdk_raises_its_own_type(error: errors.StockadeError, kind: type[Exception]) -> None:
    assert isinstance(raised(error), kind)


def test_a_refusal_names_its_record() -> None:
    told = raised(errors.RefusedError("Held back.", refusal="r-9", rules=("a",), hint="Ask ana."))
    assert told.body == {
        "type": "error",
        "error": {"type": "permission_error", "message": "Held back. Ask ana."},
        "request_id": "r-9",
    }
