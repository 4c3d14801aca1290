"""The fleet of locks over MQTT: what they say is stored before it is acknowledged, what they are told is signed."""
