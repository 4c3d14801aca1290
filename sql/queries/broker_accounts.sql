-- name: list_broker_devices
-- purpose: every lock that may sign in at the broker, and which of its passwords holds. In one order, so that the same
--   locks give the same file.
-- params:
SELECT id::text, device_id, mqtt_version
FROM devices
WHERE deleted_at IS NULL
ORDER BY device_id;
