-- From version 1: what TLS and forward proxies add. The views are made anew after the last step.
ALTER TABLE upstream_connection ADD COLUMN place TEXT NOT NULL DEFAULT '';

CREATE TABLE tls_handshake (
  session      INTEGER NOT NULL,
  upstream     INTEGER NOT NULL,
  layer        INTEGER NOT NULL,
  at           INTEGER NOT NULL,
  duration     INTEGER NOT NULL,
  version      TEXT NOT NULL,
  cipher       TEXT NOT NULL,
  server_name  TEXT NOT NULL,
  alpn         TEXT NOT NULL,
  resumed      INTEGER NOT NULL,
  verified     TEXT NOT NULL,
  peer_subject TEXT NOT NULL,
  own_chain    INTEGER NOT NULL,
  peer_chain   INTEGER NOT NULL,
  error        TEXT NOT NULL,
  PRIMARY KEY (session, upstream, layer)
) WITHOUT ROWID;

CREATE TABLE certificate_chain (
  id   INTEGER PRIMARY KEY,
  hash INTEGER NOT NULL,
  pem  TEXT NOT NULL
);
CREATE INDEX certificate_chain_by_hash ON certificate_chain (hash);
