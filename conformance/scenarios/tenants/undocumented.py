"""Members that no document gives an operation, but that name another business or its objects."""

from __future__ import annotations

from conformance.base.values import present
from conformance.model import KeyName, Role
from conformance.reading import sought_in
from conformance.scenarios.client.client import Client
from conformance.scenarios.tenants.foreign import Values, owning_references, value_of_other


def undocumented_business(client: Client) -> dict[str, str]:
    """The id of the other business under the name of the tenant parameter.

    Empty if the id is not known, or if a parameter of the operation has that name.
    """
    tenant, business = client.contract.tenant, client.knowledge.business(KeyName.OTHER)
    if tenant is None or business is None:
        return {}
    if client.operation.parameter(tenant) is not None:
        return {}
    return {tenant: business}


def undocumented_objects(client: Client) -> Values:
    """Objects of the other business, by members that name them in a creation of the same kind.

    Members that the operation itself has, and the one for the business, are left out.
    """
    operation, contract = client.operation, client.contract
    left_out = {contract.tenant, *(parameter.name for parameter in operation.parameters)}
    objects: Values = {}
    for creation in contract.operations_by("create", operation.kind):
        for member in owning_references(contract, creation):
            if member.name not in left_out:
                objects[member.name] = value_of_other(client, member)
    return present(objects)


def keeps_any_member(client: Client, values: Values) -> bool:
    """Send a write with an unknown member; whether the object then shows it, which is allowed.

    Objects of such a target show any business that a request names, whoever owns them. False,
    without a request, if objects show their business: the target knows that member, so a request
    must not overwrite it.
    """
    operation, tenant = client.operation, client.contract.tenant
    listed = client.knowledge.listed(operation.kind)
    if any(isinstance(item, dict) and tenant in item for item in listed):
        return False
    word = client.token()
    exchange = client.mistake(operation, {**values, word: word}, role=Role.ARRANGE)
    name = client.created_id(exchange)
    if name is None:
        return False
    look = client.look(operation.kind, name, role=Role.ARRANGE)
    shown, _ = sought_in(client.contract, look)
    return isinstance(shown, dict) and shown.get(word) == word
