"""The evidence log: exchanges.jsonl, one flushed line per exchange, per finished case, and for a run that breaks off.

The log is all that a judge ever sees, during the run as well as at a replay: what is judged is
what ``parse`` gives back, never what the wire gave.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

import jsonschema_rs

from conformance.errors import UsageError
from conformance.model import RENAMED_RULES, Body, Exchange, Facts, Request, Response, Role


@dataclass
class Log:
    """What has been logged: exchanges in order, the outcome of each case that ended, why the run broke off."""

    exchanges: list[Exchange] = field(default_factory=list)
    ends: dict[str, str] = field(default_factory=dict)
    incomplete: str | None = None


_TEXT = {"type": "string"}
_BODY = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "text": _TEXT,
        "base64": _TEXT,
        "size": {"type": "integer"},
        "cut": {"type": "boolean"},
        "withheld": {"type": "boolean"},
    },
}
_HEADERS = {
    "type": "array",
    "items": {"type": "array", "items": _TEXT, "minItems": 2, "maxItems": 2},
}
_MESSAGE = {"headers": _HEADERS, "body": _BODY}
_LINE = jsonschema_rs.validator_for(
    {
        "type": "object",
        "oneOf": [
            {
                "required": ["case_end", "outcome"],
                "properties": {"case_end": _TEXT, "outcome": _TEXT},
            },
            {"required": ["incomplete"], "properties": {"incomplete": _TEXT}},
            {
                "required": [
                    "exchange",
                    "case",
                    "scenario",
                    "attempt",
                    "operation",
                    "role",
                    "request",
                ],
                "properties": {
                    **dict.fromkeys(
                        (
                            "exchange",
                            "case",
                            "scenario",
                            "operation",
                            "role",
                            "identity",
                            "failure",
                            "started",
                        ),
                        _TEXT,
                    ),
                    "attempt": {"type": "integer"},
                    "facts": {"type": "object"},
                    "elapsed_ms": {"type": "number"},
                    "request": {
                        "type": "object",
                        "required": ["method", "url"],
                        "properties": {"method": _TEXT, "url": _TEXT, **_MESSAGE},
                    },
                    "response": {
                        "type": "object",
                        "required": ["status"],
                        "properties": {"status": {"type": "integer"}, **_MESSAGE},
                    },
                },
            },
        ],
    }
)
"""What a line of a log is."""


def exchange_to_json(exchange: Exchange) -> dict[str, Any]:
    """The JSON object of an exchange, without members that say nothing."""
    response = exchange.response
    return _lean(
        {
            "exchange": exchange.id,
            "case": exchange.case,
            "scenario": exchange.scenario,
            "attempt": exchange.attempt,
            "operation": exchange.operation,
            "role": exchange.role,
            "identity": exchange.identity,
            "facts": exchange.facts.to_json(),
            "request": _lean(
                {
                    "method": exchange.request.method,
                    "url": exchange.request.url,
                    "headers": [list(pair) for pair in exchange.request.headers],
                    "body": _body_to_json(exchange.request.body),
                }
            ),
            "response": response
            and _lean(
                {
                    "status": response.status,
                    "headers": [list(pair) for pair in response.headers],
                    "body": _body_to_json(response.body),
                }
            ),
            "failure": exchange.failure,
            "started": exchange.started,
            "elapsed_ms": round(exchange.elapsed_ms, 1),
        }
    )


def renamed(value: Any) -> Any:
    """An exchange or a case with today's names for members that early versions called otherwise."""
    if isinstance(value, dict) and "stimulus" in value:
        value["scenario"] = value.pop("stimulus")
    if isinstance(value, dict) and isinstance(value.get("rules"), list):
        value["rules"] = [RENAMED_RULES.get(rule, rule) for rule in value["rules"]]
    return value


def exchange_from_json(line: Mapping[str, Any]) -> Exchange:
    """The inverse of ``exchange_to_json``."""
    request, response = line["request"], line.get("response")
    return Exchange(
        id=line["exchange"],
        case=line["case"],
        scenario=line["scenario"],
        attempt=line["attempt"],
        operation=line["operation"],
        role=Role(line["role"]),
        identity=line.get("identity"),
        facts=Facts.of(line.get("facts", {})),
        request=Request(
            request["method"], request["url"], _pairs(request), _body_from_json(request.get("body"))
        ),
        response=response
        and Response(
            response["status"], _pairs(response), _body_from_json(response.get("body")) or Body()
        ),
        failure=line.get("failure"),
        started=line.get("started", ""),
        elapsed_ms=line.get("elapsed_ms", 0.0),
    )


def _lean(members: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in members.items() if value not in (None, {}, [])}


def _pairs(owner: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    return tuple((name, value) for name, value in owner.get("headers", ()))


def _body_to_json(body: Body | None) -> dict[str, Any] | None:
    if body is None:
        return None
    members = {"text": body.text, "base64": body.base64, "size": body.size}
    return {
        **_lean(members),
        **({"cut": True} if body.cut else {}),
        **({"withheld": True} if body.withheld else {}),
    }


def _body_from_json(value: Mapping[str, Any] | None) -> Body | None:
    return None if value is None else Body(**value)


class Recorder:
    """Appends lines to a log file, flushed each, and keeps what they parse to."""

    def __init__(self, stream: TextIO | None, log: Log | None = None) -> None:
        self.log = log or Log()
        self._stream = stream

    def exchange(self, exchange: Exchange) -> Exchange:
        """Log an exchange; gives it back as the log holds it."""
        line = json.dumps(exchange_to_json(exchange), ensure_ascii=True)
        self._write(line)
        logged = exchange_from_json(json.loads(line))
        self.log.exchanges.append(logged)
        return logged

    def end(self, case: str, outcome: str) -> None:
        """Log that a case ended."""
        self._write(json.dumps({"case_end": case, "outcome": outcome}))
        self.log.ends[case] = outcome

    def break_off(self, reason: str) -> None:
        """Log that the run ends before its plan does; the first reason stands."""
        if self.log.incomplete is None:
            self._write(json.dumps({"incomplete": reason}))
            self.log.incomplete = reason

    def merge(self, other: Log) -> None:
        """Log all of another log, such as that of a worker."""
        for exchange in other.exchanges:
            self.exchange(exchange)
        for case, outcome in other.ends.items():
            self.end(case, outcome)
        if other.incomplete:
            self.break_off(other.incomplete)

    def _write(self, line: str) -> None:
        if self._stream is not None:
            self._stream.write(line + "\n")
            self._stream.flush()


def parse(lines: Iterable[str], name: str) -> Log:
    """Read a log back. A last line that was cut off by a kill is left out.

    Raises UsageError for any other line that is not a line of a log.
    """
    log = Log()
    numbered = list(enumerate(lines, 1))
    for number, line in numbered:
        if not line.strip():
            continue
        try:
            value = renamed(json.loads(line))
            _LINE.validate(value)
            if "case_end" in value:
                log.ends[value["case_end"]] = value["outcome"]
            elif "incomplete" in value:
                log.incomplete = value["incomplete"]
            else:
                log.exchanges.append(exchange_from_json(value))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            if number == len(numbered) and not line.endswith("\n"):
                break
            raise UsageError(
                f"{name}:{number}: this is no line of an evidence log ({type(error).__name__})"
            ) from None
    return log


def read(path: Path) -> Log:
    """Read a log file. Raises UsageError where it cannot be read."""
    try:
        with path.open(encoding="utf-8") as stream:
            return parse(stream, str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: cannot be read: {error}") from None
