"""The secrets that a device's lock is given: derived anew each time, and told only when they are made or made anew."""

from auth.devices.schemas import Credentials, Keys, MqttCredential, Only
from auth.settings import Settings
from common.lock_protocol.keys import as_text, derive_key, device_bearer
from sql.models import Device


def credentials_of(device: Device, settings: Settings, only: Only | None = None) -> Credentials:
    """All secrets of a device as its versions have them, or only some."""
    return Credentials(
        mqtt=None if only == "keys" else _mqtt_of(device, settings),
        keys=None if only == "mqtt" else _keys_of(device, settings),
    )


def _mqtt_of(device: Device, settings: Settings) -> MqttCredential:
    return MqttCredential(
        url=settings.mqtt_public_url,
        username=device.device_id,
        password=as_text(derive_key(settings.device_key, "mqtt", device.id, device.mqtt_version)),
        client_id=device.device_id,
    )


def _keys_of(device: Device, settings: Settings) -> Keys:
    pepper, version = settings.pin_pepper, device.key_version
    return Keys(
        command_key=as_text(derive_key(settings.device_key, "command", device.id, version)),
        api_key=device_bearer(pepper, device.id, version),
        qr_key=as_text(derive_key(pepper, "qr", device.id, version)),
        code_key=as_text(derive_key(pepper, "code", device.id, device.code_key_version)),
    )
