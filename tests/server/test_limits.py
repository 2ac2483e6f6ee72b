"""The rate limit of the sign-up."""

from __future__ import annotations

from tests.server.sandbox import Api, refused, sign_up


def test_sign_up_checks_its_input(api: Api) -> None:
    """Missing and invalid members have their own codes, and do not count against the limit."""
    for _ in range(3):
        assert refused(
            api.send("POST", "/signup", None, json={"email": "a@b.example"}), 400, "bad_request"
        )
        assert refused(sign_up(api, email="no-at-sign.example.com"), 400, "invalid_request")
        assert refused(sign_up(api, business_name={"not": "a string"}), 400, "invalid_request")
    assert sign_up(api).status_code == 201


def test_the_sixth_sign_up_of_an_hour_is_refused_by_address(api: Api) -> None:
    """No header changes that, other addresses are not affected, and it ends after an hour."""
    for _ in range(5):
        assert sign_up(api, "127.0.0.9").status_code == 201
    for forwarded in ("", "10.0.0.1"):
        response = sign_up(
            api,
            "127.0.0.9",
            {"X-Forwarded-For": forwarded, "X-Real-IP": forwarded, "Forwarded": f"for={forwarded}"},
        )
        assert refused(response, 429, "rate_limit_exceeded")
        assert 3590 <= int(response.headers["Retry-After"]) <= 3600
    assert sign_up(api, "127.0.0.10").status_code == 201
    api.forward(3500)
    assert sign_up(api, "127.0.0.9").status_code == 429
    api.forward(100)
    assert [sign_up(api, "127.0.0.9").status_code for _ in range(6)] == [201] * 5 + [429]
