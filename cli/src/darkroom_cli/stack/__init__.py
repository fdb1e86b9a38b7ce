"""The local stack: real Kafka, PostgreSQL, Redis and Caddy, the services and the sandbox, watched by one small supervisor."""
