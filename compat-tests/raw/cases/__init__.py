"""The cases, one module per section of the protocol. Importing this package registers them all."""

from raw.cases import (  # noqa: F401
    api_versions, configs, elections, fetch, framing, groups, idempotence, list_offsets, matrix, metadata, offsets, produce,
    records, sessions, topics)
