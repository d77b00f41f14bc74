"""What the server counts, in the text format of Prometheus."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest

from api_server.pool import Pool

SECONDS = (0.05, 0.1, 0.2, 0.35, 0.5, 0.75, 1, 1.5, 2.5, 5, 10, 30)
PREFIX = "text_recognizer_"


class Metrics:
    """Counters of one server.

    Args:
        pool: whose state is shown.
    """

    def __init__(self, pool: Pool) -> None:
        self.registry = all_of_them = CollectorRegistry()
        ProcessCollector(registry=all_of_them)
        self.requests = Counter(
            PREFIX + "requests", "Answers by route and status", ["route", "status"], registry=all_of_them
        )
        self.seconds = Histogram(
            PREFIX + "request_seconds",
            "From the request to its answer",
            ["route"],
            buckets=SECONDS,
            registry=all_of_them,
        )
        self.pages = Counter(PREFIX + "pages", "Pages read", registry=all_of_them)
        self.reading = Counter(PREFIX + "reading_seconds", "Spent on reading", registry=all_of_them)
        self.bytes = Counter(PREFIX + "body_bytes", "Taken in", registry=all_of_them)
        places = Gauge(PREFIX + "pictures_inside", "Pictures that are read or wait", registry=all_of_them)
        places.set_function(lambda: pool.inside)
        busy = Gauge(PREFIX + "workers_busy", "Processes that read", registry=all_of_them)
        busy.set_function(lambda: pool.busy)
        restarts = Gauge(PREFIX + "worker_restarts", "Processes that had to be replaced", registry=all_of_them)
        restarts.set_function(lambda: pool.restarts)
        Gauge(PREFIX + "workers", "Processes", registry=all_of_them).set(len(pool.workers))

    def text(self) -> bytes:
        """Return all of it as text."""
        return generate_latest(self.registry)
