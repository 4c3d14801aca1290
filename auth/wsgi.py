"""The WSGI application that gunicorn serves, made from the environment."""

import os

from auth.app import create_app
from auth.settings import read_settings
from common.logging import configure

_settings = read_settings(os.environ)
configure("auth", level=_settings.log_level, form=_settings.log_form)
app = create_app(_settings)
