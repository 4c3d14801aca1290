#!/bin/sh
# Writes the password file from the environment, then becomes the broker. The password may come from a file.
set -eu
umask 077
home=/mosquitto
if [ -n "${MQTT_PASSWORD_FILE:-}" ]; then
    MQTT_PASSWORD=$(cat "$MQTT_PASSWORD_FILE")
fi
printf 'collector:%s\n' "${MQTT_PASSWORD:?must be given}" > "$home/data/passwords"
mosquitto_passwd -U "$home/data/passwords"
unset MQTT_PASSWORD
exec mosquitto -c "$home/config/mosquitto.conf"
