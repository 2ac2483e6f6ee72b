"""Forgeries of a stored run that failed, by kind, and what catches each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from tests.drafts import (
    ELSEWHERE,
    Draft,
    all_dropped,
    another_request,
    answered,
    better,
    bodies,
    broken_off,
    by_workers,
    cases_dropped,
    crashed,
    cut_off,
    cut_short,
    declared,
    dropped,
    dropped_and_numbered,
    emptied,
    ended_early,
    has_nothing,
    labelled,
    lacking,
    made_up,
    made_up_earlier,
    made_up_elsewhere,
    moved,
    numbered_alike,
    over_budget,
    plan_dropped,
    planned_otherwise,
    readdressed,
    reversed_log,
    rules,
    said,
    swapped,
    tried_again,
    unchained,
    voided,
    voided_and_left_out,
    waived,
    without_failures,
    without_response,
    worse_before,
)


@dataclass(frozen=True)
class Forgery:
    """What a forger changes, and what catches it: a code, or words of the first line."""

    kind: str
    edit: Callable[[Draft], object]
    caught: str


IN_A_YEAR = date.today() + timedelta(days=365)
SOON = date.today() + timedelta(days=30)
LONG_AGO = date(2019, 1, 2)
RESPONSES, REQUESTS, CASES = "responses edited", "requests edited", "cases left out"
DECLARED, RELABELLED, RESULTS = "declared afterwards", "another run", "stored results"

FORGERIES: dict[str, Forgery] = {
    # what responses say
    "a status, without new digests": Forgery(RESPONSES, unchained, "CHAIN_BROKEN"),
    "the status 429": Forgery(RESPONSES, answered(status=429), "Breaks the contract"),
    "the status 503": Forgery(RESPONSES, answered(status=503), "Breaks the contract"),
    "headers that were cut": Forgery(RESPONSES, answered(headers_cut=True), "Breaks the contract"),
    "a body that was cut": Forgery(RESPONSES, bodies(cut=True), "Could not be judged"),
    "a body that was withheld": Forgery(RESPONSES, bodies(withheld=True), "Breaks the contract"),
    "a body that was left out": Forgery(
        RESPONSES, bodies(left_out=True), "No failure seen in 16 % of the contract"
    ),
    "the response to another request": Forgery(RESPONSES, swapped, "Breaks the contract"),
    "no response": Forgery(RESPONSES, without_response, "Could not be judged"),
    # which requests there were
    "dropped": Forgery(REQUESTS, dropped, "NUMBER_MISMATCH"),
    "dropped, and numbered again": Forgery(REQUESTS, dropped_and_numbered, "REQUEST_MISMATCH"),
    "all dropped": Forgery(REQUESTS, all_dropped, "REQUEST_MISMATCH"),
    "none after the first failure": Forgery(REQUESTS, ended_early, "CASE_MISMATCH"),
    "a log that breaks off before it": Forgery(REQUESTS, cut_off, "Could not be judged"),
    "a run that broke off before it": Forgery(REQUESTS, broken_off, "Could not be judged"),
    "called a preflight": Forgery(REQUESTS, labelled(scenario="preflight"), "CASE_MISMATCH"),
    "called a look": Forgery(
        REQUESTS, labelled(scenario="preflight", case="look[api]"), "CASE_MISMATCH"
    ),
    "called a clean-up": Forgery(
        REQUESTS, labelled(scenario="preflight", case="clean[api]"), "CASE_MISMATCH"
    ),
    "called another scenario": Forgery(REQUESTS, labelled(scenario="walk"), "CASE_MISMATCH"),
    "called another case": Forgery(REQUESTS, labelled(case="walk[list_calls-3]"), "CASE_MISMATCH"),
    "of an unknown operation": Forgery(
        REQUESTS, labelled(operation="no_such_operation"), "REQUEST_MISMATCH"
    ),
    "said to be sent again": Forgery(REQUESTS, labelled(role="retry"), "REQUEST_MISMATCH"),
    "called a control": Forgery(REQUESTS, labelled(role="control"), "REQUEST_MISMATCH"),
    "called a second attempt": Forgery(REQUESTS, labelled(attempt=2), "REQUEST_MISMATCH"),
    "said to be shared": Forgery(REQUESTS, labelled(part="list call full"), "REQUEST_MISMATCH"),
    "with other facts": Forgery(REQUESTS, labelled(facts={"mistake": True}), "REQUEST_MISMATCH"),
    "the request of another exchange": Forgery(REQUESTS, another_request, "REQUEST_MISMATCH"),
    "tried again with success": Forgery(REQUESTS, tried_again, "REQUEST_MISMATCH"),
    "numbered as another one": Forgery(REQUESTS, numbered_alike, "NUMBER_MISMATCH"),
    "in the opposite order": Forgery(REQUESTS, reversed_log, "NUMBER_MISMATCH"),
    "void": Forgery(REQUESTS, voided, "CASE_MISMATCH"),
    "void, and their cases not chosen": Forgery(REQUESTS, voided_and_left_out, "CHOICE_MISMATCH"),
    "sent at another time": Forgery(
        REQUESTS, labelled(started="2019-01-01T00:00:00+00:00"), "TIME_MISMATCH"
    ),
    # which cases there were
    "not in the log": Forgery(CASES, cases_dropped, "CASE_MISMATCH"),
    "neither in the log nor chosen": Forgery(
        CASES, lambda draft: cases_dropped(draft, chosen=False), "CHOICE_MISMATCH"
    ),
    "nowhere": Forgery(
        CASES, lambda draft: cases_dropped(draft, planned=False, chosen=False), "PLAN_MISMATCH"
    ),
    "nowhere, and every request went elsewhere": Forgery(CASES, moved, "ADDRESS_MISMATCH"),
    "not in the plan": Forgery(CASES, plan_dropped, "PLAN_MISMATCH"),
    "with an invented gap": Forgery(
        CASES, planned_otherwise(gap="Requires a second key."), "PLAN_MISMATCH"
    ),
    "inapplicable": Forgery(
        CASES, planned_otherwise(gap="It has none.", inapplicable=True), "PLAN_MISMATCH"
    ),
    "over the budget": Forgery(CASES, over_budget, "CASE_MISMATCH"),
    "over the budget of the plan": Forgery(
        CASES,
        planned_otherwise(gap="the request budget is used up (budget: in the target file)"),
        "PLAN_MISMATCH",
    ),
    "crashed": Forgery(CASES, crashed, "Could not be judged"),
    "cut short": Forgery(CASES, cut_short, "CASE_MISMATCH"),
    "cut short by the plan": Forgery(CASES, planned_otherwise(at_most=1), "PLAN_MISMATCH"),
    "without rules": Forgery(CASES, rules(rules=[]), "PLAN_MISMATCH"),
    "of another rule": Forgery(CASES, rules(rules=["success.status"]), "PLAN_MISMATCH"),
    "about another code": Forgery(CASES, rules(about="unauthorized"), "PLAN_MISMATCH"),
    "no plan, no log": Forgery(CASES, emptied, "PLAN_MISMATCH"),
    "no plan, nothing chosen, no log": Forgery(
        CASES, lambda draft: emptied(draft, chosen=True), "CHOICE_MISMATCH"
    ),
    "no plan, one exchange": Forgery(CASES, lambda draft: emptied(draft, kept=1), "PLAN_MISMATCH"),
    "no plan, and a target that has nothing": Forgery(CASES, has_nothing, "PLAN_MISMATCH"),
    # what the target file says
    "the failing operations are missing": Forgery(
        DECLARED, lambda draft: declared(inapplicable=draft.operations)(draft), "PLAN_MISMATCH"
    ),
    "waivers for a month": Forgery(
        DECLARED, lambda draft: waived(draft, expires=SOON), "Only waived failures seen"
    ),
    "waivers for a year": Forgery(
        DECLARED, lambda draft: waived(draft, expires=IN_A_YEAR), "is more than 180 days after"
    ),
    "waivers without end": Forgery(
        DECLARED, lambda draft: waived(draft, expires=date.max), "is more than 180 days after"
    ),
    "expired waivers, judged long ago": Forgery(
        DECLARED,
        lambda draft: waived(draft, expires=LONG_AGO, judged_on="2019-01-01"),
        "TIME_MISMATCH",
    ),
    "less is allowed": Forgery(DECLARED, declared(allow=["read"]), "PLAN_MISMATCH"),
    "fewer keys": Forgery(
        DECLARED, lambda draft: draft.said["target"]["keys"].pop(), "PLAN_MISMATCH"
    ),
    "another identity": Forgery(DECLARED, declared(identity="plain"), "IDENTITY_MISMATCH"),
    # which run it was
    "another address": Forgery(RELABELLED, declared(url=f"{ELSEWHERE}/api/v1"), "ADDRESS_MISMATCH"),
    "another address, also of requests": Forgery(
        RELABELLED, lambda draft: readdressed(draft, hosts=False), "ADDRESS_MISMATCH"
    ),
    "another address, also of headers": Forgery(RELABELLED, readdressed, "ADDRESS_MISMATCH"),
    "another seed": Forgery(RELABELLED, said(seed=99), "REQUEST_MISMATCH"),
    "another salt": Forgery(RELABELLED, said(salts=["other"]), "REQUEST_MISMATCH"),
    "another depth": Forgery(RELABELLED, said(depth="deep"), "PLAN_MISMATCH"),
    "another API": Forgery(
        RELABELLED,
        lambda draft: draft.said["spec"].update(title="Other"),
        "Specify its contract with --spec",
    ),
    "of another version of the suite, without the failures": Forgery(
        RELABELLED,
        without_failures(lambda draft: draft.said["suite"].update(version="0.0.1")),
        "could not be recomputed",
    ),
    "of another contract, without the failures": Forgery(
        RELABELLED,
        without_failures(lambda draft: draft.said["spec"].update(digest="0" * 64)),
        "could not be recomputed",
    ),
    "chosen by pytest, without the failures": Forgery(
        RELABELLED, without_failures(said(selection=None)), "could not be recomputed"
    ),
    "drawn by nothing, without the failures": Forgery(
        RELABELLED, without_failures(said(drawn_by=None)), "could not be recomputed"
    ),
    "merged from shards, without the failures": Forgery(
        RELABELLED,
        without_failures(said(drawn_by=None, salts=["a", "b"])),
        "could not be recomputed",
    ),
    "drawn by another Python, without the failures": Forgery(
        RELABELLED, without_failures(said(drawn_by={"python": "3.0"})), "REQUEST_MISMATCH"
    ),
    "sent by several workers, without the failures": Forgery(
        RELABELLED, without_failures(by_workers), "could not be recomputed"
    ),
    "with a part left out, without the failures": Forgery(
        RELABELLED, without_failures(lacking), "could not be recomputed"
    ),
    "results of a good run": Forgery(RESULTS, better, "Breaks the contract"),
    "a better past": Forgery(RESULTS, worse_before, "Breaks the contract"),
    "a baseline that excuses everything": Forgery(
        RESULTS, said(baseline={"name": "last", "new": 0}), "Breaks the contract"
    ),
    "a page of pytest": Forgery(
        RESULTS,
        lambda draft: draft.files.update({"pytest.html": "Conforms"}),
        "Breaks the contract",
    ),
    "in the future": Forgery(
        RELABELLED,
        said(started="2131-01-01T00:00:00+00:00", finished="2131-01-01T01:00:00+00:00"),
        "TIME_MISMATCH",
    ),
    "finished before it started": Forgery(
        RELABELLED, said(finished="2019-01-01T00:00:00+00:00"), "TIME_MISMATCH"
    ),
    "judged on another day": Forgery(RELABELLED, said(judged_on="2019-01-01"), "TIME_MISMATCH"),
}
"""Each forgery by what it changes: most are edits of the requests that show the failures."""

SELF_DECLARED = "Self-declared: the vendor ran it"
UNSEEN: dict[str, Forgery] = {
    "a response that nobody sent": Forgery(RESPONSES, made_up, SELF_DECLARED),
    "another server, wherever it is named": Forgery(RELABELLED, made_up_elsewhere, SELF_DECLARED),
    "a month earlier, wherever there is a time": Forgery(
        RELABELLED, made_up_earlier, SELF_DECLARED
    ),
}
"""What a replay cannot see, because responses do not follow from anything.

The first line of ``verify`` discloses it. Challenge, time stamps and spot checks are against it.
"""
