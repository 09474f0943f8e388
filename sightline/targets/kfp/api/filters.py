"""Filters of listings, as Kubeflow's API takes them."""

import json

import kfp_server_api


def where(key: str, value: str, operation: str = "EQUALS") -> str:
    """Return the filter for entries whose field is a value, or has it as part (IS_SUBSTRING)."""
    predicate = kfp_server_api.V2beta1Predicate(operation=operation, key=key, string_value=value)
    wanted = kfp_server_api.V2beta1Filter(predicates=[predicate])
    return json.dumps(kfp_server_api.ApiClient().sanitize_for_serialization(wanted))
