"""All rooms of the home."""

from auth.home import alerts, books, devices, loans, lock, pins, qr, settings, shares, signing_in

ROOMS = (
    signing_in.routes,
    devices.routes,
    lock.routes,
    shares.routes,
    pins.routes,
    qr.routes,
    alerts.routes,
    settings.routes,
    loans.routes,
    books.routes,
)
