//! Pebble's HTTP API over a unix socket.
