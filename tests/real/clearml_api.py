"""An API and file server on loopback for the programs of ClearML: tasks, projects, queues and files, in memory."""

from __future__ import annotations

import base64
import email
import email.policy
import json
import re
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote

Json = dict[str, Any]
ENDPOINT = re.compile(r"/(?:v[\d.]+/)?([a-z_]+)\.([a-z_0-9]+)$")
ENDS = {"completed": "completed", "failed": "failed", "stopped": "stopped", "close": "closed", "publish": "published"}
MERGED = ("script", "execution", "container", "runtime")


def now() -> str:
    """Return the time as ClearML writes it."""
    return datetime.now(UTC).isoformat(timespec="microseconds")


def token() -> str:
    """Return what a login is answered: a JSON web token that nobody verifies."""
    claims = {
        "exp": int(time.time()) + 86400,
        "api_version": "2.31",
        "server_version": "1.17.0",
        "feature_set": "basic",
    }
    parts = [json.dumps(part).encode() for part in ({"alg": "HS256", "typ": "JWT"}, claims, {})]
    return ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts)


class State:
    """What the server knows."""

    def __init__(self, queues: tuple[str, ...]) -> None:
        self.lock = threading.RLock()
        self.tasks: dict[str, Json] = {}
        self.projects: dict[str, Json] = {}
        self.queues = {name: {"id": uuid.uuid4().hex, "name": name, "tags": [], "entries": []} for name in queues}
        self.events: dict[str, list[Json]] = {}
        self.files: dict[str, bytes] = {}
        self.workers: set[str] = set()
        self.called: list[str] = []
        self.unknown: set[str] = set()

    def answer(self, service: str, action: str, body: Json) -> Json:
        """Return the data of an endpoint's answer; what is not known is answered with nothing, and noted."""
        with self.lock:
            self.called.append(f"{service}.{action}")
            if service == "tasks" and action in ENDS:
                return self.ended(body["task"], ENDS[action], body)
            method = getattr(self, f"{service}_{action}", None)
            if method is None:
                self.unknown.add(f"{service}.{action}")
                return {}
            return dict(method(body) or {})

    def log_of(self, task: str) -> str:
        """Return what a task has written, as the console in the browser shows it."""
        return "\n".join(event.get("msg", "") for event in self.events.get(task, []) if event.get("type") == "log")

    # --- logins and users
    def auth_login(self, body: Json) -> Json:
        return {"token": token()}

    def users_get_current_user(self, body: Json) -> Json:
        return {"user": {"id": "lab", "name": "lab", "company": {"id": "lab"}}, "getting_started": {}}

    def server_info(self, body: Json) -> Json:
        return {"version": "1.17.0", "uid": "lab"}

    # --- projects
    def projects_create(self, body: Json) -> Json:
        made = {"id": uuid.uuid4().hex, **body}
        self.projects[made["id"]] = made
        return {"id": made["id"]}

    def projects_get_all(self, body: Json) -> Json:
        found = [each for each in self.projects.values() if _matches(each, body)]
        return {"projects": found}

    projects_get_all_ex = projects_get_all

    def projects_get_by_id(self, body: Json) -> Json:
        return {"project": self.projects[body["project"]]}

    def projects_update(self, body: Json) -> Json:
        self.projects[body["project"]].update({key: value for key, value in body.items() if key != "project"})
        return {"updated": 1}

    # --- tasks
    def tasks_create(self, body: Json) -> Json:
        empty: Json = {key: {} for key in (*MERGED, "output", "hyperparams", "configuration")}
        task = {**empty, "tags": [], "system_tags": [], "models": {"input": [], "output": []}, "comment": "", **body}
        task |= {"id": uuid.uuid4().hex, "status": "created", "created": now(), "last_update": now()}
        task |= {"company": "lab", "user": "lab"}
        self.tasks[task["id"]] = task
        return {"id": task["id"]}

    def tasks_get_by_id(self, body: Json) -> Json:
        return {"task": self.tasks[body["task"]]}

    def tasks_get_all(self, body: Json) -> Json:
        found = [each for each in self.tasks.values() if _matches(each, body)]
        if any("-last_update" in order for order in body.get("order_by") or []):
            found.sort(key=lambda each: str(each["last_update"]), reverse=True)
        return {"tasks": found if not body.get("page") else []}

    tasks_get_all_ex = tasks_get_all

    def tasks_edit(self, body: Json) -> Json:
        task = self.tasks[body["task"]]
        for key, value in body.items():
            if key in MERGED and isinstance(value, dict):
                task[key] = {**task.get(key, {}), **value}
            elif key not in ("task", "force"):
                task[key] = value
        task["last_update"] = now()
        return {"updated": 1, "fields": {}}

    tasks_update = tasks_edit

    def tasks_edit_hyper_params(self, body: Json) -> Json:
        task = self.tasks[body["task"]]
        sections = {} if body.get("replace_hyperparams") == "all" else dict(task.get("hyperparams") or {})
        for item in body["hyperparams"]:
            sections.setdefault(item["section"], {})[item["name"]] = item
        task["hyperparams"] = sections
        return {"updated": 1}

    def tasks_edit_configuration(self, body: Json) -> Json:
        task = self.tasks[body["task"]]
        task["configuration"] = {**(task.get("configuration") or {}), **{c["name"]: c for c in body["configuration"]}}
        return {"updated": 1}

    def tasks_get_configurations(self, body: Json) -> Json:
        shown = []
        for name in body["tasks"]:
            kept = (self.tasks[name].get("configuration") or {}).values()
            shown.append(
                {"task": name, "configuration": [c for c in kept if c["name"] in (body.get("names") or [c["name"]])]}
            )
        return {"configurations": shown}

    def tasks_set_requirements(self, body: Json) -> Json:
        self.tasks[body["task"]].setdefault("script", {})["requirements"] = body["requirements"]
        return {"updated": 1}

    def tasks_add_or_update_artifacts(self, body: Json) -> Json:
        execution = self.tasks[body["task"]].setdefault("execution", {})
        kept = {each["key"]: each for each in execution.get("artifacts") or []}
        execution["artifacts"] = list((kept | {each["key"]: each for each in body["artifacts"]}).values())
        return {"updated": 1}

    def tasks_enqueue(self, body: Json) -> Json:
        queue = self._queue(body.get("queue"), body.get("queue_name"))
        queue["entries"].append({"task": body["task"], "added": now()})
        self.tasks[body["task"]]["status"] = "queued"
        return {"queued": 1, "updated": 1}

    def tasks_dequeue(self, body: Json) -> Json:
        for queue in self.queues.values():
            queue["entries"] = [each for each in queue["entries"] if each["task"] != body["task"]]
        self.tasks[body["task"]]["status"] = "created"
        return {"dequeued": 1, "updated": 1}

    def tasks_started(self, body: Json) -> Json:
        self.tasks[body["task"]].update(status="in_progress", started=now(), status_message="")
        return {"started": 1, "updated": 1}

    def tasks_stop(self, body: Json) -> Json:
        """Ask a worker to end a task; one that nobody has started is ended at once."""
        task = self.tasks[body["task"]]
        if task["status"] != "in_progress":
            return self.ended(body["task"], "stopped", body)
        task["status_message"] = "stopping"
        return {"updated": 1}

    def tasks_ping(self, body: Json) -> Json:
        return {}

    def ended(self, name: str, status: str, body: Json) -> Json:
        told = {key: body.get(key) or "" for key in ("status_message", "status_reason")}
        self.tasks[name].update(status=status, completed=now(), last_update=now(), **told)
        return {"updated": 1, "started": 1}

    # --- queues and workers
    def _queue(self, name: str | None, title: str | None = None) -> Json:
        found = [each for each in self.queues.values() if name in (each["id"], each["name"]) or each["name"] == title]
        if not found:
            raise KeyError(f"queue {title or name}")
        return found[0]

    def queues_get_all(self, body: Json) -> Json:
        return {"queues": [each for each in self.queues.values() if _matches(each, body)]}

    queues_get_all_ex = queues_get_all

    def queues_get_by_id(self, body: Json) -> Json:
        return {"queue": self._queue(body["queue"])}

    def queues_get_next_task(self, body: Json) -> Json:
        entries = self._queue(body["queue"])["entries"]
        return {"entry": entries.pop(0)} if entries else {}

    def workers_register(self, body: Json) -> Json:
        self.workers.add(body["worker"])
        return {}

    def workers_unregister(self, body: Json) -> Json:
        self.workers.discard(body["worker"])
        return {}

    def workers_status_report(self, body: Json) -> Json:
        return {}

    def workers_get_runtime_properties(self, body: Json) -> Json:
        return {"runtime_properties": []}

    def workers_get_all(self, body: Json) -> Json:
        return {"workers": [{"id": name} for name in self.workers]}

    # --- events
    def events_add_batch(self, body: Json) -> Json:
        for event in body if isinstance(body, list) else [body]:
            self.events.setdefault(event.get("task", ""), []).append(event)
        return {"added": 1, "errors": 0}

    def events_get_task_log(self, body: Json) -> Json:
        kept = [each for each in self.events.get(body["task"], []) if each.get("type") == "log"]
        return {"events": kept[-int(body.get("batch_size") or 100) :], "returned": len(kept), "total": len(kept)}


def _matches(item: Json, wanted: Json) -> bool:
    """Return whether an item is what a query asks for: by ids, a pattern of its name, its project and its tags."""
    ids = wanted.get("id")
    if ids and item["id"] not in ([ids] if isinstance(ids, str) else ids):
        return False
    if wanted.get("name") and not re.search(wanted["name"], str(item.get("name", ""))):
        return False
    projects = wanted.get("project")
    if projects and item.get("project") not in ([projects] if isinstance(projects, str) else projects):
        return False
    for key in ("tags", "system_tags"):
        asked = [tag for tag in wanted.get(key) or [] if not tag.startswith(("-", "__$"))]
        if not set(asked) <= set(item.get(key) or []):
            return False
    return all(item.get(key) in wanted[key] for key in ("status", "type") if isinstance(wanted.get(key), list))


class Handler(BaseHTTPRequestHandler):
    """Endpoints of the API, and files by their paths."""

    protocol_version = "HTTP/1.1"
    state: State

    def log_message(self, *words: object) -> None:
        """Say nothing."""

    def _send(self, code: int, content: bytes, kind: str = "application/json") -> None:
        self.send_response(code)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def _body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def do_GET(self) -> None:
        content = self._body()
        path = unquote(self.path.partition("?")[0])
        called = ENDPOINT.match(path)
        if called and path not in self.state.files:
            self._call(*called.groups(), content)
        elif path in self.state.files:
            self._send(200, self.state.files[path], "application/octet-stream")
        else:
            self._send(404, b"{}")

    def do_POST(self) -> None:
        if self.headers.get("Content-Type", "").startswith("multipart/"):
            self._keep(self._body())
        else:
            self.do_GET()

    do_HEAD = do_GET
    do_PUT = do_POST

    def _call(self, service: str, action: str, content: bytes) -> None:
        text = content.decode() or "{}"
        try:
            lines = [json.loads(line) for line in text.splitlines()] if action == "add_batch" else json.loads(text)
            data = self.state.answer(service, action, lines)
            code = 200
        except KeyError as error:
            data, code = {}, 400
            text = f"no such thing: {error}"
        meta = {"id": uuid.uuid4().hex, "result_code": code, "result_subcode": 0, "error_stack": None}
        meta |= {"result_msg": "OK" if code == 200 else text, "endpoint": {"name": f"{service}.{action}"}}
        self._send(code, json.dumps({"meta": meta, "data": data}).encode())

    def _keep(self, content: bytes) -> None:
        header = f"Content-Type: {self.headers['Content-Type']}\r\n\r\n".encode()
        for part in email.message_from_bytes(header + content, policy=email.policy.HTTP).iter_parts():  # type: ignore[attr-defined]
            name = str(part.get_param("name", header="content-disposition"))
            self.state.files["/" + name.lstrip("/")] = part.get_payload(decode=True)
        self._send(200, b"[]")


@contextmanager
def clearml_api(*queues: str) -> Iterator[tuple[str, State]]:
    """Serve the API and give (address, what the server knows)."""
    state = State(queues)
    handler = type("Bound", (Handler,), {"state": state})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", state
        server.shutdown()


def variables(address: str) -> dict[str, str]:
    """Return what the programs of ClearML read instead of a file with settings."""
    hosts = {f"CLEARML_{name}_HOST": address for name in ("API", "WEB", "FILES")}
    return {
        **hosts,
        "CLEARML_API_ACCESS_KEY": "lab",
        "CLEARML_API_SECRET_KEY": "lab",
        "CLEARML_API_DEFAULT_REQ_METHOD": "POST",
    }
