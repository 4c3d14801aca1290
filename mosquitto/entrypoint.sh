#!/bin/sh
# Writes the house's accounts from the environment, watches for what the collector writes, and becomes the broker.
# The password may come from a file.
set -eu
umask 077
home=/mosquitto
accounts=$home/data/accounts
passwords=$accounts/passwords
certificate=$home/tls/fullchain.pem
key=$home/tls/privkey.pem
if [ -n "${MQTT_PASSWORD_FILE:-}" ]; then
    MQTT_PASSWORD=$(cat "$MQTT_PASSWORD_FILE")
fi

# The collector is another user: this folder's group, which is ours, is that of all files in it.
mkdir -p "$accounts"
chmod 2770 "$accounts"

# The locks' accounts stay as the collector left them: they are let in also while it is away.
printf '%s:%s\n' collector "${MQTT_PASSWORD:?must be given}" collector-check "$MQTT_PASSWORD" > "$passwords.start"
mosquitto_passwd -U "$passwords.start"
if [ -f "$passwords" ]; then
    grep -v -e '^collector:' -e '^collector-check:' "$passwords" >> "$passwords.start" || true
fi
chmod 640 "$passwords.start"
mv "$passwords.start" "$passwords"
unset MQTT_PASSWORD

# By content: two changes within a second may leave the same time and number of a file.
state() {
    cksum "$passwords" "$certificate" "$key" 2> /dev/null || true
}

# Tells the broker, process $1, of new accounts and of a renewed certificate. While it still loads what it kept, a
# SIGHUP would end it, or be lost: the last digit of SigCgt is odd once it takes one.
watch() {
    known=$2
    while sleep 0.3; do
        now=$(state)
        case "$(grep '^SigCgt:' "/proc/$1/status" 2> /dev/null)" in
            "") exit 0 ;;
            *[13579bdf]) [ "$now" = "$known" ] || { known=$now && kill -HUP "$1"; } ;;
        esac
    done
}

watch $$ "$(state)" &
exec mosquitto -c "$home/config/mosquitto.conf"
