"""The database's named constraints, each in words that a user can read."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Rule:
    """What breaking a constraint is answered with; without a field it is a conflict of the whole request."""

    status: int
    detail: str
    field: str | None = None


RULES = {
    "app_users_email_key": Rule(409, "This e-mail is already registered"),
    "app_users_email_short": Rule(422, "must have at most 254 characters", "email"),
    "app_users_role_known": Rule(422, "must be student, teacher, librarian or admin", "role"),
    "app_users_admin_is_staff": Rule(422, "an admin is always staff", "is_staff"),
    "channels_name_key": Rule(409, "A channel of this name is there already"),
    "endpoints_name_key": Rule(409, "An endpoint of this name is there already"),
    "endpoints_parent_id_fkey": Rule(422, "is no endpoint", "parent_id"),
    "incident_endpoints_endpoint_id_fkey": Rule(422, "names an endpoint that is not there", "endpoints"),
    "maintenance_endpoints_endpoint_id_fkey": Rule(422, "names an endpoint that is not there", "endpoints"),
    "resources_name_length": Rule(422, "must have 1 to 200 characters", "name"),
    "resources_expiry_after_open": Rule(422, "must not be before open_date", "expiry_date"),
}
