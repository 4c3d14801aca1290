"""The database's named constraints, each in words that a user can read."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Rule:
    """What breaking a constraint is answered with; without a field it is a conflict of the whole request."""

    status: int
    detail: str
    field: str | None = None


RULES = {
    "access_pins_window_in_order": Rule(422, "must be after starts_at, and to come", "expires_at"),
    "app_users_email_key": Rule(409, "This e-mail is already registered"),
    "app_users_email_short": Rule(422, "must have at most 254 characters", "email"),
    "app_users_role_known": Rule(422, "must be student, teacher, librarian or admin", "role"),
    "app_users_admin_is_staff": Rule(422, "an admin is always staff", "is_staff"),
    "books_copies_are_there": Rule(409, "More copies are lent, or held for who waited"),
    "books_held_are_available": Rule(409, "More copies are lent, or held for who waited"),
    "books_isbn_key": Rule(409, "A book with this ISBN is there already"),
    "books_none_lent_when_withdrawn": Rule(409, "Copies are lent, or held for who waited"),
    "channels_name_key": Rule(409, "A channel of this name is there already"),
    "device_shares_of_some_use": Rule(422, "a share must let them lock or unlock", "can_unlock"),
    "device_shares_one_each": Rule(409, "The device is shared with them already"),
    "device_shares_window_in_order": Rule(422, "must be after valid_from", "valid_until"),
    "devices_device_id_key": Rule(409, "Device already exists"),
    "endpoints_name_key": Rule(409, "An endpoint of this name is there already"),
    "endpoints_parent_id_fkey": Rule(422, "is no endpoint", "parent_id"),
    "incident_endpoints_endpoint_id_fkey": Rule(422, "names an endpoint that is not there", "endpoints"),
    "maintenance_endpoints_endpoint_id_fkey": Rule(422, "names an endpoint that is not there", "endpoints"),
    "loans_one_each": Rule(409, "You have this book already"),
    "reservations_one_each": Rule(409, "You have reserved this book already"),
    "resources_name_length": Rule(422, "must have 1 to 200 characters", "name"),
    "resources_expiry_after_open": Rule(422, "must not be before open_date", "expiry_date"),
}
