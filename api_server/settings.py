"""All settings of the server, from the environment."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from api_server.recording import Recording
from text_recognizer.image import Limits
from text_recognizer.inference.page_settings import PageSettings
from text_recognizer.inference.worker_pool import usable_cores

Words = Annotated[tuple[str, ...], NoDecode]
Keys = Annotated[tuple[SecretStr, ...], NoDecode]


class Settings(BaseSettings):
    """What an operator may set, as ``LAB_PORT=9000``; lists are separated by commas.

    Attributes:
        host, port: where the server listens.
        model: name or folder of the model.
        workers: processes that read, each on one thread; 0 for one per core.
        queue: pictures that may wait for a worker; more are answered 429.
        timeout: seconds from a picture's acceptance to its answer; later ones are answered 504.
        max_body: bytes of a request with one picture.
        max_batch_body: bytes of a request with many.
        max_held: bytes of all requests together.
        max_pixels: of a page.
        max_pages: of a file.
        max_files: of a batch.
        max_batches: at the same time.
        body_timeout: seconds that a body may take to arrive; later ones are answered 408.
        header_timeout: seconds that headers may take; later ones are cut off.
        max_connections: at the same time; more are closed.
        api_keys: any of which a caller must give as ``Authorization: Bearer KEY``; none leaves the server open.
        fetch_hosts: hosts from which pictures are fetched when a caller gives an address; none fetches nothing.
        fetch_timeout: seconds for that.
        monitor: store for numbers about readings and for corrections, a file or s3://; none keeps nothing.
        monitor_text: keep what was read there too.
        monitor_pictures: keep the pictures that come with corrections too.
        drain_delay: seconds in which the server still accepts after SIGTERM while ``/readyz`` says that it ends.
        log_level: debug, info, warning or error.
    """

    model_config = SettingsConfigDict(env_prefix="LAB_", env_ignore_empty=True)

    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65_535)
    model: str | None = None
    workers: int = Field(default=0, ge=0, le=256)
    queue: int = Field(default=8, ge=0, le=10_000)
    timeout: float = Field(default=30.0, gt=0, le=3_600)
    max_body: int = Field(default=32_000_000, ge=1_000)
    max_batch_body: int = Field(default=128_000_000, ge=1_000)
    max_held: int = Field(default=512_000_000, ge=1_000)
    max_pixels: int = Field(default=40_000_000, ge=1)
    max_pages: int = Field(default=20, ge=1)
    max_files: int = Field(default=100, ge=1)
    max_batches: int = Field(default=2, ge=1)
    body_timeout: float = Field(default=30.0, gt=0)
    header_timeout: float = Field(default=10.0, gt=0)
    max_connections: int = Field(default=1_000, ge=1)
    api_keys: Keys = ()
    fetch_hosts: Words = ()
    fetch_timeout: float = Field(default=10.0, gt=0)
    monitor: str | None = None
    monitor_text: bool = False
    monitor_pictures: bool = False
    drain_delay: float = Field(default=1.0, ge=0)
    log_level: str = Field(default="info", pattern="^(debug|info|warning|error)$")

    @field_validator("api_keys", "fetch_hosts", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return tuple(word.strip() for word in value.split(",") if word.strip()) if isinstance(value, str) else value

    @property
    def limits(self) -> Limits:
        """What a picture may cost."""
        return Limits(max_bytes=self.max_body, max_pixels=self.max_pixels, max_frames=self.max_pages)

    @property
    def page_settings(self) -> PageSettings:
        """How pages are read."""
        return PageSettings(model=self.model, threads=1)

    @property
    def recording(self) -> Recording:
        """What is kept of readings."""
        return Recording(self.monitor, self.monitor_text, self.monitor_pictures)

    @property
    def processes(self) -> int:
        """How many processes read."""
        return self.workers or usable_cores()
