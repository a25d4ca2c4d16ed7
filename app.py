"""What `flask` and the production server import."""

from feeds import create_app

app = create_app()
