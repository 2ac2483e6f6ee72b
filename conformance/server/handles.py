"""The methods of the application that a subclass may override, by subject: its handles.

The faulty servers and the legal variants of the self-test are such subclasses. Most override one
method. Every public method of ``Application`` is a handle and is listed here; a test keeps the list
complete. Renaming one breaks the servers that override it.

Each sentence says what overriding the method changes.
"""

from __future__ import annotations

from collections.abc import Mapping


def _methods(**sentences: str) -> Mapping[str, str]:
    return sentences


HANDLES: Mapping[str, Mapping[str, str]] = {
    "envelope": _methods(
        answer="Change any response, or the request before it is read.",
        dispatch="Leave out, add or reorder checks.",
        refused="Change the response to a refused request.",
        fault="Reveal an exception, or refuse it in another way.",
        code_of="Refuse with another error code.",
        status_of="Send an error code with another status.",
        message_of="Send another message with an error.",
        envelope="Shape the body of an error differently.",
        error_headers="Send other headers with an error.",
        succeed="Change the response to a request that succeeded.",
        success_status="Send another status with a success.",
        content_type="Label a body with another media type.",
        all_headers="Send other headers with every response.",
        encode="Write a body as something other than compact JSON.",
        status_line="Send another reason phrase.",
        local_path="Serve another base path, or ignore parts of a path.",
        find_route="Serve other paths or methods.",
        choose_mode="Take a request for another mode of its path.",
        peek="Read the body differently when choosing the mode.",
        route="Take a request for another operation.",
        unknown_route="Refuse an unknown path or method in another way.",
    ),
    "keys": _methods(
        parse_key="Accept a key in another place or form.",
        known_key="Accept unknown keys, or forget issued ones.",
        is_expired="Accept expired keys, or let keys expire early.",
        is_revoked="Accept revoked keys.",
        wants_key="Open an operation without a key, or close an open one.",
        authenticate="Determine the sender of a request differently.",
        unauthenticated="Refuse a request without a valid key in another way.",
        has_scope="Accept keys that lack the scope, or refuse keys that have it.",
        authorise="Refuse a key without the scope in another way, or not at all.",
    ),
    "tenants": _methods(
        tenant_of="Give a key another tenant.",
        main_tenant="Use another tenant as the main one.",
        may_reach="Give a key access to other tenants.",
        names_tenant="Take other parameters for tenant ids.",
        check_tenant="Accept the id of another tenant, or refuse it in another way.",
        list_tenant="List the objects of another tenant, or of all.",
        own_tenant="Give a new object to another tenant.",
        selector_of="Select the object of an operation by another parameter.",
        find="Find the objects of other tenants, or fail to find those of the tenant.",
        must_exist="Accept references to objects that do not exist.",
        check_reference="Accept an inaccessible reference, or refuse it in another way.",
        check_references="Check the references of a request differently.",
    ),
    "pages": _methods(
        maximum="Change the maximum page size.",
        default_limit="Change the page size for requests without a limit.",
        parse_limit="Accept or refuse other limits.",
        bad_limit="Refuse an invalid limit in another way.",
        cap_limit="Exceed the maximum, or refuse a limit above it.",
        limit_of="Return pages of a different size than the limit.",
        parse_cursor="Accept or refuse other cursors.",
        bad_cursor="Refuse an invalid cursor in another way.",
        look_ahead="Read a different number of rows to see whether items remain.",
        has_more="Report differently whether items remain.",
        render_position="Render the timestamp of an item differently.",
        render_item="Show other members of an object.",
        render_page="Shape the body of a list differently.",
        act_list="Return another page of a list.",
    ),
    "walks": _methods(
        cursor_key="Round or shift the cursor.",
        edge_of="Start a page elsewhere.",
        comparison="Include the item at the cursor, or move in the other direction.",
        order="Reverse the order of a list.",
        filters_of="Ignore a filter, or add one.",
        filter_of="Match a filter differently.",
        rows_of="Lose, repeat or reorder the items of a page.",
    ),
    "requests": _methods(
        query_values="Read other parameters of the query.",
        read_text="Convert the text of a parameter differently.",
        header_values="Read other headers.",
        check_media_type="Accept a body with another label, or refuse more labels.",
        parse_body="Accept bodies that are not valid JSON.",
        body_values="Read other members of the body.",
        invalid_body="Refuse an unreadable body in another way.",
        is_required="Require other parameters.",
        missing="Find other parameters missing.",
        refuse_missing="Refuse a missing parameter in another way, or not at all.",
        is_valid="Accept or refuse other values.",
        invalid="Find other values invalid.",
        refuse_invalid="Refuse an invalid value in another way, or not at all.",
        take_in="Read and check a request differently.",
        selected="Act on another object.",
        find_by="Find another object by the value of a member.",
        not_found="Refuse a missing object in another way.",
        act="Carry out an operation differently.",
        act_read="Return something else for a read.",
        act_fetch="Return something other than the documented example.",
    ),
    "writes": _methods(
        new_id="Give new objects other ids, or the same id twice.",
        moment_is_free="Let two objects share a position.",
        new_moment="Give a new object another timestamp.",
        kept="Store other values.",
        as_shown="Show the values of a request under other names.",
        document="Build a new object differently.",
        add="Store a new object differently, twice, or not at all.",
        act_create="Confirm a creation differently, or create something else.",
        changes="Change members other than those in the request.",
        confirmation="Confirm a change with another body.",
        act_update="Confirm an update differently, or change something else.",
        act_delete="Confirm a deletion differently, or delete something else.",
        act_perform="Respond differently to an operation on an object.",
    ),
    "limits": _methods(
        rate_address="Count requests by something other than the address.",
        rate_allowance="Allow a different number of requests.",
        rate_seconds="Change the length of a window.",
        too_many="Refuse a request above the rate in another way.",
        check_rate="Count other requests, or count differently.",
    ),
    "triggers": _methods(
        triggered="Trigger on other input, or trigger another code.",
        check_triggers="Respond differently to a triggered code.",
        payment_due="Demand a payment for other requests.",
        payment_proof="Read the proof of payment elsewhere.",
        is_paid="Accept or refuse other proofs of payment.",
        payment_terms="Send other terms of payment.",
        terms_header="Send the terms in another header, or in none.",
        terms_members="Send the terms under other members, or under none.",
        check_payment="Demand the payment differently, or not at all.",
    ),
    "sandbox": _methods(
        is_control="Move the control endpoint.",
        control="Respond differently at the control endpoint.",
        without_keys="Remove different text from the journal.",
        record="Write other lines to the journal.",
    ),
}
"""Subject -> method -> what overriding it changes. ``sandbox`` is not part of the contract."""
