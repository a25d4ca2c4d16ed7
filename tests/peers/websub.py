"""A hub and a subscriber that we did not write (flask-websub), in one process; run it as `websub.py PORT FOLDER`.

The hub is at `/hub`. `/subscribe?topic=…` subscribes, and `/received` tells how often each topic came, and its last
body. The hub wants Celery for what it does later; a thread does.
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
    """One of the hub's tasks, done at once by a thread of its own."""

    def __init__(self, function, bind=False):
        self.function, self.bind, self.__name__ = function, bind, getattr(function, "__name__", "task")

    def __call__(self, *args, **options):
        return self.function(*args, **options)

    def delay(self, *args, **options):
        first = (self,) if self.bind else ()
        threading.Thread(target=self.function, args=(*first, *args), kwargs=options, daemon=True).start()


class Celery:
    """As much of Celery as the hub asks for."""

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
        """Have the hub, which reads one topic of a request, read them all."""
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
