"""What is exported by itself at the end of a run. Nothing that goes wrong here is the run's trouble."""

import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from nb2prod.runtime.export.prometheus import write_textfile
from nb2prod.runtime.telling.reading import read_record

__all__ = ["export_at_end"]

_ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
_SECONDS = 5.0  # for a collector that does not answer


def export_at_end(folder: Path, tell: Callable[[str], None], environment: Mapping[str, str] = os.environ) -> None:
    """The textfile beside the records; spans and metrics when a collector is named."""
    record = read_record(folder)
    if record is None:
        return
    with suppress(OSError):  # a full disk, for one, which the record has told of
        write_textfile(record)
    if not any(environment.get(name) for name in _ENDPOINTS) or environment.get("OTEL_SDK_DISABLED") == "true":
        return
    try:
        from nb2prod.runtime.export.otel import export

        export(record, timeout=float(environment.get("OTEL_EXPORTER_OTLP_TIMEOUT") or _SECONDS))
    except ImportError:
        tell("OTEL_EXPORTER_OTLP_ENDPOINT is set, and OpenTelemetry is not there: pip install 'nb2prod[otel]'")
    except Exception as error:  # a network of any kind
        tell(f"the run was not exported by OpenTelemetry: {type(error).__name__}: {error}")
