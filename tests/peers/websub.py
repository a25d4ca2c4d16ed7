"""A third-party hub and subscriber (flask-websub) in one process. Run it as `websub.py PORT FOLDER`.

The hub is at `/hub`. `/subscribe?topic=…` subscribes. `/state` returns what was received (topic, time, body),
verified and announced. The hub expects Celery for background tasks; a thread replaces it.
"""

from __future__ import annotations

import sys
import threading
import time
from pathlib import Path

from flask import Flask, request
from flask_websub.hub import Hub, SQLite3HubStorage
from flask_websub.subscriber import SQLite3SubscriberStorage, SQLite3TempSubscriberStorage, Subscriber


class Task:
    """A task of the hub that runs at once in its own thread."""

    def __init__(self, function, bind=False):
        self.function, self.bind, self.__name__ = function, bind, getattr(function, "__name__", "task")

    def __call__(self, *args, **options):
        return self.function(*args, **options)

    def delay(self, *args, **options):
        bound_arguments = (self,) if self.bind else ()
        threading.Thread(target=self.function, args=(*bound_arguments, *args), kwargs=options, daemon=True).start()


class Celery:
    """The part of Celery's interface that the hub uses."""

    def task(self, *args, bind=False, **options):
        return Task(args[0], bind) if args else lambda function: Task(function, bind)


def make(port: int, folder: Path) -> Flask:
    app = Flask(__name__)
    app.config["PUBLISH_SUPPORTED"] = True
    hub = Hub(SQLite3HubStorage(str(folder / "hub.sqlite")), Celery())
    storage = SQLite3SubscriberStorage(str(folder / "subscriber.sqlite"))
    subscriber = Subscriber(storage, SQLite3TempSubscriberStorage(str(folder / "subscriber.sqlite")))
    app.register_blueprint(hub.build_blueprint(url_prefix="/hub"))
    app.register_blueprint(subscriber.build_blueprint(url_prefix="/callbacks"))
    received, verified, announced = [], [], []
    subscriber.add_listener(lambda topic, callback, body: received.append((topic, time.time(), body.decode())))
    subscriber.add_success_handler(lambda topic, callback, mode: verified.append(topic))

    @app.before_request
    def see_all_topics():
        """Notify the hub of every topic in a request; it reads only the first."""
        if request.path == "/hub" and request.form.get("hub.mode") == "publish":
            topics = request.form.getlist("hub.topic")
            announced.append(topics)
            for topic in topics[1:]:
                hub.send_change_notification.delay(topic)

    @app.post("/subscribe")
    def subscribe():
        subscriber.subscribe(topic_url=request.args["topic"], hub_url=f"http://127.0.0.1:{port}/hub")
        return "", 204

    @app.get("/state")
    def state():
        return {"received": received, "verified": verified, "announced": announced}

    return app


if __name__ == "__main__":
    make(int(sys.argv[1]), Path(sys.argv[2])).run(port=int(sys.argv[1]), threaded=True)
